#include "orchestrator/options.h"

#include "causality/vector_clock.h"

namespace bookstore::orchestrator {
namespace {

constexpr base::DurationMs kLeaseBeyondRequestMs = 3'000;

}  // namespace

void Options::declare(process::Process& process) {
  using process::Process;
  constexpr auto kYes = Process::Required::kYes;
  process.option("database", &database, "PostgreSQL URL", kYes);
  process.option("key-file", &key_file, "The platform's key", kYes);
  process.option("admin-token-file", &admin_token_file,
                 "The operators' token (64 hex digits, mode 0600); without it no /admin");
  process.addresses("verification", &verification, "transaction_verification", kYes);
  process.addresses("fraud", &fraud, "fraud_detection", kYes);
  process.addresses("suggestions", &suggestions, "suggestions", kYes);
  process.addresses("payment", &payment, "payment", kYes);
  process.addresses("executor", &executor, "Members of the executor cluster", kYes);

  process.option("clock-host", &runner.host, "Name in vector clocks, where there are several");
  process.option("strands", &strands, "Threads that run checkouts", 1, 64);
  process.option("database-threads", &database_threads,
                 "Threads that wait for the database, each with a connection", 1, 64);
  process.option("queue", &queue, "Tasks that may wait for a thread before 503", 16, 100'000);
  process.option("checkouts", &checkouts, "Checkouts under way at once before 503", 1, 100'000);
  process.option("connections", &connections, "HTTP connections at once before 503", 1, 100'000);

  process.duration("request-time", &runner.request_ms, "A whole checkout", 500, 30'000);
  process.duration("verification-time", &runner.verification_ms, "One of its calls", 10, 10'000);
  process.duration("fraud-time", &runner.fraud_ms, "One of its calls", 10, 10'000);
  process.duration("tokenise-time", &runner.tokenise_ms, "One of its calls", 10, 10'000);
  process.duration("suggestions-time", &runner.suggestions_ms, "One of its calls", 10, 10'000);
  process.option("fraud-floor", &runner.fraud_floor_minor,
                 "With fraud down, amounts (minor units) up to it are accepted, others reviewed", 0,
                 int64_t{1} << 40);
}

absl::Status Options::settle() {
  if (!causality::valid_host(runner.host)) {
    return absl::InvalidArgumentError(
        "--clock-host is 1 to 23 characters of a-z, 0-9, '.', '_', '#' and '-'");
  }
  runner.active_max = static_cast<size_t>(checkouts);
  runner.checks_ms = runner.request_ms * 65 / 100;
  runner.lease_ms = runner.request_ms + kLeaseBeyondRequestMs;
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const AdminToken>> Options::load_admin_token() const {
  if (admin_token_file.empty()) return nullptr;
  return AdminToken::load(admin_token_file);
}

std::vector<Dependencies::Service> Options::dependencies() const {
  return {{"verification", verification, true},
          {"payment", payment, true},
          {"executor", executor, true},
          {"fraud", fraud, false},
          {"suggestions", suggestions, false}};
}

}  // namespace bookstore::orchestrator
