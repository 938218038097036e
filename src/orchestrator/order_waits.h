#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "http/router.h"
#include "orchestrator/ports.h"

namespace bookstore::orchestrator {

// Answers GET /v1/orders/{id}, at once or, with `Prefer: wait`, when the order has come to rest
// (or, with If-None-Match, has changed). Waiting is driven by the executor's transitions: one read
// when the wait begins, one per transition that could end it, one at its end; never by polling.
// A row that is `submitting` says less than the executor may know, so it is asked then, wait or
// not. The executor is ahead of the row, by its projection: a transition may be told before it is
// in the row, and one that was told before we listened may be in the row only later. So a wait asks
// the executor once when it has begun to listen (and again after a gap), and brings what it hears
// into the row itself, which the leader's own projection then finds done. Any thread.
class OrderWaits {
 public:
  // `ports` outlives this and the exchanges it holds.
  explicit OrderWaits(const Ports& ports);
  // As stop(), then waits until all are answered.
  ~OrderWaits();
  OrderWaits(const OrderWaits&) = delete;
  OrderWaits& operator=(const OrderWaits&) = delete;

  void answer(std::shared_ptr<http::Exchange> exchange, base::OrderId order_id);
  // Ends all waits now, with the orders as they are, and waits no more: the process drains.
  void stop();
  // Somebody moved an order, or may have moved any, without the executor: who waits for it looks
  // at the row again.
  void moved(const std::string& order_id);
  void all_may_have_moved();
  // Requests that wait for their order.
  size_t waiting() const;

 private:
  class Wait;
  void forget(const Wait* wait, base::SteadyMs due_ms);
  void look_again(const std::function<bool(const Wait&)>& concerned);
  void run();

  const Ports& ports_;
  mutable std::mutex mutex_;  // guards what follows but thread_
  std::condition_variable changed_;
  std::multimap<base::SteadyMs, std::shared_ptr<Wait>> waits_;  // by when they end
  size_t unanswered_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

// The order, or 304 when the client has it.
http::Response order_response(const http::Request& request, const orders::Order& order);

}  // namespace bookstore::orchestrator
