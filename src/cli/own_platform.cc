#include "cli/own_platform.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cli/child.h"
#include "cli/layout.h"
#include "cli/ports.h"
#include "cli/services.h"
#include "cli/status_file.h"
#include "http/client.h"
#include "postgres/connection.h"

namespace bookstore::cli {
namespace {

constexpr char kSupervisor[] = "supervisor";
constexpr base::DurationMs kProbeMs = 1'000;
constexpr base::DurationMs kGoneMs = 10'000;
// What starts tells nobody when it is ready, so it is asked this often.
constexpr base::DurationMs kAskEveryMs = 20;

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const size_t start = text.rfind('\n');
  return start == std::string::npos ? text : text.substr(start + 1);
}

bool answers_ready(uint16_t port, const base::Clock& clock) {
  http::Client client("127.0.0.1", port, clock);
  const auto answer =
      client.request("GET", "/readyz", {}, "", base::Deadline::after(clock, kProbeMs));
  return answer.ok() && answer->status == 200;
}

bool takes_connections(const std::string& database, const base::Clock& clock) {
  return postgres::Connection::open(database, clock, base::Deadline::after(clock, kProbeMs)).ok();
}

}  // namespace

absl::StatusOr<std::unique_ptr<OwnPlatform>> OwnPlatform::make(Config config,
                                                               const base::Clock& clock,
                                                               base::Random& random) {
  std::string folder = "/tmp/bookstore-own-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return absl::UnavailableError("cannot make " + folder);
  // The database's user must get through.
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
  BOOKSTORE_ASSIGN_OR_RETURN(const uint16_t port, choose_free_row(config.orchestrators, random));
  return std::unique_ptr<OwnPlatform>(new OwnPlatform(std::move(config), folder, port, clock));
}

OwnPlatform::OwnPlatform(Config config, const std::filesystem::path& folder, uint16_t http_port,
                         const base::Clock& clock)
    : config_(std::move(config)), state_(folder), http_port_(http_port), clock_(clock) {}

OwnPlatform::~OwnPlatform() {
  if (running_supervisor(state_).has_value()) down().IgnoreError();
}

absl::Status OwnPlatform::run(std::vector<std::string> arguments) const {
  ChildSpec spec{.argv = {(binary_folder() / "bookstore").string()}};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.argv.insert(spec.argv.end(), {"--state", state_.path().string()});
  BOOKSTORE_ASSIGN_OR_RETURN(const Finished finished, run_to_end(spec));
  if (finished.ok()) return absl::OkStatus();
  return absl::UnavailableError(arguments[0] + ": " + last_line(finished.output));
}

absl::Status OwnPlatform::up() {
  std::vector<std::string> arguments = {"up",
                                        "--detach",
                                        "--http",
                                        std::to_string(http_port_),
                                        "--orchestrators",
                                        std::to_string(config_.orchestrators),
                                        "--model",
                                        config_.model.string()};
  if (config_.own_model) arguments.push_back("--own-model");
  return run(std::move(arguments));
}

absl::Status OwnPlatform::down() {
  return run({"down"});
}

void OwnPlatform::remove() {
  std::error_code ignored;
  std::filesystem::remove_all(state_.path(), ignored);
}

std::vector<std::string> OwnPlatform::processes() const {
  std::vector<std::string> names;
  for (const auto& group : service_groups(config_.orchestrators))
    for (const ServiceName& service : group) names.push_back(service.name);
  names.insert(names.end(), {"postgres", kSupervisor});
  return names;
}

pid_t OwnPlatform::pid_of(const std::string& process) const {
  if (process == kSupervisor) return running_supervisor(state_).value_or(-1);
  const auto status = read_status_file(state_.status());
  if (!status.ok()) return -1;
  for (const ServiceView& view : status->services)
    if (view.name == process) return view.pid;
  return -1;
}

absl::Status OwnPlatform::kill_now(const std::string& process) {
  const pid_t pid = pid_of(process);
  const Fd handle(pid > 0 ? static_cast<int>(syscall(SYS_pidfd_open, pid, 0)) : -1);
  if (!handle.open() || kill(pid, SIGKILL) != 0)
    return absl::FailedPreconditionError(process + " does not run");
  killed_[process] = pid;
  pollfd event{handle.get(), POLLIN, 0};
  if (poll(&event, 1, kGoneMs) == 1) return absl::OkStatus();
  return absl::DeadlineExceededError(process + " does not end");
}

bool OwnPlatform::ready(const std::string& process) const {
  const pid_t pid = pid_of(process);
  const auto killed = killed_.find(process);
  if (pid <= 0 || (killed != killed_.end() && killed->second == pid)) return false;
  const auto now = endpoints();
  if (!now.ok()) return false;
  if (process == "postgres") return takes_connections(now->database, clock_);
  for (const auto& group : service_groups(config_.orchestrators))
    for (const ServiceName& service : group)
      if (service.name == process) return answers_ready(readiness_port(service, *now), clock_);
  return false;
}

absl::Status OwnPlatform::wait_until(const std::string& what, const std::function<bool()>& done,
                                     base::Deadline deadline) const {
  while (!done()) {
    if (deadline.passed(clock_)) return absl::DeadlineExceededError(what + " in time");
    std::this_thread::sleep_for(std::chrono::milliseconds(kAskEveryMs));
  }
  return absl::OkStatus();
}

absl::Status OwnPlatform::wait_ready(const std::string& process, base::Deadline deadline) {
  if (process == kSupervisor) return up();
  return wait_until(
      process + " was not ready", [&] { return ready(process); }, deadline);
}

absl::Status OwnPlatform::wait_doors(base::Deadline deadline) {
  return wait_until(
      "not every orchestrator was ready",
      [&] {
        for (int i = 0; i < config_.orchestrators; ++i)
          if (!answers_ready(static_cast<uint16_t>(http_port_ + i), clock_)) return false;
        return true;
      },
      deadline);
}

}  // namespace bookstore::cli
