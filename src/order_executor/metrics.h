#pragma once

#include "order_executor/node.h"
#include "order_executor/projector.h"
#include "order_executor/rpc_participants.h"
#include "telemetry/metrics.h"

namespace bookstore::order_executor {

// Everything this process counts, read at each render. All outlive the registry's last render.
void add_metrics(telemetry::Registry& registry, const Node& node, const Projector& projector,
                 const RpcParticipants& participants);

}  // namespace bookstore::order_executor
