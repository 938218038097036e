#include "process/process.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <mutex>

#include "base/status.h"
#include "http/address.h"
#include "http/router.h"
#include "http/server.h"
#include "process/health_routes.h"
#include "process/options.h"
#include "telemetry/log.h"

namespace bookstore::process {
namespace {

constexpr base::DurationMs kDrainMs = 10'000;
constexpr int kMetricsPortOffset = 1'000;
constexpr int kExitFailed = 1;

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

// Distributions allow 1,024 open files unless asked; a door with as many connections would have
// none left for the database and the services behind it.
void allow_open_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

// Of the same host as `listen`, so that a private address stays private.
std::string default_metrics_listen(const std::string& listen) {
  const auto address = http::parse_address(listen);
  if (!address) return "127.0.0.1:0";
  const int port = address->port == 0 ? 0 : (address->port + kMetricsPortOffset) % 65'536;
  const bool ipv6 = address->host.find(':') != std::string::npos;
  return (ipv6 ? "[" + address->host + "]" : address->host) + ":" + std::to_string(port);
}

}  // namespace

class Process::Impl {
 public:
  Impl(Config config_in, int argc_in, const char* const* argv_in)
      : config(std::move(config_in)),
        argc(argc_in),
        argv(argv_in),
        options(config.name, config.purpose),
        listen(config.listen) {}

  const Config config;
  const int argc;
  const char* const* const argv;
  Options options;
  std::string listen;
  std::string metrics_listen;
  std::string log_level = "info";

  base::SystemClock clock;
  base::SystemRandom random;
  telemetry::Registry metrics;
  Readiness readiness;
  http::Router router;
  std::unique_ptr<http::Server> server;

  std::mutex mutex;  // guards stop_reason
  std::string stop_reason;
};

Process::Process(Config config, int argc, const char* const* argv)
    : impl_(std::make_unique<Impl>(std::move(config), argc, argv)) {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  allow_open_files();
  impl_->readiness.set("process", "starting");
  Options& options = impl_->options;
  options.address("listen", &impl_->listen, "Address to serve on (port 0: any)",
                  /*required=*/false, /*from_environment=*/false);
  if (impl_->config.metrics_listener) {
    options.address("metrics-listen", &impl_->metrics_listen,
                    "Address of /metrics, /healthz and /readyz (default: port of --listen + 1000)",
                    /*required=*/false, /*from_environment=*/false);
  }
  options.choice("log-level", &impl_->log_level, "What is worth a line on stderr",
                 {"debug", "info", "warning", "error"});
}

Process::~Process() = default;

void Process::option(const std::string& name, std::string* value, const std::string& help,
                     Required required) {
  impl_->options.text(name, value, help, required == Required::kYes);
}
void Process::option(const std::string& name, int64_t* value, const std::string& help, int64_t min,
                     int64_t max) {
  impl_->options.integer(name, value, help, min, max);
}
void Process::flag(const std::string& name, bool* value, const std::string& help) {
  impl_->options.flag(name, value, help);
}
void Process::address(const std::string& name, std::string* value, const std::string& help,
                      Required required) {
  impl_->options.address(name, value, help, required == Required::kYes);
}
void Process::addresses(const std::string& name, std::vector<std::string>* value,
                        const std::string& help, Required required) {
  impl_->options.addresses(name, value, help, required == Required::kYes);
}
void Process::duration(const std::string& name, base::DurationMs* value_ms, const std::string& help,
                       base::DurationMs min_ms, base::DurationMs max_ms) {
  impl_->options.duration(name, value_ms, help, min_ms, max_ms);
}
void Process::choice(const std::string& name, std::string* value, const std::string& help,
                     const std::vector<std::string>& choices) {
  impl_->options.choice(name, value, help, choices);
}

std::optional<int> Process::parse() {
  if (const auto exit_code = impl_->options.parse(impl_->argc, impl_->argv)) return exit_code;
  telemetry::init_log(impl_->config.name, *telemetry::parse_level(impl_->log_level));
  return std::nullopt;
}

const std::string& Process::listen() const {
  return impl_->listen;
}
base::Clock& Process::clock() {
  return impl_->clock;
}
base::Random& Process::random() {
  return impl_->random;
}
telemetry::Registry& Process::metrics() {
  return impl_->metrics;
}
Readiness& Process::readiness() {
  return impl_->readiness;
}

void Process::set_ready(bool ready, std::string reason) {
  impl_->readiness.set("process", ready ? "" : reason.empty() ? "not ready" : std::move(reason));
}

absl::Status Process::start() {
  if (!impl_->config.metrics_listener) return absl::OkStatus();
  if (impl_->metrics_listen.empty()) impl_->metrics_listen = default_metrics_listen(impl_->listen);
  add_health_routes(impl_->router, impl_->readiness, impl_->metrics);
  impl_->server = std::make_unique<http::Server>(
      http::Server::Config{.listen = impl_->metrics_listen, .connections_max = 64}, impl_->router,
      impl_->clock, impl_->random);
  const auto port = impl_->server->start();
  if (!port.ok()) return port.status();
  telemetry::log(telemetry::Level::kInfo, "metrics_listening", {{"port", std::to_string(*port)}});
  return absl::OkStatus();
}

int Process::fail(const absl::Status& status) {
  std::fprintf(stderr, "%s: %s\n", impl_->config.name.c_str(), base::str(status.message()).c_str());
  return kExitFailed;
}

void Process::stop(std::string reason) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stop_reason.empty()) impl_->stop_reason = std::move(reason);
  }
  kill(getpid(), SIGTERM);
}

int Process::run_until_stopped(std::function<void(base::Deadline)> drain) {
  const sigset_t signals = stop_signals();
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  // From here a second signal has its default effect: an operator who insists is obeyed.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  std::string reason;
  {
    const std::lock_guard lock(impl_->mutex);
    reason = impl_->stop_reason;
  }
  telemetry::log(reason.empty() ? telemetry::Level::kInfo : telemetry::Level::kError, "stopping",
                 {{"reason", reason.empty() ? strsignal(signal_number) : reason}});
  set_ready(false, "stopping");
  const base::Deadline deadline = base::Deadline::after(impl_->clock, kDrainMs);
  drain(deadline);
  if (impl_->server) impl_->server->shutdown(deadline);
  telemetry::log(telemetry::Level::kInfo, "stopped");
  return reason.empty() ? 0 : kExitFailed;
}

}  // namespace bookstore::process
