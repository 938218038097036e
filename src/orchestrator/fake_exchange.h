#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "http/router.h"

namespace bookstore::orchestrator {

// For tests: a request that did not come over a socket, and its answer.
class FakeExchange final : public http::Exchange {
 public:
  explicit FakeExchange(http::Request request) : request_(std::move(request)) {}

  const http::Request& request() const override { return request_; }
  std::string take_body() override { return std::move(request_.body); }
  void respond(http::Response response) override {
    const std::lock_guard lock(mutex_);
    if (answer_) return;
    answer_ = std::move(response);
    answered_.notify_all();
  }
  bool closed() const override {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  void on_close(std::function<void()> closed) override {
    const std::lock_guard lock(mutex_);
    callback_ = std::move(closed);
  }

  void lose_client() {
    std::function<void()> callback;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      callback = callback_;
    }
    if (callback) callback();
  }
  // Waits for it; status 0 when none comes.
  http::Response answer() {
    std::unique_lock lock(mutex_);
    answered_.wait_for(lock, std::chrono::seconds(10), [this] { return answer_.has_value(); });
    return answer_.value_or(http::Response{.status = 0});
  }
  bool answered() const {
    const std::lock_guard lock(mutex_);
    return answer_.has_value();
  }

 private:
  http::Request request_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable answered_;
  std::optional<http::Response> answer_;
  bool closed_ = false;
  std::function<void()> callback_;
};

// Gives `request` to the handler that the router has for it.
inline std::shared_ptr<FakeExchange> serve(const http::Router& router, http::Request request) {
  auto match = router.match(request.method, request.path);
  if (match.handler == nullptr) return nullptr;
  request.path_params = std::move(match.path_params);
  request.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  auto exchange = std::make_shared<FakeExchange>(std::move(request));
  (*match.handler)(exchange);
  return exchange;
}

}  // namespace bookstore::orchestrator
