#pragma once

#include "payment/payments.h"
#include "payment/vault.h"
#include "rpc/server.h"
#include "telemetry/metrics.h"

namespace bookstore::payment {

// The gRPC face: bookstore.payment.v1.Payment. Tokenise carries the order's clock in the call's
// metadata, the others carry each order's clock in the message. All must outlive the server's last
// call. Before server.start().
void add_service(rpc::Server& server, Vault& vault, Payments& payments,
                 telemetry::Registry& metrics);

}  // namespace bookstore::payment
