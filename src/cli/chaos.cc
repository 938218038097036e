#include "cli/chaos.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cli/audit.h"
#include "cli/chaos_book.h"
#include "cli/console.h"
#include "cli/import.h"
#include "cli/load.h"
#include "cli/own_platform.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

constexpr int kBroken = 2;
constexpr base::DurationMs kReadyMs = 60'000;
constexpr base::DurationMs kRestMs = 120'000;
constexpr base::DurationMs kAuditMs = 60'000;
// Between "ready again" and the next death: the load runs undisturbed for a moment.
constexpr base::DurationMs kCalmMs = 700;
// A client gives up after this: the longest outage is shorter by far.
constexpr base::DurationMs kInsistMs = 90'000;
constexpr base::DurationMs kTryAgainMs = 400;
constexpr base::DurationMs kLoadMaxMs = 3'600'000;
constexpr int kBooks = 9;
constexpr int kPlenty = 1'000'000;
constexpr int kScarce = 100;  // soon sold out: from then on its orders end without a sale

std::string book_id(int number) {
  return absl::StrCat("chaos_", number);
}

std::string catalogue() {
  std::string csv =
      "id,isbn13,title,authors,year,language,subjects,description,price_minor,currency,stock\n";
  for (int number = 0; number <= kBooks; ++number)
    absl::StrAppend(&csv, book_id(number), ",,Chaos ", number,
                    ",A. Uthor,2001,en,chaos,A book that is bought while things fall.,",
                    900 + 100 * number, ",EUR,", number == 0 ? kScarce : kPlenty, "\n");
  return csv;
}

void pause(base::DurationMs duration_ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(duration_ms));
}

class Chaos {
 public:
  explicit Chaos(const ChaosOptions& options)
      : options_(options), console_(options.as_json ? stderr : stdout) {}

  absl::Status run() {
    BOOKSTORE_ASSIGN_OR_RETURN(
        platform_, OwnPlatform::make({options_.model, options_.own_model, options_.orchestrators},
                                     clock_, random_));
    BOOKSTORE_RETURN_IF_ERROR(choose_victims());
    console_.line("starting a platform with " + std::to_string(options_.orchestrators) +
                  " orchestrators in " + platform_->state().path().string());
    BOOKSTORE_RETURN_IF_ERROR(platform_->up());
    BOOKSTORE_ASSIGN_OR_RETURN(endpoints_, platform_->endpoints());
    BOOKSTORE_RETURN_IF_ERROR(stock_up());
    const absl::Status killed = kill_under_load();
    BOOKSTORE_RETURN_IF_ERROR(killed);
    return look_at_rest();
  }

  // Stops the platform; its folder stays when something is left to look at.
  void clean_up(bool all_well) {
    if (platform_ == nullptr) return;
    platform_->down().IgnoreError();
    if (all_well && !options_.keep)
      platform_->remove();
    else
      console_.line("its data and logs stay in " + platform_->state().path().string());
  }

  bool sound() const { return book_.violations().empty(); }
  void tell();

 private:
  absl::Status choose_victims() {
    const std::vector<std::string> all = platform_->processes();
    victims_ = options_.processes.empty() ? all : options_.processes;
    for (const std::string& victim : victims_) {
      if (std::find(all.begin(), all.end(), victim) != all.end()) continue;
      std::string names;
      for (const std::string& name : all) names += (names.empty() ? "" : ", ") + name;
      return absl::InvalidArgumentError("there is no process " + victim + "; there are " + names);
    }
    return absl::OkStatus();
  }

  absl::Status stock_up() {
    postgres::Pool pool({.conninfo = endpoints_.database, .connections_max = 1}, clock_);
    return import_csv(catalogue(), pool, clock_, [](const Progress&) {}).status();
  }

  absl::Status kill_under_load() {
    std::atomic<bool> go_on = true;
    absl::Status loaded;
    std::thread load([&] { loaded = run_load(go_on); });
    const absl::Status killed = kill_all();
    go_on = false;
    load.join();
    BOOKSTORE_RETURN_IF_ERROR(killed);
    return loaded;
  }

  absl::Status run_load(const std::atomic<bool>& go_on) {
    LoadConfig config;
    for (int instance = 1; instance <= endpoints_.orchestrators; ++instance)
      config.doors.push_back({"127.0.0.1", endpoints_.http_port_of(instance)});
    config.rate_per_s = options_.rate_per_s;
    config.duration_ms = kLoadMaxMs;
    for (int number = 0; number <= kBooks; ++number) config.book_ids.push_back(book_id(number));
    config.insist_ms = kInsistMs;
    config.try_again_ms = kTryAgainMs;
    config.on_refusal = [this](const Purchase& purchase) {
      book_.refused(described(purchase), steady_us());
    };
    Load load(config, clock_, random_);
    return load.run(
        steady_us(), [this](size_t, const Purchase& purchase) { note(purchase); },
        [&] { return go_on.load(); });
  }

  static std::string described(const Purchase& purchase) {
    if (purchase.status == 0) return "no connection";
    return absl::StrCat(purchase.status, purchase.code.empty() ? "" : " ", purchase.code);
  }

  void note(const Purchase& purchase) {
    ++posted_;
    if (purchase.status == 202)
      return book_.accepted(purchase.order_id, purchase.intended_us, purchase.answered_us);
    book_.violation_at(purchase.intended_us, "an honest shopper heard " + described(purchase) +
                                                 " in the end, after " +
                                                 std::to_string(purchase.tries) + " tries");
  }

  absl::Status kill_all() {
    pause(kCalmMs);
    for (int round = 1; round <= options_.rounds; ++round)
      for (const std::string& victim : victims_)
        BOOKSTORE_RETURN_IF_ERROR(
            base::annotate(kill_one(victim, round), "after kill -9 of " + victim));
    return absl::OkStatus();
  }

  absl::Status kill_one(const std::string& victim, int round) {
    const int64_t killed_us = steady_us();
    book_.killed(victim, killed_us);
    BOOKSTORE_RETURN_IF_ERROR(platform_->kill_now(victim));
    BOOKSTORE_RETURN_IF_ERROR(
        platform_->wait_ready(victim, base::Deadline::after(clock_, kReadyMs)));
    const int64_t ready_us = steady_us();
    book_.ready(ready_us);
    BOOKSTORE_RETURN_IF_ERROR(platform_->wait_doors(base::Deadline::after(clock_, kReadyMs)));
    console_.line(absl::StrCat("round ", round, " of ", options_.rounds, ": ", victim,
                               " killed, ready again in ",
                               format_duration((ready_us - killed_us) / 1'000)));
    pause(kCalmMs);
    return absl::OkStatus();
  }

  absl::Status look_at_rest() {
    BOOKSTORE_ASSIGN_OR_RETURN(const Endpoints now, platform_->endpoints());
    postgres::Pool pool({.conninfo = now.database, .connections_max = 1}, clock_);
    if (const auto rest = wait_for_rest(pool, base::Deadline::after(clock_, kRestMs)); !rest.ok())
      book_.violation_of("", base::str(rest.message()));
    BOOKSTORE_ASSIGN_OR_RETURN(
        audit_, audit(pool, base::Deadline::after(clock_, kAuditMs), book_.accepted_ids()));
    for (const AuditFinding& finding : audit_.findings)
      book_.violation_of(finding.subject.substr(0, finding.subject.find(':')),
                         absl::StrCat(finding.name, " ", finding.subject, ": expected ",
                                      finding.expected, ", found ", finding.found));
    return absl::OkStatus();
  }

  json::Object to_json() const;

  const ChaosOptions options_;
  Console console_;
  const base::SystemClock clock_;
  base::SystemRandom random_;
  std::unique_ptr<OwnPlatform> platform_;
  Endpoints endpoints_;
  std::vector<std::string> victims_;
  ChaosBook book_;
  int64_t posted_ = 0;  // of the load's thread, until it has ended
  AuditReport audit_;
};

json::Object Chaos::to_json() const {
  json::Object refusals;
  for (const auto& [what, count] : book_.refusals()) refusals[what] = count;
  json::Array violations;
  for (const std::string& what : book_.violations()) violations.emplace_back(what);
  return {{"ok", sound()},
          {"rounds", options_.rounds},
          {"rate_per_s", options_.rate_per_s},
          {"orchestrators", options_.orchestrators},
          {"orders", posted_},
          {"accepted", book_.accepted_ids().size()},
          {"processes", chaos_json(book_.rows())},
          {"refusals", refusals},
          {"violations", violations},
          {"audit", audit_.to_json()}};
}

void Chaos::tell() {
  if (options_.as_json) {
    std::puts(json::write(to_json()).c_str());
    return;
  }
  console_.table({"process", "kills", "ready again", "at most", "accepted meanwhile",
                  "asked to come again", "violations"},
                 chaos_cells(book_.rows()));
  for (const auto& [what, count] : book_.refusals())
    console_.line(absl::StrCat("heard on the way: ", what, " x", count));
  for (const std::string& what : book_.violations()) console_.line("VIOLATION: " + what);
  console_.line(absl::StrCat(
      posted_, " orders, ", book_.accepted_ids().size(), " accepted; ",
      audit_.figures["orders completed"], " completed, ", audit_.figures["orders failed"],
      " failed, ", audit_.figures["provider capture approved"], " captures; ",
      sound() ? "every invariant holds" : absl::StrCat(book_.violations().size(), " violations")));
}

}  // namespace

int chaos(const ChaosOptions& options) {
  Chaos run(options);
  const absl::Status done = run.run();
  if (done.ok()) run.tell();
  run.clean_up(done.ok() && run.sound());
  if (!done.ok()) return fail(done);
  return run.sound() ? 0 : kBroken;
}

}  // namespace bookstore::cli
