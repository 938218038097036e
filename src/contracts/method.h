#pragma once

namespace bookstore::contracts {

// The typed name of one unary method: what a caller and a server agree on at compile time.
// `service` is the full protobuf name. The names are checked against the descriptors by
// methods_test.cc, and again by rpc::Server when a handler is registered.
template <class RequestT, class ReplyT>
struct Method {
  using Request = RequestT;
  using Reply = ReplyT;
  const char* service;
  const char* name;
};

}  // namespace bookstore::contracts
