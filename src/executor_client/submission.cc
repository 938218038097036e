#include "executor_client/submission.h"

#include <algorithm>

#include "base/check.h"

namespace bookstore::executor_client {

using Kind = Submission::Step::Kind;

Submission::Step Submission::start(std::optional<size_t> leader, base::SteadyMs now_ms) {
  look_until_ms_ = std::min(config_.deadline_ms, now_ms + config_.leader_wait_ms);
  return leader ? submit_to(*leader) : Step{.kind = Kind::kProbe};
}

Submission::Step Submission::submit_to(size_t member) {
  BOOKSTORE_CHECK(!unknown_, "a started Submit is never sent again");
  BOOKSTORE_CHECK(member < config_.members, member);
  redirected_.push_back(member);
  in_flight_ = true;
  return {.kind = Kind::kSubmit, .member = member};
}

Submission::Step Submission::probed(const std::vector<std::optional<Probe>>& probes,
                                    base::SteadyMs now_ms) {
  redirected_.clear();
  // An old leader that was cut off may not know yet: the highest term leads.
  std::optional<size_t> leader;
  for (size_t member = 0; member < probes.size(); ++member) {
    if (!probes[member] || !probes[member]->leader) continue;
    if (!leader || probes[member]->term > probes[*leader]->term) leader = member;
  }
  if (leader && now_ms < config_.deadline_ms) return submit_to(*leader);
  return look_again(now_ms);
}

Submission::Step Submission::submitted(std::optional<Answer> answer,
                                       std::optional<size_t> leader_hint, base::SteadyMs now_ms) {
  in_flight_ = false;
  if (!answer) {
    unknown_ = true;
    pause_ms_ = config_.pause_min_ms;
    return {.kind = Kind::kAsk};
  }
  switch (*answer) {
    case Answer::kAccepted:
      return {.kind = Kind::kAccepted};
    case Answer::kKnown:
      return {.kind = Kind::kKnown};
    case Answer::kQueueFull:
      return {.kind = Kind::kRefused, .refusal = "queue_full"};
    case Answer::kExpired:
      return {.kind = Kind::kRefused, .refusal = "expired"};
    case Answer::kClockSkew:
      refusal_ = "clock_skew";
      // Another member may lead with a better clock; alone, waiting helps nobody.
      if (config_.members == 1) return stopped();
      return look_again(now_ms);
    case Answer::kNotLeader:
      break;
  }
  refusal_ = "no_leader";
  const bool new_hint =
      leader_hint && *leader_hint < config_.members &&
      std::find(redirected_.begin(), redirected_.end(), *leader_hint) == redirected_.end();
  if (new_hint && now_ms < config_.deadline_ms) return submit_to(*leader_hint);
  return look_again(now_ms);
}

Submission::Step Submission::not_sent(base::SteadyMs now_ms) {
  in_flight_ = false;
  return look_again(now_ms);
}

Submission::Step Submission::asked(bool known, base::SteadyMs now_ms) {
  if (known) return {.kind = Kind::kKnown};
  return pause(config_.deadline_ms, now_ms);
}

Submission::Step Submission::paused(base::SteadyMs now_ms) {
  const base::SteadyMs until_ms = unknown_ ? config_.deadline_ms : look_until_ms_;
  if (now_ms >= until_ms) return stopped();
  return {.kind = unknown_ ? Kind::kAsk : Kind::kProbe};
}

Submission::Step Submission::look_again(base::SteadyMs now_ms) {
  return pause(look_until_ms_, now_ms);
}

Submission::Step Submission::pause(base::SteadyMs until_ms, base::SteadyMs now_ms) {
  if (now_ms >= until_ms) return stopped();
  const base::DurationMs pause_ms = std::min(pause_ms_, until_ms - now_ms);
  pause_ms_ = std::min(2 * pause_ms_, config_.pause_max_ms);
  return {.kind = Kind::kPause, .pause_ms = pause_ms};
}

Submission::Step Submission::stopped() const {
  if (unknown_ || in_flight_) return {.kind = Kind::kUnknown};
  return {.kind = Kind::kRefused, .refusal = refusal_};
}

}  // namespace bookstore::executor_client
