#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "causality/vector_clock.h"

namespace bookstore::causality {

// One event of one host's history of an order: what happened, and the clock after its tick.
struct Event {
  std::string host;
  VectorClock clock;
  std::string text;
};

// One host's history of one order. Every send, receive and local decision is a tick of its own and
// one event. rpc::call uses the recorder of its caller; rpc::serve uses the one of the ledger.
// Any thread.
class Recorder {
 public:
  // `known` is where the history continues: the clock of a row or a log entry, or empty.
  explicit Recorder(std::string host, VectorClock known = {});

  // A local decision.
  void local(std::string_view text);
  // Ticks and gives the clock to carry: "send X".
  VectorClock send(std::string_view text);
  // Merges, then ticks: "recv X".
  void receive(std::string_view text, const VectorClock& incoming);

  VectorClock clock() const;
  const std::string& host() const { return host_; }
  std::vector<Event> events() const;

 private:
  // At the limit events are counted by the clock but no longer kept; 3,000 retries are a bug.
  static constexpr size_t kEventsMax = 1000;
  void tick_locked(std::string_view text);

  const std::string host_;
  mutable std::mutex mutex_;  // guards clock_ and events_
  VectorClock clock_;
  std::vector<Event> events_;
};

}  // namespace bookstore::causality
