#include "cli/patient_buyer.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "json/json.h"

namespace bookstore::cli {
namespace {

// Longer than a checkout may take and than the door's own limit for an answer that hangs.
constexpr base::DurationMs kTryMs = 10'000;
constexpr base::DurationMs kReconnectMs = 100;
// A server that asks for more is asked again all the same: a test has an end.
constexpr base::DurationMs kRetryAfterMaxMs = 10'000;

std::optional<base::DurationMs> retry_after_ms(const http::Response& answer) {
  const std::string_view text = answer.headers.get("Retry-After");
  int64_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
    return std::nullopt;
  return seconds * 1'000;
}

json::Value body_of(const http::Response& answer) {
  return json::parse(answer.body).value_or(json::Value());
}

std::string code_of(const json::Value& body) {
  const json::Object* problem = body.if_object();
  const json::Value* code = problem != nullptr ? problem->if_contains("code") : nullptr;
  return code != nullptr && code->is_string() ? std::string(code->get_string()) : std::string();
}

bool says_retryable(const json::Value& body) {
  const json::Object* problem = body.if_object();
  const json::Value* retryable = problem != nullptr ? problem->if_contains("retryable") : nullptr;
  return retryable != nullptr && retryable->is_bool() && retryable->get_bool();
}

}  // namespace

bool asks_to_retry(const http::Response& answer) {
  if (answer.status == 409) return code_of(body_of(answer)) == "in_progress";
  return answer.status == 429 || answer.status == 503;
}

std::string describe_answer(const http::Response& answer) {
  const std::string code = code_of(body_of(answer));
  return std::to_string(answer.status) + (code.empty() ? "" : " " + code);
}

PatientBuyer::PatientBuyer(const Endpoints& endpoints, const base::Clock& clock,
                           base::Random& random, int orchestrator)
    : clock_(clock), random_(random), door_(static_cast<size_t>(orchestrator - 1)) {
  for (int instance = 1; instance <= endpoints.orchestrators; ++instance)
    doors_.push_back(
        std::make_unique<http::Client>("127.0.0.1", endpoints.http_port_of(instance), clock));
  door_ %= doors_.size();
}

std::optional<base::DurationMs> PatientBuyer::judge(const absl::StatusOr<http::Response>& answer,
                                                    PatientPurchase& purchase) {
  if (!answer.ok()) {
    ++purchase.refusals[absl::IsDeadlineExceeded(answer.status()) ? "no answer" : "no connection"];
    return kReconnectMs;
  }
  if (!asks_to_retry(*answer)) return std::nullopt;
  ++purchase.refusals[describe_answer(*answer)];
  const std::optional<base::DurationMs> asked_ms = retry_after_ms(*answer);
  if (!asked_ms.has_value() || !says_retryable(body_of(*answer))) ++purchase.dishonest;
  return std::min(asked_ms.value_or(kReconnectMs), kRetryAfterMaxMs);
}

absl::StatusOr<PatientPurchase> PatientBuyer::buy(const std::string& body, const std::string& key,
                                                  base::Deadline deadline) {
  PatientPurchase purchase;
  for (;;) {
    ++purchase.tries;
    auto answer = doors_[door_]->request(
        "POST", "/v1/checkout", {{"Content-Type", "application/json"}, {"Idempotency-Key", key}},
        body, deadline.at_most(clock_, kTryMs));
    const std::optional<base::DurationMs> pause_ms = judge(answer, purchase);
    if (!pause_ms.has_value()) {
      purchase.answer = std::move(*answer);
      return purchase;
    }
    // Up to a quarter longer, so that those who were refused together do not come back together.
    const auto jitter_ms = static_cast<base::DurationMs>(
        random_.below(static_cast<uint64_t>(std::max<base::DurationMs>(*pause_ms / 4, 1))));
    if (deadline.remaining_ms(clock_) <= *pause_ms + jitter_ms) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(*pause_ms + jitter_ms));
    door_ = (door_ + 1) % doors_.size();
  }
  std::string heard;
  for (const auto& [what, count] : purchase.refusals)
    heard += (heard.empty() ? "" : ", ") + what + " x" + std::to_string(count);
  return absl::DeadlineExceededError("no answer in time, only " + heard);
}

}  // namespace bookstore::cli
