#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/random.h"
#include "cli/endpoints.h"
#include "http/client.h"

namespace bookstore::cli {

// What became of one purchase, asked for as often as it took.
struct PatientPurchase {
  http::Response answer;  // the first that is none of "try again"
  int tries = 0;
  std::map<std::string, int> refusals;  // "503 outcome_unknown", "no connection" → how often
  int dishonest = 0;                    // refusals without Retry-After, or not marked retryable
};

// True for an answer after which the API asks its client to repeat the request with the same key:
// 409 in_progress, 429, 503.
bool asks_to_retry(const http::Response& answer);
// "503 outcome_unknown"; "202" alone for an answer that is no problem.
std::string describe_answer(const http::Response& answer);

// The client that the API is made for: one body, one key, sent again after Retry-After or to the
// next orchestrator when a connection breaks, until there is an answer. One thread.
class PatientBuyer {
 public:
  // Begins at that orchestrator, from 1.
  PatientBuyer(const Endpoints& endpoints, const base::Clock& clock, base::Random& random,
               int orchestrator = 1);

  // DEADLINE_EXCEEDED names what it heard instead of an answer.
  absl::StatusOr<PatientPurchase> buy(const std::string& body, const std::string& key,
                                      base::Deadline deadline);

 private:
  // Empty: it is the answer. Otherwise how long to wait before the next try.
  std::optional<base::DurationMs> judge(const absl::StatusOr<http::Response>& answer,
                                        PatientPurchase& purchase);

  const base::Clock& clock_;
  base::Random& random_;
  std::vector<std::unique_ptr<http::Client>> doors_;
  size_t door_;
};

}  // namespace bookstore::cli
