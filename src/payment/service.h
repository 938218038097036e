#pragma once

#include "payment/payments.h"
#include "payment/vault.h"
#include "payment/vault_sweeper.h"
#include "rpc/server.h"
#include "telemetry/metrics.h"

namespace bookstore::payment {

// The gRPC face: bookstore.payment.v1.Payment. Tokenise carries the order's clock in the call's
// metadata, the others carry each order's clock in the message. All must outlive the server's last
// call. Before server.start().
void add_service(rpc::Server& server, Vault& vault, Payments& payments,
                 telemetry::Registry& metrics);

// What goes on behind the calls: the provider's answers, and cards taken out of the vault. Both
// must outlive the last render().
void add_metrics(telemetry::Registry& metrics, const Payments& payments,
                 const VaultSweeper& sweeper);

}  // namespace bookstore::payment
