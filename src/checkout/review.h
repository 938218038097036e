#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/deadline.h"
#include "checkout/shared.h"

namespace bookstore::checkout {

// What an operator says about an order in review.
struct ReviewCall {
  base::OrderId order_id;
  bool approve = false;
  std::optional<int64_t> revision;  // which the operator looked at; empty: whichever it is
  std::string by;
  std::string note;
};

enum class ReviewVerdict {
  kDecided,  // by this call, durably; an approved order is on its way or will be taken over
  kNoSuchOrder,
  kNotInReview,  // decided before, or never in review
  kStale,        // the order has another revision than the operator looked at
};

// Decides, and submits what was approved. `done` runs once, when the decision is durable and, for
// an approval, this try of the Submit has ended; on a thread that must not be blocked, or at once
// with RESOURCE_EXHAUSTED. Any other failure: nobody knows, look again.
void decide_review(const std::shared_ptr<Shared>& shared, ReviewCall call,
                   std::function<void(absl::StatusOr<ReviewVerdict>)> done);

// Declines what nobody decided about in time, at most `limit` orders. How many. Blocks.
absl::StatusOr<size_t> decline_overdue(Shared& shared, size_t limit, base::Deadline deadline);

}  // namespace bookstore::checkout
