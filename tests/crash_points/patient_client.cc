#include "patient_client.h"

#include <chrono>
#include <thread>

#include "json/json.h"

namespace bookstore::crash_points {
namespace {

// A client of the shop waits as long as Retry-After says; a test would rather know soon.
constexpr base::DurationMs kAgainMs = 40;

void pause() {
  std::this_thread::sleep_for(std::chrono::milliseconds(kAgainMs));
}

bool is_final(const http::Response& answer) {
  return answer.status == 202 || answer.status == 200 || answer.status == 400 ||
         answer.status == 422;
}

}  // namespace

std::string describe(const absl::StatusOr<http::Response>& answer) {
  if (!answer.ok()) return "no answer";
  const auto body = json::parse(answer->body);
  const std::string code = body.ok() ? cli::text_at(*body, "/code") : "";
  return std::to_string(answer->status) + (code.empty() ? "" : " " + code);
}

absl::StatusOr<http::Response> PatientClient::buy(
    base::Deadline deadline, const std::function<void(const std::string&)>& between) {
  std::string heard, last;
  while (!deadline.passed(clock_)) {
    auto answer = shop_.checkout(body_, key_);
    if (answer.ok() && is_final(*answer)) return answer;
    const std::string now = describe(answer);
    if (now != last) heard += (heard.empty() ? "" : ", ") + now;
    last = now;
    between(now);
    pause();
  }
  return absl::DeadlineExceededError("no answer but: " + heard);
}

absl::StatusOr<std::string> PatientClient::end_of(
    const std::string& order_id, base::Deadline deadline,
    const std::function<void(const std::string&)>& between) {
  std::string last;
  while (!deadline.passed(clock_)) {
    const auto page = http_.request("GET", "/v1/orders/" + order_id, {}, "", deadline);
    const auto order = page.ok() && page->status == 200
                           ? json::parse(page->body)
                           : absl::StatusOr<json::Value>(absl::UnavailableError("not to be read"));
    last = order.ok() ? cli::text_at(*order, "/status") : "not to be read";
    for (const char* end : {"completed", "failed", "rejected", "canceled"}) {
      if (last != end) continue;
      const std::string reason = cli::text_at(*order, "/reason");
      return last + (reason.empty() ? "" : " " + reason);
    }
    between(last);
    pause();
  }
  return absl::DeadlineExceededError(order_id + " is still " + last);
}

}  // namespace bookstore::crash_points
