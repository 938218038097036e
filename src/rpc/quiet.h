#pragma once

namespace bookstore::rpc {

// gRPC prints its own view of every refused connection and port. Those are statuses here, said
// once by whoever handles them; GRPC_VERBOSITY in the environment brings gRPC's lines back.
void silence_grpc_log();

}  // namespace bookstore::rpc
