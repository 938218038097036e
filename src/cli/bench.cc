#include "cli/bench.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "base/status.h"
#include "catalogue/store.h"
#include "cli/bench_report.h"
#include "cli/import.h"
#include "cli/load.h"
#include "cli/order_ends.h"
#include "cli/platform.h"
#include "cli/ports.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

constexpr int kBroken = 2;
constexpr base::DurationMs kQueryMs = 30'000;
constexpr base::DurationMs kEndMs = 60'000;
constexpr base::DurationMs kTellEveryMs = 10'000;  // where no line can be redrawn
constexpr int64_t kLeadUs = 20'000;                // before the first start, to be on time

// Everyday prices, so that no order is looked at for its amount.
constexpr postgres::Statement kEverydayBooks{
    "SELECT book_id, free FROM inventory.published_stock "
    "JOIN catalogue.published_books USING (book_id) "
    "WHERE price_minor BETWEEN 500 AND 2500 ORDER BY book_id LIMIT 200"};

// A platform of the bench's own, in a folder that goes with it.
class OwnPlatform {
 public:
  static absl::StatusOr<std::unique_ptr<OwnPlatform>> start(const BenchOptions& options,
                                                            Console& console, StopSignal& stop,
                                                            base::Random& random) {
    if (options.model.empty())
      return absl::FailedPreconditionError(
          "no platform runs in " + options.state.string() +
          ", and one of its own needs --model DIR; './bookstore bench' gives it");
    std::string folder = "/tmp/bookstore-bench-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) return absl::UnavailableError("cannot make " + folder);
    chmod(folder.c_str(), 0755);  // the database's user must get through
    BOOKSTORE_ASSIGN_OR_RETURN(const auto port, choose_free_ports({{"http", 0}}, random));
    PlatformOptions own{.state = folder,
                        .http_port = port.at("http"),
                        .model = options.model,
                        .own_model = options.own_model,
                        .default_state = false};
    std::unique_ptr<OwnPlatform> platform(new OwnPlatform(std::move(own), console, stop));
    BOOKSTORE_RETURN_IF_ERROR(platform->platform_.start());
    return platform;
  }
  ~OwnPlatform() {
    platform_.stop();
    std::error_code ignored;
    std::filesystem::remove_all(state_, ignored);
  }
  const std::filesystem::path& state() const { return state_; }

 private:
  OwnPlatform(PlatformOptions options, Console& console, StopSignal& stop)
      : state_(options.state), platform_(std::move(options), console, stop) {}

  const std::filesystem::path state_;
  Platform platform_;
};

class Bench {
 public:
  Bench(const BenchOptions& options, StateDir state, Endpoints endpoints, Console& console,
        StopSignal& stop, base::Random& random)
      : options_(options),
        state_(std::move(state)),
        endpoints_(std::move(endpoints)),
        console_(console),
        stop_(stop),
        random_(random),
        pool_({.conninfo = endpoints_.database, .connections_max = 1}, clock_),
        ends_(endpoints_.database, clock_) {}

  absl::StatusOr<BenchReport> run() {
    BOOKSTORE_ASSIGN_OR_RETURN(const std::vector<Door> doors, choose_doors());
    BOOKSTORE_ASSIGN_OR_RETURN(book_ids_, provide_stock());
    BOOKSTORE_RETURN_IF_ERROR(ends_.start());
    if (options_.warm_up_s > 0) {
      BOOKSTORE_RETURN_IF_ERROR(load("warm-up", doors, options_.warm_up_s, [](auto, auto&) {}));
    }
    report_.rate_per_s = options_.rate_per_s;
    report_.load_s = static_cast<double>(options_.load_s);
    report_.doors = static_cast<int>(doors.size());
    report_.books = book_ids_.size();
    BOOKSTORE_ASSIGN_OR_RETURN(report_.before, read_platform(state_, endpoints_, pool_, clock_));
    BOOKSTORE_RETURN_IF_ERROR(load("orders", doors, options_.load_s,
                                   [this](size_t, const Purchase& order) { note(order); }));
    ends_.wait_for_all(base::Deadline::after(clock_, kEndMs));
    BOOKSTORE_ASSIGN_OR_RETURN(report_.after, read_platform(state_, endpoints_, pool_, clock_));
    ends_.stop();
    judge_ends();
    wait_for_rest(pool_, base::Deadline::after(clock_, kEndMs)).IgnoreError();  // audited below
    BOOKSTORE_ASSIGN_OR_RETURN(report_.audit,
                               audit(pool_, base::Deadline::after(clock_, kQueryMs), promised_));
    return std::move(report_);
  }

 private:
  absl::StatusOr<std::vector<Door>> choose_doors() const {
    std::vector<Door> doors;
    for (const std::string& url : options_.doors) {
      BOOKSTORE_ASSIGN_OR_RETURN(Door door, parse_door(url));
      doors.push_back(std::move(door));
    }
    for (int i = 1; options_.doors.empty() && i <= endpoints_.orchestrators; ++i)
      doors.push_back({"127.0.0.1", endpoints_.http_port_of(i)});
    return doors;
  }

  // Everyday books, with twice the copies that their share of the orders needs: those that have
  // fewer get more the way an import gives them.
  absl::StatusOr<std::vector<std::string>> provide_stock() {
    const base::Deadline deadline = base::Deadline::after(clock_, kQueryMs);
    BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kEverydayBooks, {}, deadline));
    if (rows.empty()) return absl::FailedPreconditionError("no book costs 5 to 25 of its currency");
    std::vector<std::string> all;
    for (const postgres::Row row : rows) all.push_back(row.text("book_id"));
    const double orders =
        options_.rate_per_s * static_cast<double>(options_.load_s + options_.warm_up_s);
    const int64_t wanted =
        100 + 2 * static_cast<int64_t>(orders) / static_cast<int64_t>(all.size());
    std::vector<std::string> short_ones;
    for (const postgres::Row row : rows)
      if (row.int64("free") < wanted) short_ones.push_back(row.text("book_id"));
    catalogue::Store store(pool_);
    BOOKSTORE_ASSIGN_OR_RETURN(auto listed, store.get_all(short_ones, deadline));
    std::vector<catalogue::Book> books;
    for (auto& [book, revision] : listed) {
      book.initial_stock += wanted;
      books.push_back(std::move(book));
    }
    if (!books.empty()) {
      BOOKSTORE_RETURN_IF_ERROR(import_books(books, pool_, deadline).status());
      console_.line("restocked " + std::to_string(books.size()) + " books by " +
                    std::to_string(wanted) + " copies each, as an import does");
    }
    return all;
  }

  absl::Status load(const char* what, const std::vector<Door>& doors, int64_t duration_s,
                    const Load::OnAnswer& on_answer) {
    LoadConfig config{.doors = doors,
                      .rate_per_s = options_.rate_per_s,
                      .duration_ms = duration_s * 1'000,
                      .book_ids = book_ids_,
                      .seed = options_.seed,
                      .connections_max = static_cast<size_t>(options_.connections_max)};
    Load load(std::move(config), clock_, random_);
    uint64_t answered = 0;
    const auto total = static_cast<uint64_t>(options_.rate_per_s * static_cast<double>(duration_s));
    const int64_t start_us = steady_us() + kLeadUs;
    start_us_ = start_us;
    const auto tick = [&] {
      tell_progress({what, answered, total, (steady_us() - start_us) / 1'000});
      return !stop_.requested();
    };
    BOOKSTORE_RETURN_IF_ERROR(load.run(
        start_us,
        [&](size_t index, const Purchase& order) {
          ++answered;
          if (order.status == 202) {
            ends_.expect(order.order_id);
            promised_.push_back(order.order_id);
          }
          on_answer(index, order);
        },
        tick));
    console_.end_progress();
    report_.connections = load.connections_opened();
    if (stop_.requested()) return absl::CancelledError("stopped");
    return absl::OkStatus();
  }

  void tell_progress(const Progress& progress) {
    console_.progress(progress);
    if (console_.terminal() || progress.elapsed_ms - told_ms_ < kTellEveryMs) return;
    told_ms_ = progress.elapsed_ms;
    console_.line(format_progress(progress));
  }

  void note(const Purchase& order) {
    ++report_.posted;
    const std::string status = order.status == 0 ? "none" : std::to_string(order.status);
    ++report_.answers[status + (order.code.empty() ? "" : " " + order.code)];
    if (order.status != 0) report_.post.record(order.answered_us - order.intended_us);
    if (order.status != 202) return;
    ++report_.accepted;
    intended_us_[order.order_id] = order.intended_us;
  }

  void judge_ends() {
    const int64_t load_end_us = start_us_ + options_.load_s * 1'000'000;
    int64_t last_us = load_end_us;
    for (const auto& [id, intended_us] : intended_us_) {
      const auto end = ends_.ends().find(id);
      if (end == ends_.ends().end()) continue;
      const OrderEnds::End& how = end->second;
      ++report_.ends[how.state + (how.reason.empty() ? "" : " " + how.reason)];
      report_.completion.record(how.at_us - intended_us);
      if (how.state == "completed" && how.at_us < load_end_us) ++report_.completed_in_time;
      last_us = std::max(last_us, how.at_us);
    }
    report_.never_ended = ends_.missing();
    report_.drain_s = static_cast<double>(last_us - load_end_us) / 1'000'000.0;
  }

  const BenchOptions& options_;
  const StateDir state_;
  const Endpoints endpoints_;
  Console& console_;
  StopSignal& stop_;
  base::Random& random_;
  const base::SystemClock clock_;
  postgres::Pool pool_;
  OrderEnds ends_;
  std::vector<std::string> book_ids_;
  std::vector<std::string> promised_;  // every 202, the warm-up's too
  std::unordered_map<std::string, int64_t> intended_us_;
  int64_t start_us_ = 0;  // of the load
  base::DurationMs told_ms_ = 0;
  BenchReport report_;
};

absl::StatusOr<BenchReport> measure(const BenchOptions& options, Console& console) {
  StopSignal stop;
  base::SystemRandom random;
  std::unique_ptr<OwnPlatform> own;
  StateDir state(options.state);
  if (!running_supervisor(state).has_value()) {
    BOOKSTORE_ASSIGN_OR_RETURN(own, OwnPlatform::start(options, console, stop, random));
    state = StateDir(own->state());
  }
  BOOKSTORE_ASSIGN_OR_RETURN(Endpoints endpoints, running_endpoints(state));
  return Bench(options, state, std::move(endpoints), console, stop, random).run();
}

}  // namespace

int bench_checkout(const BenchOptions& options) {
  Console console(options.as_json ? stderr : stdout);
  const auto report = measure(options, console);
  if (!report.ok()) return fail(report.status());
  if (options.as_json) {
    std::puts(json::write(to_json(*report)).c_str());
  } else {
    tell(*report, console);
  }
  return report->ok() ? 0 : kBroken;
}

}  // namespace bookstore::cli
