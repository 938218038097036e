#pragma once

#include <optional>

#include "base/clock.h"
#include "contracts/methods.h"
#include "order_executor/node.h"
#include "rpc/server.h"

namespace bookstore::order_executor {

// The gRPC face of the node: bookstore.order_executor.v1.OrderExecutor. `node` outlives the
// server's last call. Before server.start().
void add_service(rpc::Server& server, Node& node, const base::Clock& clock);

// Its part for operators; add_service() adds it.
void add_admin(rpc::Server& server, Node& node);

// A request as an entry; InvalidArgument for one that no order can have (never names a value).
// `carried` is the clock of the call, with the caller's send event.
absl::StatusOr<Submit> read_submit(const contracts::executor::SubmitRequest& request,
                                   const causality::VectorClock& carried);

}  // namespace bookstore::order_executor
