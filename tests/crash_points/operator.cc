#include "operator.h"

namespace bookstore::crash_points {
namespace {

constexpr base::DurationMs kActMs = 5'000;

}  // namespace

int Operator::act(const std::string& action, const std::string& order_id) {
  const auto answer = http_.request(
      "POST", "/admin/v1/orders/" + order_id + "/" + action,
      {{"Authorization", authorization_}, {"Content-Type", "application/json"}},
      R"({"reason": "the suite crash-points"})", base::Deadline::after(clock_, kActMs));
  return answer.ok() ? answer->status : 0;
}

}  // namespace bookstore::crash_points
