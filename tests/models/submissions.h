#pragma once

#include <optional>
#include <vector>

#include "executor_client/submission.h"
#include "tests/models/state.h"

namespace bookstore::models {

// Drives executor_client::Submission, which has no state that could be copied into a model's: a
// trace holds its events since it last started afresh, and each move plays them again.
struct SubmissionMove {
  SubmissionTrace trace;
  executor_client::Submission::Step step;
};

using SubmissionEvent = uint8_t;
SubmissionEvent started_at(int member);  // known to lead
SubmissionEvent started_looking();
SubmissionEvent probed(unsigned answering, unsigned leading);  // a bit for each member
SubmissionEvent unanswered();
SubmissionEvent answered(executor_client::Submission::Answer answer, int hint);
SubmissionEvent asked(bool known);

// The ways on after the event: where it ends in a pause, both the one in which time is left
// and the one in which it is not.
std::vector<SubmissionMove> after(const SubmissionTrace& trace, SubmissionEvent event);

}  // namespace bookstore::models
