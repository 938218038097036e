// payment: the vault, and a participant of the order's two-phase commit that authorises, captures
// and voids at the provider.
#include "crypto/platform_key.h"
#include "payment/payments.h"
#include "payment/sandbox.h"
#include "payment/service.h"
#include "payment/vault.h"
#include "postgres/health_probe.h"
#include "process/process.h"
#include "rpc/server.h"
#include "telemetry/log.h"

namespace {

using namespace bookstore;

constexpr base::DurationMs kStartMs = 10'000;

int run(int argc, char** argv) {
  process::Process process({.name = "payment",
                            .purpose = "Keeps cards and takes payments for the bookstore.",
                            .listen = "127.0.0.1:7105"},
                           argc, argv);
  using process::Process;
  std::string database;
  std::string sandbox_database;
  std::string key_file;
  int64_t threads = 8;           // more than a silent provider's callers can hold
  int64_t provider_threads = 8;  // a list of 32 orders in four round trips
  process.option("database", &database, "PostgreSQL URL", Process::Required::kYes);
  process.option("sandbox-database", &sandbox_database,
                 "PostgreSQL URL of the sandbox provider (default: --database)");
  process.option("key-file", &key_file, "The platform's key; made if there is none",
                 Process::Required::kYes);
  process.option("threads", &threads, "Calls served at once, each with a connection", 1, 64);
  process.option("provider-threads", &provider_threads, "Provider calls at once", 1, 64);
  if (const auto exit_code = process.parse()) return *exit_code;
  const auto platform_key = crypto::load_platform_key(key_file, crypto::IfMissing::kMake);
  if (!platform_key.ok()) return process.fail(platform_key.status());

  // One connection a serving thread, one each for the probe, late answers and the vault's sweeper.
  postgres::Pool pool({database, static_cast<size_t>(threads) + 3}, process.clock());
  // The sandbox stands for another company: its own connections and transactions.
  postgres::Pool sandbox_pool(
      {sandbox_database.empty() ? database : sandbox_database,
       payment::ProviderCalls::at_once(static_cast<size_t>(provider_threads))},
      process.clock());
  postgres::HealthProbe probe(pool);
  payment::SandboxProvider provider(sandbox_pool, process.random());
  payment::Vault vault(pool, provider, process.random(), *platform_key, "payment");
  const auto start_by = base::Deadline::after(process.clock(), kStartMs);
  if (const auto status = vault.check_key(start_by); !status.ok()) return process.fail(status);
  payment::VaultSweeper sweeper(pool, {});
  payment::Payments payments(pool, provider,
                             {.provider_threads = static_cast<size_t>(provider_threads),
                              .payment_ended = [&sweeper] { sweeper.payment_ended(); }});
  rpc::Server server({.listen = process.listen(), .threads = static_cast<size_t>(threads)},
                     process.clock());
  payment::add_service(server, vault, payments, process.metrics());
  payment::add_metrics(process.metrics(), payments, sweeper);
  server.export_metrics(process.metrics());

  process.readiness().ask("postgresql", [&probe] { return probe.reason(); });
  const auto port = server.start();
  if (!port.ok()) return process.fail(port.status());
  telemetry::log(telemetry::Level::kInfo, "listening", {{"port", std::to_string(*port)}});
  if (const auto status = process.start(); !status.ok()) return process.fail(status);
  process.set_ready(true);
  return process.run_until_stopped([&](base::Deadline deadline) { server.shutdown(deadline); });
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv);
}
