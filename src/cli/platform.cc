#include "cli/platform.h"

#include <unistd.h>

#include <set>

#include "base/status.h"
#include "catalogue/store.h"
#include "cli/import.h"
#include "cli/layout.h"
#include "cli/ports.h"
#include "cli/status_file.h"
#include "cli/wait.h"
#include "contracts/methods.h"
#include "http/client.h"
#include "postgres/migrate.h"
#include "rpc/client.h"

namespace bookstore::cli {
namespace {

constexpr base::DurationMs kDatabaseMs = 60'000;
constexpr base::DurationMs kMigrationsMs = 120'000;
constexpr base::DurationMs kServiceMs = 60'000;
constexpr base::DurationMs kVectorsMs = 300'000;
constexpr base::DurationMs kProbeMs = 1'000;

constexpr postgres::Statement kAnyBook{
    "SELECT EXISTS (SELECT FROM catalogue.published_books) AS any"};

bool answers_ready(uint16_t port, const base::Clock& clock) {
  http::Client client("127.0.0.1", port, clock);
  const auto response =
      client.request("GET", "/readyz", {}, "", base::Deadline::after(clock, kProbeMs));
  return response.ok() && response->status == 200;
}

}  // namespace

Platform::Platform(PlatformOptions options, Console& console, StopSignal& stop)
    : options_(std::move(options)),
      state_(options_.state),
      console_(console),
      stop_(stop),
      started_ms_(clock_.steady_ms()) {}

Platform::~Platform() {
  stop();
}

absl::Status Platform::start() {
  BOOKSTORE_RETURN_IF_ERROR(claim_state());
  BOOKSTORE_RETURN_IF_ERROR(choose_endpoints());
  BOOKSTORE_RETURN_IF_ERROR(start_database());
  BOOKSTORE_RETURN_IF_ERROR(migrate());
  BOOKSTORE_RETURN_IF_ERROR(load_catalogue());
  BOOKSTORE_RETURN_IF_ERROR(start_services());
  return wait_for_vectors();
}

absl::Status Platform::claim_state() {
  BOOKSTORE_RETURN_IF_ERROR(state_.create());
  BOOKSTORE_ASSIGN_OR_RETURN(lock_, StateLock::take(state_));
  BOOKSTORE_RETURN_IF_ERROR(provide_key_file(state_.key_file()));
  BOOKSTORE_RETURN_IF_ERROR(provide_key_file(state_.admin_token_file()));
  logs_ = std::make_unique<LogBook>(state_.logs());
  supervisor_ = std::make_unique<Supervisor>(*logs_, clock_, random_);
  supervisor_->on_change([this](const std::vector<ServiceView>& views) { write_status(views); });
  return absl::OkStatus();
}

absl::Status Platform::check_http_ports() const {
  const int last = options_.http_port + options_.orchestrators - 1;
  const std::string several =
      options_.orchestrators == 1
          ? ""
          : " (" + std::to_string(options_.orchestrators) + " ports from there on are needed)";
  if (last > 65'535)
    return absl::InvalidArgumentError("--http " + std::to_string(options_.http_port) +
                                      " is too high" + several);
  for (int port = options_.http_port; port <= last; ++port)
    if (const absl::Status free = check_port(static_cast<uint16_t>(port)); !free.ok())
      return absl::Status(
          free.code(), base::str(free.message()) + "; choose another with --http PORT" + several);
  return absl::OkStatus();
}

absl::Status Platform::choose_endpoints() {
  BOOKSTORE_RETURN_IF_ERROR(check_http_ports());
  endpoints_.http_port = options_.http_port;
  endpoints_.orchestrators = options_.orchestrators;
  std::set<uint16_t> promised;
  for (int instance = 1; instance <= options_.orchestrators; ++instance)
    promised.insert(endpoints_.http_port_of(instance));
  endpoints_.key_file = state_.key_file().string();
  endpoints_.admin_token_file = state_.admin_token_file().string();
  // The last run's ports again where they are free: what people wrote down stays true.
  const auto last = read_endpoints(state_.endpoints());
  const std::map<std::string, uint16_t> defaults = default_ports();
  if (last.ok() && last->grpc.size() == defaults.size()) {
    BOOKSTORE_ASSIGN_OR_RETURN(endpoints_.grpc, choose_ports(last->grpc, random_, promised));
  } else if (options_.default_state) {
    BOOKSTORE_ASSIGN_OR_RETURN(endpoints_.grpc, choose_ports(defaults, random_, promised));
    if (endpoints_.grpc != defaults)
      console_.line("the default ports are taken; this platform uses free ones");
  } else {
    BOOKSTORE_ASSIGN_OR_RETURN(endpoints_.grpc, choose_free_ports(defaults, random_, promised));
  }
  return absl::OkStatus();
}

absl::Status Platform::start_database() {
  if (!options_.database.empty()) {
    endpoints_.database = options_.database;
    BOOKSTORE_RETURN_IF_ERROR(provide_vector_extension(options_.database, clock_,
                                                       base::Deadline::after(clock_, kDatabaseMs)));
    return write_endpoints(state_.endpoints(), endpoints_);
  }
  BOOKSTORE_ASSIGN_OR_RETURN(postgres_, PrivatePostgres::prepare(state_, {}));
  if (!postgres_->remark().empty()) console_.line(postgres_->remark());
  supervisor_->start(postgres_->service(clock_));
  started_.push_back({"postgres"});
  const base::Deadline deadline = base::Deadline::after(clock_, kDatabaseMs);
  BOOKSTORE_RETURN_IF_ERROR(
      wait_for_postgres(*postgres_, *supervisor_, *logs_, stop_, clock_, deadline));
  BOOKSTORE_RETURN_IF_ERROR(postgres_->provision(clock_, deadline));
  endpoints_.database = postgres_->url("bookstore", "bookstore");
  return write_endpoints(state_.endpoints(), endpoints_);
}

absl::Status Platform::migrate() {
  const base::Deadline deadline = base::Deadline::after(clock_, kMigrationsMs);
  BOOKSTORE_ASSIGN_OR_RETURN(auto connection,
                             postgres::Connection::open(endpoints_.database, clock_, deadline));
  BOOKSTORE_ASSIGN_OR_RETURN(
      const auto report,
      postgres::migrate(*connection, project_root() / "db" / "migrations", deadline));
  for (const std::string& file : report.applied) console_.line("migrated    " + file);
  return absl::OkStatus();
}

absl::Status Platform::load_catalogue() {
  postgres::Pool pool({.conninfo = endpoints_.database, .connections_max = 1}, clock_);
  const base::Deadline deadline = base::Deadline::after(clock_, kDatabaseMs);
  BOOKSTORE_ASSIGN_OR_RETURN(const auto any, pool.query(kAnyBook, {}, deadline));
  if (any[0].boolean("any")) return absl::OkStatus();
  BOOKSTORE_ASSIGN_OR_RETURN(const std::string text,
                             read_file(project_root() / "data" / "catalogue.csv"));
  BOOKSTORE_ASSIGN_OR_RETURN(const ImportReport report,
                             import_csv(text, pool, clock_, [this](const Progress& progress) {
                               console_.progress(progress);
                             }));
  if (report.bad.empty()) return absl::OkStatus();
  return absl::DataLossError("data/catalogue.csv, line " + std::to_string(report.bad[0].line) +
                             ": " + report.bad[0].reason);
}

absl::Status Platform::start_services() {
  for (const auto& group : service_groups(options_.orchestrators)) {
    std::vector<std::string>& names = started_.emplace_back();
    for (const ServiceName& service : group) {
      ServiceSpec spec = service_spec(service, endpoints_, state_, options_.model);
      if (options_.own_model && service.name == "suggestions")
        spec.child.argv.push_back("--own-model");
      if (!std::filesystem::exists(spec.child.argv[0]))
        return absl::NotFoundError(spec.child.argv[0] + " is not built");
      supervisor_->start(std::move(spec));
      names.push_back(service.name);
    }
    for (const ServiceName& service : group) {
      BOOKSTORE_RETURN_IF_ERROR(wait_until_ready(service));
    }
  }
  return absl::OkStatus();
}

absl::Status Platform::wait_until_ready(const ServiceName& service) {
  const uint16_t port = readiness_port(service, endpoints_);
  return wait_for_service(
      service.name, [&] { return answers_ready(port, clock_); }, *supervisor_, *logs_, stop_,
      clock_, base::Deadline::after(clock_, kServiceMs));
}

// Suggestions compute the vectors of new books after they start. A platform that is not through
// after kVectorsMs is usable all the same: the rest goes on behind it.
absl::Status Platform::wait_for_vectors() {
  rpc::Client client({.peer = "suggestions", .addresses = {endpoints_.grpc_address("suggestions")}},
                     clock_, random_);
  const base::SteadyMs started_ms = clock_.steady_ms();
  const base::Deadline deadline = base::Deadline::after(clock_, kVectorsMs);
  const suggestions::v1::IndexStatusRequest request;
  bool shown = false;
  while (!deadline.passed(clock_)) {
    const auto status = client.call_and_wait(contracts::suggestions::kIndexStatus, request,
                                             {.deadline = base::Deadline::after(clock_, kProbeMs)});
    if (status.ok()) {
      const bool done = status->indexed() >= status->books();
      if (shown || !done)
        console_.progress({.what = "vectors",
                           .done = status->indexed(),
                           .total = status->books(),
                           .elapsed_ms = clock_.steady_ms() - started_ms});
      if (done) return absl::OkStatus();
      shown = true;
    }
    if (stop_.wait_ms(100)) return absl::CancelledError("stopped while starting");
  }
  console_.line("not all books have a vector yet; suggestions go on computing them");
  return absl::OkStatus();
}

void Platform::write_status(const std::vector<ServiceView>& services) const {
  // Best effort: on a full disk `status` shows old states, and the platform goes on.
  write_status_file(state_.status(), {.supervisor = getpid(), .services = services}).IgnoreError();
}

void Platform::introduce() {
  const std::string url = endpoints_.http_url();
  std::vector<std::vector<Cell>> rows = {
      {{"REST API", Colour::kBold}, {url + "/v1/books", Colour::kCyan}},
      {{"OpenAPI"}, {url + "/openapi.json"}},
      {{"readiness"}, {url + "/readyz"}},
      {{"metrics"}, {url + "/metrics"}}};
  for (int instance = 2; instance <= endpoints_.orchestrators; ++instance)
    rows.push_back({{"REST API " + std::to_string(instance)},
                    {endpoints_.http_url(instance) + "/v1/books", Colour::kCyan}});
  for (const auto& group : service_groups())
    for (const ServiceName& service : group)
      if (service.port != 0)
        rows.push_back({{service.name},
                        {endpoints_.grpc_address(service.name) + "  metrics http://" +
                         endpoints_.metrics_address(service.name) + "/metrics"}});
  if (postgres_.has_value()) rows.push_back({{"PostgreSQL"}, {endpoints_.database}});
  rows.push_back({{"state"}, {state_.path().string()}});
  console_.table({"what", "where"}, rows);
  console_.line("ready in " + format_duration(clock_.steady_ms() - started_ms_));
}

void Platform::show_logs() {
  logs_->show_on(STDOUT_FILENO, console_.coloured());
}

void Platform::stop() {
  if (supervisor_ == nullptr) return;
  for (; !started_.empty(); started_.pop_back()) supervisor_->stop(started_.back());
  supervisor_.reset();
  if (postgres_.has_value()) postgres_->remove_socket_folder();
  std::error_code ignored;
  std::filesystem::remove(state_.status(), ignored);
  lock_.reset();
}

}  // namespace bookstore::cli
