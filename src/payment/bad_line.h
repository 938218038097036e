#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "payment/provider.h"

namespace bookstore::payment {

// For tests: a provider behind a line that can be cut: requests that do not arrive, replies that do
// not come back, and a provider that is silent until told otherwise.
class BadLine final : public Provider {
 public:
  explicit BadLine(Provider& provider) : provider_(provider) {}

  enum class Fault { kNone, kRequestLost, kReplyLost };
  // Asked for every money call.
  std::function<Fault()> fault = [] { return Fault::kNone; };

  void fall_silent() {
    const std::lock_guard lock(mutex_);
    silent_ = true;
  }
  void speak() {
    {
      const std::lock_guard lock(mutex_);
      silent_ = false;
    }
    speaks_.notify_all();
  }

  absl::StatusOr<TokeniseAnswer> tokenise(const Card& card, std::string_view cvc,
                                          base::Deadline deadline) override {
    return provider_.tokenise(card, cvc, deadline);
  }
  absl::StatusOr<ProviderAnswer> authorise(const std::string& token, const base::Money& amount,
                                           const std::string& key,
                                           base::Deadline deadline) override {
    return over_the_line([&] { return provider_.authorise(token, amount, key, deadline); });
  }
  absl::StatusOr<ProviderAnswer> capture(const std::string& authorisation,
                                         const base::Money& amount, const std::string& key,
                                         base::Deadline deadline) override {
    if (refuse_captures) return ProviderAnswer{Outcome::kDeclined, "expired_authorisation", {}};
    return over_the_line([&] { return provider_.capture(authorisation, amount, key, deadline); });
  }
  absl::StatusOr<ProviderAnswer> void_authorisation(const std::string& authorisation,
                                                    const std::string& key,
                                                    base::Deadline deadline) override {
    return over_the_line(
        [&] { return provider_.void_authorisation(authorisation, key, deadline); });
  }
  absl::StatusOr<ProviderAnswer> lookup(const std::string& key, base::Deadline deadline) override {
    return over_the_line([&] { return provider_.lookup(key, deadline); });
  }
  absl::StatusOr<ProviderAnswer> cancel(const std::string& key, base::Deadline deadline) override {
    return over_the_line([&] { return provider_.cancel(key, deadline); });
  }

  bool refuse_captures = false;

 private:
  template <class Call>
  absl::StatusOr<ProviderAnswer> over_the_line(Call call) {
    Fault now;
    {
      std::unique_lock lock(mutex_);
      speaks_.wait(lock, [&] { return !silent_; });
      now = fault();
    }
    if (now == Fault::kRequestLost) return absl::UnavailableError("request lost");
    auto answer = call();
    if (now == Fault::kReplyLost) return absl::DeadlineExceededError("reply lost");
    return answer;
  }

  Provider& provider_;
  std::mutex mutex_;  // guards silent_ and the calls of fault()
  std::condition_variable speaks_;
  bool silent_ = false;
};

}  // namespace bookstore::payment
