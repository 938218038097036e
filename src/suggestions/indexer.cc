#include "suggestions/indexer.h"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "suggestions/book_text.h"
#include "telemetry/log.h"

namespace bookstore::suggestions {
namespace {

constexpr char kChannel[] = "catalogue_changed";  // db/migrations/0001_catalogue.sql
// One statement of ours; the largest, a batch of vectors, takes milliseconds.
constexpr base::DurationMs kStatementMs = 10'000;
// An import must not slow the checkouts of the same machine down.
constexpr int kNiceness = 10;

}  // namespace

Indexer::Indexer(Config config, Store& store, Encode encode, const base::Clock& clock,
                 telemetry::Registry& metrics)
    : config_(std::move(config)),
      store_(store),
      encode_(std::move(encode)),
      clock_(clock),
      embedded_(metrics.counter("bookstore_suggestions_embedded_total", "Books embedded.")),
      failures_(metrics.counter("bookstore_suggestions_index_failures_total",
                                "Passes over the catalogue that ended in an error.")),
      batch_ms_(metrics.histogram("bookstore_suggestions_batch_ms",
                                  "Time to embed and save one batch of books.")) {}

Indexer::~Indexer() {
  stopping_ = true;
  {
    const std::lock_guard lock(mutex_);
    if (listener_ != nullptr) listener_->interrupt();
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Indexer::start() {
  BOOKSTORE_CHECK(!thread_.joinable());
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "indexer");
    ::setpriority(PRIO_PROCESS, 0, kNiceness);  // of this thread, on Linux
    run();
  });
}

std::string Indexer::behind() const {
  const std::lock_guard lock(mutex_);
  return behind_;
}

void Indexer::set_behind(std::string reason) {
  const std::lock_guard lock(mutex_);
  behind_ = std::move(reason);
}

base::Deadline Indexer::deadline() const {
  return base::Deadline::after(clock_, kStatementMs);
}

void Indexer::run() {
  base::DurationMs retry_ms = config_.retry_first_ms;
  while (!stopping()) {
    // Listening begins before the catalogue is read, so no change falls between the two.
    absl::Status status = listener_ == nullptr ? listen() : absl::OkStatus();
    if (status.ok()) status = catch_up();
    if (status.ok()) status = wait_for_change();
    if (stopping()) return;
    if (status.ok()) {
      retry_ms = config_.retry_first_ms;
      continue;
    }
    failures_.increment();
    telemetry::log(telemetry::Level::kWarning, "indexing_failed",
                   {{"error", base::describe(status)}, {"retry_ms", absl::StrCat(retry_ms)}});
    set_behind(base::describe(status));
    {
      const std::lock_guard lock(mutex_);
      listener_ = nullptr;
    }
    pause(retry_ms);
    retry_ms = std::min(2 * retry_ms, config_.retry_max_ms);
  }
}

absl::Status Indexer::listen() {
  BOOKSTORE_ASSIGN_OR_RETURN(
      auto listener, postgres::Listener::open(config_.conninfo, {kChannel}, clock_, deadline()));
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
  if (stopping()) listener_->interrupt();
  return absl::OkStatus();
}

absl::Status Indexer::catch_up() {
  BOOKSTORE_RETURN_IF_ERROR(store_.drop_orphans(deadline()));
  std::string last;
  do {
    BOOKSTORE_ASSIGN_OR_RETURN(last, index_batch(last));
  } while (!last.empty() && !stopping());
  if (last.empty()) set_behind("");
  return absl::OkStatus();
}

// The last book's id; empty when nothing came after `after`.
absl::StatusOr<std::string> Indexer::index_batch(const std::string& after) {
  const base::SteadyMs started_ms = clock_.steady_ms();
  BOOKSTORE_ASSIGN_OR_RETURN(const auto pending, store_.pending(after, config_.batch, deadline()));
  if (pending.empty()) return "";
  std::vector<std::string> texts;
  std::vector<Store::Embedded> embedded;
  std::vector<Store::Unchanged> unchanged;
  for (const Store::Pending& next : pending) {
    std::string text = book_text(next.book);
    std::string hash = text_hash(text);
    if (hash == next.stored_hash) {
      unchanged.push_back({next.book.id, next.book_revision});
      continue;
    }
    embedded.push_back({next.book.id, next.book_revision, std::move(hash), {}});
    texts.push_back(std::move(text));
  }
  auto vectors = encode_(texts);
  BOOKSTORE_CHECK(vectors.size() == embedded.size());
  for (size_t i = 0; i < vectors.size(); ++i) embedded[i].vector = std::move(vectors[i]);
  BOOKSTORE_RETURN_IF_ERROR(store_.confirm(unchanged, deadline()));
  BOOKSTORE_RETURN_IF_ERROR(store_.save(embedded, deadline()));
  embedded_.increment(embedded.size());
  batch_ms_.observe(static_cast<double>(clock_.steady_ms() - started_ms));
  BOOKSTORE_ASSIGN_OR_RETURN(const auto status, store_.index_status(deadline()));
  if (status.indexed < status.books) {
    set_behind(absl::StrCat(status.indexed, " of ", status.books, " books have a vector"));
  }
  return pending.back().book.id;
}

absl::Status Indexer::wait_for_change() {
  // Only this thread changes listener_; the destructor, which may read it, cannot end before us.
  return listener_->wait(base::Deadline::after(clock_, config_.recheck_ms)).status();
}

void Indexer::pause(base::DurationMs duration_ms) {
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, std::chrono::milliseconds(duration_ms), [this] { return stopping(); });
}

}  // namespace bookstore::suggestions
