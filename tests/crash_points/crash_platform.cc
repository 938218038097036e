#include "crash_platform.h"

#include <stdlib.h>

#include <charconv>
#include <chrono>
#include <fstream>
#include <thread>

#include "base/check.h"
#include "base/status.h"
#include "http/client.h"

namespace bookstore::crash_points {
namespace {

constexpr base::DurationMs kAskEveryMs = 20;
constexpr base::DurationMs kRestartDelayMaxMs = 60;
constexpr postgres::Statement kDeadCards{
    "SELECT count(*) AS n FROM payment.vault JOIN orders.published_order_states o USING (order_id) "
    "WHERE o.state IN ('completed', 'failed', 'rejected', 'canceled')"};
constexpr char kUnretired[] = "\nbookstore_executor_unretired ";

std::filesystem::path make_folder() {
  std::string folder = std::filesystem::temp_directory_path() / "bookstore-crash-XXXXXX";
  BOOKSTORE_CHECK(mkdtemp(folder.data()) != nullptr, folder);
  return folder;
}

}  // namespace

const std::vector<std::string>& services() {
  static const auto* const names = new std::vector<std::string>{
      "verification", "inventory", "payment", "executor", "orchestrator"};
  return *names;
}

CrashPlatform::CrashPlatform() : folder_(make_folder()), admin_token_(64, 'a') {
  const auto token_file = folder_ / "admin-token";
  std::ofstream(token_file) << admin_token_ << "\n";
  std::filesystem::permissions(token_file, std::filesystem::perms(0600));
  integration::TestPlatform::Settings settings;
  settings.without = {"suggestions", "fraud"};
  settings.environment = {"BOOKSTORE_CRASH_FOLDER=" + folder_.string()};
  settings.arguments["orchestrator"] = {"--admin-token-file", token_file.string()};
  settings.restart_delay_max_ms = kRestartDelayMaxMs;
  processes_ = std::make_unique<integration::TestPlatform>(settings);
}

CrashPlatform::~CrashPlatform() {
  processes_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

absl::Status CrashPlatform::start() {
  return processes_->start();
}

void CrashPlatform::remove_markers() {
  for (size_t number = 1;; ++number) {
    if (!std::filesystem::remove(base::CrashSwitch::fired_file(folder_, number))) return;
  }
}

void CrashPlatform::disarm() {
  std::filesystem::remove(base::CrashSwitch::plan_file(folder_));
  remove_markers();
}

void CrashPlatform::arm(const Case& one) {
  disarm();
  // In one piece: a process may look at any moment.
  const auto fresh = folder_ / "plan.new";
  std::ofstream(fresh) << one.plan();
  std::filesystem::rename(fresh, base::CrashSwitch::plan_file(folder_));
}

size_t CrashPlatform::fired() const {
  size_t count = 0;
  while (std::filesystem::exists(base::CrashSwitch::fired_file(folder_, count + 1))) ++count;
  return count;
}

int CrashPlatform::ends() const {
  int sum = 0;
  for (const std::string& service : services()) sum += processes_->view(service).ends;
  return sum;
}

absl::StatusOr<int64_t> CrashPlatform::unretired() {
  const int port = cli::readiness_port({"executor", "order_executor", 1}, processes_->endpoints());
  http::Client client("127.0.0.1", port, processes_->clock());
  BOOKSTORE_ASSIGN_OR_RETURN(
      const http::Response page,
      client.request("GET", "/metrics", {}, "", base::Deadline::after(processes_->clock(), 2'000)));
  const size_t at = page.body.find(kUnretired);
  if (at == page.body.npos) return absl::NotFoundError("the executor's metrics lack its orders");
  int64_t count = 0;
  const char* begin = page.body.data() + at + sizeof(kUnretired) - 1;
  std::from_chars(begin, page.body.data() + page.body.size(), count);
  return count;
}

absl::Status CrashPlatform::wait_vault_swept(base::DurationMs within_ms) {
  const auto deadline = base::Deadline::after(processes_->clock(), within_ms);
  for (;;) {
    BOOKSTORE_ASSIGN_OR_RETURN(const auto left, processes_->pool().query(kDeadCards, {}, deadline));
    if (left[0].int64("n") == 0) return absl::OkStatus();
    if (deadline.remaining_ms(processes_->clock()) <= kAskEveryMs) {
      return absl::DeadlineExceededError(std::to_string(left[0].int64("n")) +
                                         " cards of orders that ended are still in the vault");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(kAskEveryMs));
  }
}

absl::Status CrashPlatform::wait_unready(base::DurationMs within_ms) {
  const base::Clock& clock = processes_->clock();
  const auto deadline = base::Deadline::after(clock, within_ms);
  http::Client client("127.0.0.1", processes_->endpoints().http_port, clock);
  while (!deadline.passed(clock)) {
    const auto answer = client.request("GET", "/readyz", {}, "", deadline);
    if (answer.ok() && answer->status == 503) return absl::OkStatus();
    std::this_thread::sleep_for(std::chrono::milliseconds(kAskEveryMs));
  }
  return absl::DeadlineExceededError("the orchestrator still says that it is ready");
}

absl::Status CrashPlatform::wait_quiet(base::DurationMs within_ms) {
  const auto deadline = base::Deadline::after(processes_->clock(), within_ms);
  for (const std::string& service : services()) {
    BOOKSTORE_RETURN_IF_ERROR(
        processes_->wait_ready(service, deadline.remaining_ms(processes_->clock())));
  }
  for (;;) {
    const auto left = unretired();
    if (left.ok() && *left == 0) return absl::OkStatus();
    if (deadline.passed(processes_->clock())) {
      return left.ok() ? absl::DeadlineExceededError("the executor still keeps " +
                                                     std::to_string(*left) + " orders")
                       : left.status();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(kAskEveryMs));
  }
}

}  // namespace bookstore::crash_points
