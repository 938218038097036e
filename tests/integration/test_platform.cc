#include "test_platform.h"

#include <signal.h>
#include <stdlib.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cli/import.h"
#include "cli/ports.h"
#include "http/client.h"

namespace bookstore::integration {
namespace {

constexpr base::DurationMs kStartMs = 60'000;
constexpr base::DurationMs kProbeMs = 1'000;
// A starting process tells nobody when it is ready, so it is asked this often.
constexpr base::DurationMs kAskEveryMs = 25;

const std::filesystem::path kBinaries = BOOKSTORE_BINARIES;

// Where the tests of the embeddings look, too.
std::filesystem::path find_model() {
  const std::filesystem::path root = BOOKSTORE_SOURCE_DIR;
  std::vector<std::filesystem::path> folders = {root / ".cache/model", root / "var/model"};
  if (const char* given = std::getenv("BOOKSTORE_MODEL_DIR"))
    folders.insert(folders.begin(), given);
  for (const auto& folder : folders) {
    if (std::filesystem::exists(folder / "model.safetensors")) return folder;
  }
  return {};
}

std::string catalogue() {
  std::string csv =
      "id,isbn13,title,authors,year,language,subjects,description,price_minor,currency,stock\n";
  for (const TestBook& book : {kPlenty, kAlsoPlenty, kFew, kFifty, kSoldOut}) {
    absl::StrAppend(&csv, book.id, ",,The book ", book.id,
                    ",A. Uthor,2001,en,tests,A book for tests of the whole platform.,",
                    book.price_minor, ",EUR,", book.stock, "\n");
  }
  return csv;
}

}  // namespace

std::string TestPlatform::reason_to_skip() {
  if (!postgres::TestDatabase::available()) return postgres::TestDatabase::kSkipReason;
  for (const auto& group : cli::service_groups()) {
    for (const cli::ServiceName& service : group) {
      if (!std::filesystem::exists(kBinaries / service.binary)) {
        return "bin/" + service.binary + " is not built here";
      }
    }
  }
  return "";
}

TestPlatform::TestPlatform(Settings settings)
    : settings_(std::move(settings)),
      model_(find_model()),
      has_suggestions_(!model_.empty() && settings_.without.count("suggestions") == 0) {
  endpoints_.orchestrators = settings_.orchestrators;
}

TestPlatform::~TestPlatform() {
  stop();
  std::error_code ignored;
  if (state_) std::filesystem::remove_all(state_->path(), ignored);
}

void TestPlatform::stop() {
  if (!supervisor_) return;
  for (; !started_.empty(); started_.pop_back()) supervisor_->stop(started_.back());
  supervisor_.reset();
}

absl::Status TestPlatform::start() {
  std::string folder = std::filesystem::temp_directory_path() / "bookstore-integration-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return absl::InternalError("no temporary folder");
  state_ = std::make_unique<cli::StateDir>(folder);
  BOOKSTORE_RETURN_IF_ERROR(state_->create());
  BOOKSTORE_RETURN_IF_ERROR(cli::provide_key_file(state_->key_file()));
  BOOKSTORE_RETURN_IF_ERROR(cli::provide_key_file(state_->admin_token_file()));
  const std::map<std::string, uint16_t> names = cli::default_ports();
  BOOKSTORE_ASSIGN_OR_RETURN(endpoints_.http_port,
                             cli::choose_free_row(endpoints_.orchestrators, random_));
  std::set<uint16_t> promised;
  for (int i = 1; i <= endpoints_.orchestrators; ++i) promised.insert(endpoints_.http_port_of(i));
  BOOKSTORE_ASSIGN_OR_RETURN(endpoints_.grpc, cli::choose_free_ports(names, random_, promised));
  endpoints_.database = database_.conninfo();
  endpoints_.key_file = state_->key_file().string();
  endpoints_.admin_token_file = state_->admin_token_file().string();
  BOOKSTORE_RETURN_IF_ERROR(load_catalogue());
  return start_services();
}

absl::Status TestPlatform::load_catalogue() {
  BOOKSTORE_ASSIGN_OR_RETURN(
      const cli::ImportReport report,
      cli::import_csv(catalogue(), database_.pool(), clock_, [](const cli::Progress&) {}));
  if (report.inserted != 5) return absl::InternalError("the test catalogue was not loaded");
  return absl::OkStatus();
}

bool TestPlatform::wanted(const cli::ServiceName& service) const {
  if (service.name == "suggestions") return has_suggestions_;
  return settings_.without.count(service.name) == 0;
}

void TestPlatform::keep_down(const std::string& service) {
  const std::lock_guard lock(down_mutex_);
  down_.insert(service);
}

void TestPlatform::let_up(const std::string& service) {
  const std::lock_guard lock(down_mutex_);
  down_.erase(service);
}

bool TestPlatform::may_start(const std::string& service) const {
  const std::lock_guard lock(down_mutex_);
  return down_.count(service) == 0;
}

absl::Status TestPlatform::start_services() {
  logs_ = std::make_unique<cli::LogBook>(state_->logs());
  supervisor_ = std::make_unique<cli::Supervisor>(*logs_, clock_, random_);
  for (const auto& group : cli::service_groups(endpoints_.orchestrators)) {
    std::vector<std::string>& names = started_.emplace_back();
    for (const cli::ServiceName& service : group) {
      if (!wanted(service)) continue;
      cli::ServiceSpec spec = cli::service_spec(service, endpoints_, *state_, model_);
      spec.child.argv[0] = kBinaries / service.binary;
      for (const std::string& variable : settings_.environment)
        spec.child.environment.push_back(variable);
      if (const auto more = settings_.arguments.find(service.name);
          more != settings_.arguments.end()) {
        spec.child.argv.insert(spec.child.argv.end(), more->second.begin(), more->second.end());
      }
      spec.may_start = [this, name = service.name] { return may_start(name); };
      spec.restart_delay_max_ms = settings_.restart_delay_max_ms;
      supervisor_->start(std::move(spec));
      names.push_back(service.name);
    }
    for (const std::string& name : names) BOOKSTORE_RETURN_IF_ERROR(wait_ready(name, kStartMs));
  }
  return absl::OkStatus();
}

cli::ServiceName TestPlatform::find(const std::string& service) const {
  for (const auto& group : cli::service_groups(endpoints_.orchestrators)) {
    for (const cli::ServiceName& name : group) {
      if (name.name == service) return name;
    }
  }
  abort();
}

absl::Status TestPlatform::wait_ready(const std::string& service, base::DurationMs within_ms) {
  const uint16_t port = cli::readiness_port(find(service), endpoints_);
  const base::Deadline deadline = base::Deadline::after(clock_, within_ms);
  while (!deadline.passed(clock_)) {
    if (supervisor_->service(service).state == cli::ServiceState::kRunning) {
      http::Client client("127.0.0.1", port, clock_);
      const auto answer =
          client.request("GET", "/readyz", {}, "", deadline.at_most(clock_, kProbeMs));
      if (answer.ok() && answer->status == 200) return absl::OkStatus();
    }
    // A pause that nothing ends early: the supervisor hears of starts and ends, not of readiness.
    supervisor_->wait(
        service, [](const cli::ServiceView&) { return false; },
        deadline.at_most(clock_, kAskEveryMs));
  }
  return absl::DeadlineExceededError(
      absl::StrCat(service, " is not ready; its last words: ", logs_->last_line(service)));
}

absl::Status TestPlatform::kill_service(const std::string& service) {
  const cli::ServiceView before = supervisor_->service(service);
  if (before.pid <= 0 || kill(before.pid, SIGKILL) != 0) {
    return absl::FailedPreconditionError(service + " does not run");
  }
  const bool gone = supervisor_->wait(
      service, [&](const cli::ServiceView& view) { return view.ends > before.ends; },
      base::Deadline::after(clock_, 10'000));
  return gone ? absl::OkStatus() : absl::DeadlineExceededError(service + " does not end");
}

std::string TestPlatform::unexpected_ends() const {
  if (!supervisor_) return "";
  std::string text;
  for (const cli::ServiceView& view : supervisor_->services()) {
    if (view.ends > 0) absl::StrAppend(&text, view.name, ": ", view.last_exit, "\n");
  }
  return text;
}

std::string TestPlatform::everything_printed() const {
  const auto text = cli::read_file(state_->logs() / "platform.log");
  return text.ok() ? *text : "";
}

}  // namespace bookstore::integration
