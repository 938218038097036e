#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace bookstore::executor_client {

// The protocol of one submission, without I/O: events in, the next step out. It is where the rule
// lives that makes a 503 honest: a Submit is started again only when the machine itself proved
// that the one before proposed nothing, and `refused` is said only with such a proof for every
// try. One thread at a time.
class Submission {
 public:
  struct Config {
    size_t members = 1;
    base::DurationMs leader_wait_ms = 700;
    base::DurationMs pause_min_ms = 20;
    base::DurationMs pause_max_ms = 200;
    base::SteadyMs deadline_ms = 0;
  };

  // The executor's own answers to Submit.
  enum class Answer { kAccepted, kKnown, kNotLeader, kQueueFull, kExpired, kClockSkew };

  struct Step {
    enum class Kind {
      kProbe,   // Status at every member, then probed()
      kSubmit,  // Submit to `member`, then submitted() or not_sent()
      kAsk,     // GetOrder at every member, then asked()
      kPause,   // wait `pause_ms`, then paused()
      kAccepted,
      kKnown,
      kRefused,  // for `refusal`
      kUnknown,
    };
    Kind kind = Kind::kProbe;
    size_t member = 0;
    base::DurationMs pause_ms = 0;
    std::string_view refusal = {};

    bool final() const { return kind >= Kind::kAccepted; }
  };

  // What a member said to a read-only probe; empty when it did not answer.
  struct Probe {
    bool leader = false;
    uint64_t term = 0;
  };

  explicit Submission(Config config) : config_(config), pause_ms_(config.pause_min_ms) {}

  // `leader`: the member that is known to lead right now, if any.
  Step start(std::optional<size_t> leader, base::SteadyMs now_ms);
  Step probed(const std::vector<std::optional<Probe>>& probes, base::SteadyMs now_ms);
  // Empty: the Submit was started and ended in anything but the executor's own reply.
  Step submitted(std::optional<Answer> answer, std::optional<size_t> leader_hint,
                 base::SteadyMs now_ms);
  // The Submit never left this process.
  Step not_sent(base::SteadyMs now_ms);
  Step asked(bool known, base::SteadyMs now_ms);
  Step paused(base::SteadyMs now_ms);
  // The caller gives up.
  Step stopped() const;

 private:
  Step submit_to(size_t member);
  Step look_again(base::SteadyMs now_ms);
  Step pause(base::SteadyMs until_ms, base::SteadyMs now_ms);

  const Config config_;
  base::DurationMs pause_ms_;
  base::SteadyMs look_until_ms_ = 0;
  std::vector<size_t> redirected_;  // since the last probe, against a circle of hints
  std::string_view refusal_ = "no_leader";
  bool in_flight_ = false;  // a Submit is started and not answered
  bool unknown_ = false;    // a Submit ended without an answer: from here on only ask
};

}  // namespace bookstore::executor_client
