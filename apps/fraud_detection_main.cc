// The process that scores the risk of orders.
#include <string>

#include "causality/ledger.h"
#include "causality/vector_clock.h"
#include "fraud_detection/service.h"
#include "process/process.h"
#include "rpc/server.h"
#include "telemetry/log.h"

int main(int argc, char** argv) {
  using namespace bookstore;
  process::Process process({.name = "fraud_detection",
                            .purpose = "Scores the risk of orders.",
                            .listen = "127.0.0.1:7102"},
                           argc, argv);
  std::string clock_host = "fraud";
  int64_t orders_max = 100'000;
  int64_t velocity_keys_max = 50'000;
  process.option("clock-host", &clock_host, "Name in vector clocks, where there are several");
  process.option("orders-max", &orders_max, "Orders kept between Init and their score", 1,
                 10'000'000);
  process.option("velocity-keys-max", &velocity_keys_max,
                 "Cards, e-mails and addresses counted, of each kind", 100, 10'000'000);
  if (const auto exit_code = process.parse()) return *exit_code;
  if (!causality::valid_host(clock_host)) {
    return process.fail(absl::InvalidArgumentError(
        "--clock-host is 1 to 23 characters of a-z, 0-9, '.', '_', '#' and '-'"));
  }

  const auto capacity = static_cast<size_t>(orders_max);
  causality::Ledger ledger({.host = clock_host, .orders_max = capacity}, process.clock());
  // The seed makes the hashes of e-mails and addresses useless outside of this process.
  fraud_detection::Service service({.orders_max = capacity,
                                    .velocity = {.keys_max = static_cast<size_t>(velocity_keys_max),
                                                 .hash_seed = process.random().next()}},
                                   process.clock(), process.metrics());
  rpc::Server server({.listen = process.listen()}, process.clock(), &ledger);
  service.register_on(server);
  server.export_metrics(process.metrics());

  if (const auto status = process.start(); !status.ok()) return process.fail(status);
  const auto port = server.start();
  if (!port.ok()) return process.fail(port.status());
  telemetry::log(telemetry::Level::kInfo, "listening",
                 {{"address", process.listen()}, {"port", std::to_string(*port)}});
  process.set_ready(true);
  return process.run_until_stopped([&](base::Deadline deadline) { server.shutdown(deadline); });
}
