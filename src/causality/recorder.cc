#include "causality/recorder.h"

#include <utility>

#include "base/check.h"

namespace bookstore::causality {

Recorder::Recorder(std::string host, VectorClock known) : host_(std::move(host)), clock_(known) {
  BOOKSTORE_CHECK(valid_host(host_), host_);
}

void Recorder::tick_locked(std::string_view text) {
  // Host names come from our own configuration, and an order meets far fewer than kHostsMax.
  const bool ticked = clock_.tick(host_);
  BOOKSTORE_CHECK(ticked, "no room for ", host_, " in ", clock_.to_json());
  if (events_.size() < kEventsMax) events_.push_back({host_, clock_, std::string(text)});
}

void Recorder::local(std::string_view text) {
  const std::lock_guard lock(mutex_);
  tick_locked(text);
}

VectorClock Recorder::send(std::string_view text) {
  const std::lock_guard lock(mutex_);
  tick_locked(text);
  return clock_;
}

void Recorder::receive(std::string_view text, const VectorClock& incoming) {
  const std::lock_guard lock(mutex_);
  // A peer that sends more hosts than fit is wrong, but must not stop us: its clock is then not
  // merged, which the event's text says, and the order's checker will notice.
  const bool merged = clock_.merge(incoming);
  tick_locked(merged ? std::string(text) : std::string(text) + " (clock too large, not merged)");
}

VectorClock Recorder::clock() const {
  const std::lock_guard lock(mutex_);
  return clock_;
}

std::vector<Event> Recorder::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

}  // namespace bookstore::causality
