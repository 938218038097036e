#include "tests/models/submissions.h"

#include "base/check.h"

namespace bookstore::models {
namespace {

using executor_client::Submission;
using Kind = Submission::Step::Kind;

constexpr base::SteadyMs kEarly = 0;
constexpr base::SteadyMs kDeadline = 1'000'000;

// Kind of event in the upper three bits, its details below.
enum Base : uint8_t {
  kLook = 0,
  kStartAt = 32,
  kProbed = 64,
  kUnanswered = 96,
  kAnswered = 128,
  kAsked = 160,
  kPaused = 192
};

Submission::Step play(Submission& submission, SubmissionEvent event) {
  const uint8_t detail = event & 31;
  switch (event & ~31) {
    case kLook:
      return submission.start(std::nullopt, kEarly);
    case kStartAt:
      return submission.start(detail, kEarly);
    case kProbed: {
      std::vector<std::optional<Submission::Probe>> probes(2);
      for (unsigned member = 0; member < 2; ++member) {
        if ((detail & (1u << member)) == 0) continue;
        probes[member] = Submission::Probe{(detail & (4u << member)) != 0, member + 1};
      }
      return submission.probed(probes, kEarly);
    }
    case kUnanswered:
      return submission.submitted(std::nullopt, std::nullopt, kEarly);
    case kAnswered: {
      std::optional<size_t> hint;
      if (detail >> 3 != 0) hint = static_cast<size_t>((detail >> 3) - 1);
      return submission.submitted(static_cast<Submission::Answer>(detail & 7), hint, kEarly);
    }
    case kAsked:
      return submission.asked(detail != 0, kEarly);
    case kPaused:
      return submission.paused(detail != 0 ? kDeadline : kEarly);
  }
  BOOKSTORE_CHECK(false, "event ", static_cast<int>(event));
  return {};
}

void add(SubmissionTrace& trace, SubmissionEvent event) {
  BOOKSTORE_CHECK(trace.count < trace.events.size(), "a submission without an end");
  trace.events[trace.count++] = event;
}

// The shortest history with the same future.
SubmissionTrace shortened(const SubmissionTrace& trace, const Submission::Step& step) {
  SubmissionTrace short_one;
  switch (step.kind) {
    case Kind::kProbe:
      add(short_one, started_looking());
      return short_one;
    case Kind::kAsk:
      add(short_one, started_at(0));
      add(short_one, unanswered());
      return short_one;
    case Kind::kSubmit:
      return trace;
    default:
      return {};
  }
}

}  // namespace

SubmissionEvent started_looking() {
  return kLook;
}
SubmissionEvent started_at(int member) {
  return static_cast<uint8_t>(kStartAt + member);
}
SubmissionEvent probed(unsigned answering, unsigned leading) {
  return static_cast<uint8_t>(kProbed + answering + 4 * leading);
}
SubmissionEvent unanswered() {
  return kUnanswered;
}
SubmissionEvent answered(Submission::Answer answer, int hint) {
  return static_cast<uint8_t>(kAnswered + static_cast<int>(answer) + 8 * (hint + 1));
}
SubmissionEvent asked(bool known) {
  return static_cast<uint8_t>(kAsked + (known ? 1 : 0));
}

std::vector<SubmissionMove> after(const SubmissionTrace& before, SubmissionEvent event) {
  SubmissionTrace trace = before;
  add(trace, event);
  const auto played = [&](const SubmissionTrace& events) {
    Submission submission({.members = 2, .deadline_ms = kDeadline});
    Submission::Step step;
    for (int i = 0; i < events.count; ++i) step = play(submission, events.events[i]);
    return step;
  };
  const Submission::Step step = played(trace);
  if (step.kind != Kind::kPause) return {{shortened(trace, step), step}};
  std::vector<SubmissionMove> moves;
  for (const bool late : {false, true}) {
    SubmissionTrace paused = trace;
    add(paused, static_cast<uint8_t>(kPaused + (late ? 1 : 0)));
    const Submission::Step next = played(paused);
    moves.push_back({shortened(paused, next), next});
  }
  return moves;
}

}  // namespace bookstore::models
