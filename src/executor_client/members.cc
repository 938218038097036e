#include "executor_client/members.h"

#include <algorithm>

#include "base/check.h"

namespace bookstore::executor_client {

Members::Members(const std::vector<std::string>& addresses, const base::Clock& clock,
                 base::Random& random)
    : addresses_(addresses), clock_(clock) {
  BOOKSTORE_CHECK(!addresses_.empty(), "an executor has at least one member");
  for (const std::string& address : addresses_) {
    clients_.push_back(std::make_unique<rpc::Client>(
        rpc::Client::Config{.peer = "executor", .addresses = {address}}, clock, random));
  }
}

Members::~Members() {
  BOOKSTORE_CHECK(closed_ && operations_.empty(), operations_.size(), " operations in flight");
}

std::optional<size_t> Members::find(const std::string& address) const {
  const auto found = std::find(addresses_.begin(), addresses_.end(), address);
  if (found == addresses_.end()) return std::nullopt;
  return static_cast<size_t>(found - addresses_.begin());
}

void Members::heard_leader(size_t member) {
  const std::lock_guard lock(mutex_);
  leader_ = member;
  leader_heard_at_ms_ = clock_.steady_ms();
}

void Members::forget_leader(size_t member) {
  const std::lock_guard lock(mutex_);
  if (leader_ == member) leader_.reset();
}

std::optional<size_t> Members::leader(base::DurationMs age_max_ms) const {
  const std::lock_guard lock(mutex_);
  if (clock_.steady_ms() - leader_heard_at_ms_ > age_max_ms) return std::nullopt;
  return leader_;
}

bool Members::enter(const std::shared_ptr<Operation>& operation) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  operations_.insert(operation);
  return true;
}

void Members::leave(const std::shared_ptr<Operation>& operation) {
  const std::lock_guard lock(mutex_);
  operations_.erase(operation);
  if (operations_.empty()) idle_.notify_all();
}

void Members::close() {
  std::set<std::shared_ptr<Operation>> running;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    running = operations_;
  }
  timer_.hurry();
  for (const auto& operation : running) operation->stop();
  running.clear();
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return operations_.empty(); });
}

}  // namespace bookstore::executor_client
