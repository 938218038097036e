#pragma once

#include "inventory/store.h"
#include "rpc/server.h"
#include "telemetry/metrics.h"

namespace bookstore::inventory {

// The gRPC face of the store: bookstore.inventory.v1.Inventory. The orders of a call carry their
// clocks in the message. All must outlive the server's last call. Before server.start().
void add_service(rpc::Server& server, Store& store, telemetry::Registry& metrics);

}  // namespace bookstore::inventory
