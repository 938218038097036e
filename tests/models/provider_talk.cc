#include "tests/models/provider_talk.h"

#include <map>

#include "absl/status/status.h"
#include "base/check.h"
#include "payment/provider_steps.h"

namespace bookstore::models {
namespace {

using payment::Outcome;
using payment::ProviderAnswer;

const base::Money kAmount{"EUR", 500};

// Gives the recorded answers, one a call, and notes the first call that has none.
class RecordedProvider : public payment::Provider {
 public:
  explicit RecordedProvider(const Job& job) : job_(job) {}

  absl::StatusOr<payment::TokeniseAnswer> tokenise(const payment::Card&, std::string_view,
                                                   base::Deadline) override {
    return absl::UnimplementedError("not a part of the model");
  }
  absl::StatusOr<ProviderAnswer> authorise(const std::string&, const base::Money&,
                                           const std::string&, base::Deadline) override {
    return next(ProviderCall::kAuthorise);
  }
  absl::StatusOr<ProviderAnswer> capture(const std::string&, const base::Money&, const std::string&,
                                         base::Deadline) override {
    return next(ProviderCall::kCapture);
  }
  absl::StatusOr<ProviderAnswer> void_authorisation(const std::string&, const std::string&,
                                                    base::Deadline) override {
    return next(ProviderCall::kVoid);
  }
  absl::StatusOr<ProviderAnswer> lookup(const std::string& key, base::Deadline) override {
    const bool capture = key == payment::step_keys("o").capture;
    return next(capture ? ProviderCall::kLookCapture : ProviderCall::kLookAuthorise);
  }
  absl::StatusOr<ProviderAnswer> cancel(const std::string&, base::Deadline) override {
    return next(ProviderCall::kCancel);
  }

  std::optional<ProviderCall> wants() const { return wants_; }

 private:
  absl::StatusOr<ProviderAnswer> next(ProviderCall call) {
    if (at_ == job_.count) {
      if (!wants_) wants_ = call;
      return absl::CancelledError("not answered yet");
    }
    const uint8_t answer = job_.answers[at_++];
    if (answer == kNoAnswer) return absl::DeadlineExceededError("the provider is silent");
    ProviderAnswer said;
    said.outcome = static_cast<Outcome>(answer);
    said.amount = kAmount;
    return said;
  }

  const Job& job_;
  uint8_t at_ = 0;
  std::optional<ProviderCall> wants_;
};

absl::StatusOr<std::vector<payment::Fact>> converse(payment::Work work, const Job& job,
                                                    payment::Provider& provider) {
  const payment::StepKeys keys = payment::step_keys("o");
  const auto deadline = base::Deadline::at(0);
  switch (work) {
    case payment::Work::kAuthorise:
      return payment::ask_authorise(provider, keys, "card", kAmount, job.asked_before, deadline);
    case payment::Work::kCapture:
      return payment::ask_capture(provider, keys, kAmount, job.asked_before, deadline);
    case payment::Work::kCancelAndVoid:
      return payment::ask_cancel_and_void(provider, keys, deadline);
    case payment::Work::kNone:
      break;
  }
  BOOKSTORE_CHECK(false, "no work, no conversation");
}

Step step_of(const std::string& key) {
  const payment::StepKeys keys = payment::step_keys("o");
  if (key == keys.authorise) return Step::kAuthorise;
  if (key == keys.capture) return Step::kCapture;
  if (key == keys.cancel) return Step::kCancel;
  BOOKSTORE_CHECK(key == keys.void_, key);
  return Step::kVoid;
}

}  // namespace

const Talk& talk(payment::Work work, const Job& job) {
  static std::map<uint32_t, Talk> known;
  uint32_t name = static_cast<uint32_t>(work) * 2 + (job.asked_before ? 1 : 0);
  name = name * 4 + job.count;
  for (int i = 0; i < job.count; ++i) name = name * 256 + job.answers[static_cast<size_t>(i)];
  const auto [place, fresh] = known.try_emplace(name);
  if (!fresh) return place->second;
  RecordedProvider provider(job);
  const auto facts = converse(work, job, provider);
  Talk& talk = place->second;
  talk.wants = provider.wants();
  if (!talk.wants && facts.ok()) {
    for (const payment::Fact& fact : *facts)
      talk.facts.push_back({step_of(fact.key), fact.outcome});
  }
  return talk;
}

}  // namespace bookstore::models
