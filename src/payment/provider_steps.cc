#include "payment/provider_steps.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "payment/rows.h"

namespace bookstore::payment {
namespace {

// Only approved and declined say what became of a question; the rest must not be written down.
absl::StatusOr<std::vector<Fact>> verdict(const std::string& key, const base::Money& asked,
                                          const ProviderAnswer& answer) {
  if (answer.outcome == Outcome::kDeclined) {
    return std::vector<Fact>{{key, Outcome::kDeclined, answer.reason}};
  }
  if (answer.outcome == Outcome::kApproved && answer.amount != asked) {
    return std::vector<Fact>{
        {key, Outcome::kDiffers,
         absl::StrCat("approved ", answer.amount.minor, " ", answer.amount.currency, " instead")}};
  }
  if (answer.outcome == Outcome::kApproved) {
    return std::vector<Fact>{{key, Outcome::kApproved, answer.reason}};
  }
  return absl::UnavailableError("the provider closed the key or does not know it");
}

// The outcome under a key that may have been used: kUnknown when it was not.
absl::StatusOr<ProviderAnswer> look_first(Provider& provider, const std::string& key,
                                          bool asked_before, base::Deadline deadline) {
  if (!asked_before) return ProviderAnswer{};
  return provider.lookup(key, deadline);
}

}  // namespace

StepKeys step_keys(const std::string& order_id) {
  return {step_key(order_id, kAuthoriseStep), step_key(order_id, kCaptureStep),
          step_key(order_id, kCancelStep), step_key(order_id, kVoidStep)};
}

absl::StatusOr<std::vector<Fact>> ask_authorise(Provider& provider, const StepKeys& keys,
                                                const std::string& provider_token,
                                                const base::Money& amount, bool asked_before,
                                                base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(ProviderAnswer answer,
                             look_first(provider, keys.authorise, asked_before, deadline));
  if (answer.outcome == Outcome::kUnknown) {
    BOOKSTORE_ASSIGN_OR_RETURN(
        answer, provider.authorise(provider_token, amount, keys.authorise, deadline));
  }
  return verdict(keys.authorise, amount, answer);
}

absl::StatusOr<std::vector<Fact>> ask_capture(Provider& provider, const StepKeys& keys,
                                              const base::Money& amount, bool asked_before,
                                              base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(ProviderAnswer answer,
                             look_first(provider, keys.capture, asked_before, deadline));
  if (answer.outcome == Outcome::kUnknown) {
    BOOKSTORE_ASSIGN_OR_RETURN(answer,
                               provider.capture(keys.authorise, amount, keys.capture, deadline));
  }
  return verdict(keys.capture, amount, answer);
}

absl::StatusOr<std::vector<Fact>> ask_cancel_and_void(Provider& provider, const StepKeys& keys,
                                                      base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const ProviderAnswer authorised,
                             provider.cancel(keys.authorise, deadline));
  if (authorised.outcome == Outcome::kUnknown) {
    return absl::UnavailableError("the provider did not say what it closed");
  }
  std::vector<Fact> facts = {{keys.authorise, authorised.outcome, authorised.reason},
                             {keys.cancel, Outcome::kClosed, ""}};
  if (authorised.outcome != Outcome::kApproved) {
    facts.push_back({keys.void_, Outcome::kNotNeeded, ""});
    return facts;
  }
  const auto voided = provider.void_authorisation(keys.authorise, keys.void_, deadline);
  if (!voided.ok()) return facts;  // what is known so far; the next Abort asks for the void again
  if (voided->outcome == Outcome::kApproved || voided->outcome == Outcome::kDeclined) {
    facts.push_back({keys.void_, voided->outcome, voided->reason});
  }
  return facts;
}

}  // namespace bookstore::payment
