#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"

namespace bookstore::cli {

// Microseconds of the machine's steady clock.
int64_t steady_us();

// Where checkouts are posted.
struct Door {
  std::string address;  // IPv4, "127.0.0.1"
  uint16_t port = 0;
};
// "http://127.0.0.1:8080", "127.0.0.1:8080".
absl::StatusOr<Door> parse_door(const std::string& url);

// One order that was posted, or could not be.
struct Purchase {
  int64_t intended_us = 0;
  int64_t answered_us = 0;  // of the last answer; 0: none came
  int status = 0;           // 0: no answer
  std::string code;         // of a problem
  std::string order_id;     // when the answer names one
  int tries = 0;
};

struct LoadConfig {
  std::vector<Door> doors;  // taken in turn
  double rate_per_s = 100;
  base::DurationMs duration_ms = 30'000;
  std::vector<std::string> book_ids;  // one copy of one of them an order
  uint64_t seed = 1;                  // which book each order is for
  size_t connections_max = 1'000;
  base::DurationMs answer_ms = 15'000;
  // A client that wants its order: an answer that asks for another try (409 in_progress, a
  // retryable 503) and a lost connection are tried again with the same key, for insist_ms.
  base::DurationMs insist_ms = 0;
  base::DurationMs try_again_ms = 100;
  // Told of every answer (or lost connection, status 0) after which another try follows.
  std::function<void(const Purchase&)> on_refusal;
};

// An open loop: each order has its intended start, whatever became of those before, and its time
// counts from there. So a platform that stops for a second is charged with that second by every
// order that would have come in it. Each order is a shopper who was never here before: own e-mail,
// key, card and address. One thread drives all connections, which are kept alive; an order that
// finds none free opens another, up to connections_max, and then waits (which counts, too).
class Load {
 public:
  // Told of each order once, when it has its last answer; `index` counts intended starts.
  using OnAnswer = std::function<void(size_t index, const Purchase&)>;

  // `identity` makes the shoppers; clock gives the card's year.
  Load(LoadConfig config, const base::Clock& clock, base::Random& identity);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Returns when every order has its answer or has been given up. The first intended start is at
  // `start_us`. `tick` runs about every 100 ms; when it says false no further order starts.
  absl::Status run(int64_t start_us, const OnAnswer& on_answer, const std::function<bool()>& tick);

  size_t connections_opened() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bookstore::cli
