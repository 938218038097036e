#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/random.h"
#include "process/readiness.h"
#include "telemetry/metrics.h"

namespace bookstore::process {

// What every main shares: options, log, signals, the metrics port, the drain. A main reads
//
//   Process process({.name = "fraud_detection", .purpose = "Scores orders.",
//                    .listen = "127.0.0.1:7102"}, argc, argv);
//   std::string database;
//   process.option("database", &database, "PostgreSQL URL");
//   if (const auto exit_code = process.parse()) return *exit_code;
//   … wire objects …
//   if (const auto status = process.start(); !status.ok()) return process.fail(status);
//   const auto port = server.start();
//   if (!port.ok()) return process.fail(port.status());
//   process.set_ready(true);
//   return process.run_until_stopped([&](base::Deadline deadline) { server.shutdown(deadline); });
//
// Every option is a flag `--name`, a key of the file named by `--config` (TOML or INI) and an
// environment variable BOOKSTORE_NAME, in that order of precedence; `listen` and `metrics-listen`
// have no variable. All are judged in parse(), before any thread starts.
// Owned by main; its thread only, but for set_ready, readiness and what metrics() gives.
class Process {
 public:
  struct Config {
    std::string name;     // snake_case, the binary's name
    std::string purpose;  // one sentence for --help
    std::string listen;   // default of --listen
    // /metrics, /healthz and /readyz on --metrics-listen (default: the host of --listen and its
    // port + 1000; any port when --listen has port 0). False for a process that serves them itself.
    bool metrics_listener = true;
  };
  // Blocks SIGTERM and SIGINT for this thread and all that it starts; ignores SIGPIPE; takes all
  // open files that it may have.
  Process(Config config, int argc, const char* const* argv);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Before parse(). The value before parse() is the default; `Required::kYes` refuses to go on
  // without one.
  enum class Required { kNo, kYes };
  void option(const std::string& name, std::string* value, const std::string& help,
              Required required = Required::kNo);
  void option(const std::string& name, int64_t* value, const std::string& help, int64_t min,
              int64_t max);
  void flag(const std::string& name, bool* value, const std::string& help);
  // HOST:PORT.
  void address(const std::string& name, std::string* value, const std::string& help,
               Required required = Required::kNo);
  // HOST:PORT[,HOST:PORT…].
  void addresses(const std::string& name, std::vector<std::string>* value, const std::string& help,
                 Required required = Required::kNo);
  // "250ms", "2s", "1m"; a bare number is milliseconds.
  void duration(const std::string& name, base::DurationMs* value_ms, const std::string& help,
                base::DurationMs min_ms, base::DurationMs max_ms);
  // One of the choices.
  void choice(const std::string& name, std::string* value, const std::string& help,
              const std::vector<std::string>& choices);

  // The exit code when the process must end here: 0 after --help or --version, 2 after one sentence
  // on stderr about a wrong option. Starts the log otherwise.
  std::optional<int> parse();

  const std::string& listen() const;  // --listen, after parse()
  base::Clock& clock();
  base::Random& random();
  telemetry::Registry& metrics();
  Readiness& readiness();
  void set_ready(bool ready, std::string reason = "");  // readiness() of "process"

  // Starts the metrics listener. AlreadyExists when its port is taken.
  absl::Status start();
  // Says why on stderr in one sentence and gives the exit code 1.
  int fail(const absl::Status& status);
  // From any thread: the process ends as by SIGTERM, with exit code 1 and `reason` in the log.
  void stop(std::string reason);
  // Waits for SIGTERM, SIGINT or stop(); then not ready, drain(10 s from now), and the exit code.
  // A second signal while draining kills the process.
  int run_until_stopped(std::function<void(base::Deadline)> drain);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace bookstore::process
