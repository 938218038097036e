#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/random.h"
#include "contracts/methods.h"
#include "rpc/call_context.h"

namespace bookstore::executor_client {

// How one submission ended (docs/ARCHITECTURE.md, life of an order, step 4).
struct SubmitResult {
  enum class Kind {
    kAccepted,  // durable, applied and accepted by this submission
    kKnown,     // the machine has the order from an earlier try; `state` says where it is
    kRefused,   // proven not to be in the log by any try of this submission; `refusal` says why
    kUnknown,   // a Submit was started and nobody could say by the deadline what became of it
  };
  Kind kind = Kind::kUnknown;
  contracts::executor::OrderState state = contracts::executor::ORDER_STATE_UNSPECIFIED;
  std::string reason;   // of the state, may be empty
  uint64_t index = 0;   // of the entry that made the state
  std::string clock;    // of the executor's answer (wire form), empty when a read found the order
  std::string refusal;  // kRefused: no_leader | queue_full | expired | clock_skew
};

struct OrderView {
  // ORDER_STATE_UNSPECIFIED: no member that answered knows the order. It may still be on its way.
  contracts::executor::OrderState state = contracts::executor::ORDER_STATE_UNSPECIFIED;
  std::string reason;
  uint64_t index = 0;
  std::string clock = {};  // wire form; empty once the executor has retired the order
};

// What the leader said to an operator's request.
struct AdminResult {
  enum class Kind { kDone, kRefused, kUnknownOrder };
  Kind kind = Kind::kDone;
  std::string code;      // unless done: not_parked, finished, decided_commit, decided_abort, …
  std::string sentence;  // the same for people
  // As the order is now (kDone, kRefused).
  contracts::executor::OrderState state = contracts::executor::ORDER_STATE_UNSPECIFIED;
  std::string reason;
  uint64_t index = 0;
};

struct MemberStatus {
  std::string address;
  absl::StatusOr<contracts::executor::StatusReply> status;
};

// This process's way to the executor cluster: finds the leader, submits, reads. Any thread.
// Every `done` runs exactly once, on a thread of the rpc layer or of this client's timer: post on
// from there, never block in it.
class Client {
 public:
  struct Config {
    std::vector<std::string> members;          // HOST:PORT, at least one
    base::DurationMs submit_timeout_ms = 500;  // one Submit
    base::DurationMs probe_timeout_ms = 200;   // one Status or GetOrder
    // How long to look for a leader before `no_leader`: longer than one election (300–600 ms).
    base::DurationMs leader_wait_ms = 700;
    base::DurationMs pause_min_ms = 20;  // between rounds of questions; doubles up to the maximum
    base::DurationMs pause_max_ms = 200;
    // A leader that answered longer ago than this is probed before it is given a Submit, so that
    // a dead executor is a clean refusal and not an unknown outcome.
    base::DurationMs leader_fresh_ms = 1'000;
  };
  struct CallScope {
    base::Deadline deadline;
    rpc::OrderScope order = {};
    std::string traceparent = {};
  };
  struct Counters {
    uint64_t submits = 0, accepted = 0, known = 0, refused = 0, unknown = 0;
  };

  // `clock` and `random` outlive the client.
  Client(Config config, const base::Clock& clock, base::Random& random);
  // Ends what is in flight and waits until every `done` has run. Not from a `done`.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // One submission. A started Submit is never sent again: what does not end in the executor's own
  // reply is asked for by id, at every member, until the deadline.
  void submit(const contracts::executor::SubmitRequest& request, CallScope scope,
              std::function<void(SubmitResult)> done);

  // Asks every member until one knows the order. Unavailable when no member answered.
  void get_order(const std::string& order_id, CallScope scope,
                 std::function<void(absl::StatusOr<OrderView>)> done);

  // Of every member, in the order of Config::members.
  void status(CallScope scope, std::function<void(std::vector<MemberStatus>)> done);

  // For operators. Unavailable: no leader was found, nothing was done. Any other error: nobody
  // knows whether it was done; look at the order before asking again.
  void retry_order(const std::string& order_id, CallScope scope,
                   std::function<void(absl::StatusOr<AdminResult>)> done);
  void abort_order(const std::string& order_id, CallScope scope,
                   std::function<void(absl::StatusOr<AdminResult>)> done);
  // All that is known of one order, from the leader if it answers, else from the member that has
  // applied most. Unavailable when none answered.
  void describe_order(
      const std::string& order_id, CallScope scope,
      std::function<void(absl::StatusOr<contracts::executor::DescribeOrderReply>)> done);

  // The address of the member that led when last heard, or empty.
  std::string leader() const;
  Counters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bookstore::executor_client
