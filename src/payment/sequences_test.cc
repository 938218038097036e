// Random call sequences: payment's SQL and the sandbox must answer and leave rows as the pure table
// says. Each order lives through a sequence of its own: Prepare, Commit and Abort in any order and
// batch, repeated, under fences that rise and fall, over a line to the provider that loses requests
// and answers, in a payment process that is restarted. BOOKSTORE_SEQUENCES sets how many,
// BOOKSTORE_SEED replays one run: which call is lost depends on the seed and the key alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <set>

#include "base/bytes.h"
#include "payment/payments.h"
#include "payment/provider_steps.h"
#include "payment/test_fixture.h"

namespace bookstore::payment {
namespace {

const base::Money kPrice{"EUR", 2599};

uint64_t number_of(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Loses one request and one answer in ten: the n-th call about a key has the same luck on every
// line of one seed, whatever thread makes it.
class SeededLine final : public Provider {
 public:
  SeededLine(Provider& provider, uint64_t seed) : provider_(provider), seed_(seed) {}

  absl::StatusOr<TokeniseAnswer> tokenise(const Card& card, std::string_view cvc,
                                          base::Deadline deadline) override {
    return provider_.tokenise(card, cvc, deadline);
  }
  absl::StatusOr<ProviderAnswer> authorise(const std::string& token, const base::Money& amount,
                                           const std::string& key, base::Deadline by) override {
    return over("authorise", key, [&] { return provider_.authorise(token, amount, key, by); });
  }
  absl::StatusOr<ProviderAnswer> capture(const std::string& of, const base::Money& amount,
                                         const std::string& key, base::Deadline by) override {
    return over("capture", key, [&] { return provider_.capture(of, amount, key, by); });
  }
  absl::StatusOr<ProviderAnswer> void_authorisation(const std::string& of, const std::string& key,
                                                    base::Deadline by) override {
    return over("void", key, [&] { return provider_.void_authorisation(of, key, by); });
  }
  absl::StatusOr<ProviderAnswer> lookup(const std::string& key, base::Deadline by) override {
    return over("lookup", key, [&] { return provider_.lookup(key, by); });
  }
  absl::StatusOr<ProviderAnswer> cancel(const std::string& key, base::Deadline by) override {
    return over("cancel", key, [&] { return provider_.cancel(key, by); });
  }

 private:
  template <class Call>
  absl::StatusOr<ProviderAnswer> over(const std::string& what, const std::string& key, Call call) {
    uint64_t dice;
    {
      const std::lock_guard lock(mutex_);
      const std::string name = what + "/" + key;
      base::SeededRandom random(base::hash64(name, seed_ + calls_[name]++));
      dice = random.below(10);
    }
    if (dice == 0) return absl::UnavailableError("request lost");
    auto answer = call();
    if (dice == 1) return absl::DeadlineExceededError("answer lost");
    return answer;
  }

  Provider& provider_;
  const uint64_t seed_;
  std::mutex mutex_;  // guards calls_
  std::map<std::string, uint64_t> calls_;
};

// The provider's rules over a map. One thread.
class ModelProvider final : public Provider {
 public:
  struct Operation {
    Outcome outcome;
    std::string reason;
    base::Money amount;
    bool closed = false;
  };
  std::map<std::string, Operation> operations;

  absl::StatusOr<TokeniseAnswer> tokenise(const Card&, std::string_view, base::Deadline) override {
    return absl::UnimplementedError("a model has no cards");
  }
  absl::StatusOr<ProviderAnswer> authorise(const std::string& token, const base::Money& amount,
                                           const std::string& key, base::Deadline) override {
    const bool declines = token == "declines";
    operations.try_emplace(key, Operation{declines ? Outcome::kDeclined : Outcome::kApproved,
                                          declines ? "insufficient_funds" : "", amount});
    ProviderAnswer answer = said_of(key);
    if (operations.at(key).closed) answer.outcome = Outcome::kClosed;
    return answer;
  }
  absl::StatusOr<ProviderAnswer> capture(const std::string& of, const base::Money& amount,
                                         const std::string& key, base::Deadline) override {
    return end(of, amount, key, /*voids=*/false);
  }
  absl::StatusOr<ProviderAnswer> void_authorisation(const std::string& of, const std::string& key,
                                                    base::Deadline) override {
    return end(of, {}, key, /*voids=*/true);
  }
  absl::StatusOr<ProviderAnswer> lookup(const std::string& key, base::Deadline) override {
    return said_of(key);
  }
  absl::StatusOr<ProviderAnswer> cancel(const std::string& key, base::Deadline) override {
    operations.try_emplace(key, Operation{Outcome::kClosed, "", {}, true}).first->second.closed =
        true;
    return said_of(key);
  }

 private:
  ProviderAnswer said_of(const std::string& key) const {
    const auto found = operations.find(key);
    if (found == operations.end()) return {};
    return {found->second.outcome, found->second.reason, found->second.amount};
  }
  ProviderAnswer end(const std::string& of, const base::Money& amount, const std::string& key,
                     bool voids) {
    if (operations.contains(key)) return said_of(key);
    const auto authorised = operations.find(of);
    std::string refusal;
    if (authorised == operations.end() || authorised->second.outcome != Outcome::kApproved) {
      refusal = "not_authorised";
    } else if (!voids && authorised->second.closed) {
      refusal = "authorisation_closed";
    } else if (!ended_.insert(of).second) {
      refusal = "already_ended";
    }
    operations[key] = {refusal.empty() ? Outcome::kApproved : Outcome::kDeclined, refusal, amount};
    return said_of(key);
  }
  std::set<std::string> ended_;
};

struct ModelRow {
  State state = State::kNone;
  std::string reason;
  uint64_t fence = 0;
  std::map<std::string, Outcome> ledger;  // by step
};

// What payment must do, from the pure table and the pure conversations with the provider.
class Model {
 public:
  explicit Model(Provider& line) : line_(line) {}
  std::map<std::string, ModelRow> rows;

  OrderAnswer ask(Ask what, uint64_t fence, const OrderCall& call, bool declines) {
    OrderAnswer answer{.order_id = call.order_id};
    highest_ = std::max(highest_, fence);
    if (fence < highest_) {
      answer.answer = Answer::kStaleFence;
      return answer;
    }
    const auto found = rows.find(call.order_id);
    ModelRow row = found == rows.end() ? ModelRow{} : found->second;
    const State before = row.state;
    Decision decision = step(what, row, answer);
    if (decision.next == State::kNone) return answer;
    row.fence = fence;
    if (decision.work != Work::kNone) {
      intend(decision.work, row);
      const auto facts = converse(decision.work, call.order_id, declines, decision.next == before);
      for (const Fact& fact : facts) {
        Outcome& known = row.ledger[fact.key.substr(fact.key.find(':') + 1)];
        if (known != Outcome::kUnknown) continue;
        known = fact.outcome;
        if (fact.key.ends_with(":authorise")) authorise_reasons_[call.order_id] = fact.reason;
      }
      step(what, row, answer);
    }
    rows[call.order_id] = row;
    return answer;
  }

 private:
  Decision step(Ask what, ModelRow& row, OrderAnswer& answer) {
    const auto fact = [&](const char* step) {
      const auto found = row.ledger.find(step);
      return found == row.ledger.end() ? Outcome::kUnknown : found->second;
    };
    const Facts facts{fact("authorise"), fact("capture"), fact("cancel"), fact("void")};
    const Decision decision = decide(row.state, what, {.facts = facts});
    if (decision.learned == State::kRefused && row.state != State::kRefused) {
      row.reason = authorise_reasons_[answer.order_id];
    }
    answer.answer = decision.answer;
    answer.reason = decision.answer == Answer::kRefused ? row.reason : std::string(decision.reason);
    row.state = decision.next;
    return decision;
  }
  static void intend(Work work, ModelRow& row) {
    if (work == Work::kAuthorise) row.ledger.try_emplace("authorise", Outcome::kUnknown);
    if (work == Work::kCapture) row.ledger.try_emplace("capture", Outcome::kUnknown);
    if (work != Work::kCancelAndVoid) return;
    row.ledger.try_emplace("cancel", Outcome::kUnknown);
    row.ledger.try_emplace("void", Outcome::kUnknown);
  }
  std::vector<Fact> converse(Work work, const std::string& order, bool declines, bool again) {
    const StepKeys keys = step_keys(order);
    const auto never = base::Deadline::at(0);
    absl::StatusOr<std::vector<Fact>> facts;
    if (work == Work::kAuthorise) {
      facts = ask_authorise(line_, keys, declines ? "declines" : "approves", kPrice, again, never);
    }
    if (work == Work::kCapture) facts = ask_capture(line_, keys, kPrice, again, never);
    if (work == Work::kCancelAndVoid) facts = ask_cancel_and_void(line_, keys, never);
    return facts.ok() ? *facts : std::vector<Fact>{};
  }

  Provider& line_;
  uint64_t highest_ = 0;
  std::map<std::string, std::string> authorise_reasons_;
};

class PaymentSequences : public PaymentFixture {
 protected:
  void restart(Provider& line) {
    payments_.reset();
    payments_ =
        std::make_unique<Payments>(*pool_, line, Payments::Config{.pending_after_ms = 15'000});
  }
  void expect_same_rows(const Model& model, const std::vector<OrderCall>& batch) {
    std::vector<std::string> ids;
    for (const OrderCall& call : batch) ids.push_back(call.order_id);
    std::map<std::string, ModelRow> rows;
    for (const auto row : sql({"SELECT order_id, state, reason, fence FROM payment.participant "
                               "WHERE order_id = ANY ($1::text[])"},
                              {ids})) {
      rows[row.text("order_id")] = {state_named(row.raw("state")).value_or(State::kNone),
                                    row.text("reason"),
                                    static_cast<uint64_t>(row.int64("fence")),
                                    {}};
    }
    for (const auto row : sql({"SELECT order_id, step, outcome FROM payment.ledger "
                               "WHERE order_id = ANY ($1::text[])"},
                              {ids})) {
      rows[row.text("order_id")].ledger[row.text("step")] =
          outcome_named(row.raw("outcome")).value_or(Outcome::kUnknown);
    }
    for (const std::string& id : ids) {
      const auto expected = model.rows.find(id);
      ASSERT_EQ(rows.contains(id), expected != model.rows.end()) << id;
      if (expected == model.rows.end()) continue;
      ASSERT_EQ(name_of(rows[id].state), name_of(expected->second.state)) << id;
      ASSERT_EQ(rows[id].reason, expected->second.reason) << id;
      ASSERT_EQ(rows[id].fence, expected->second.fence) << id;
      ASSERT_EQ(rows[id].ledger, expected->second.ledger) << id;
    }
  }
  // The sandbox's whole ledger, key by key.
  void expect_same_operations(const ModelProvider& model) {
    std::map<std::string, std::string> at_sandbox, expected;
    for (const auto row :
         sql({"SELECT key, outcome, reason, closed::text FROM sandbox.operation"})) {
      at_sandbox[row.text("key")] =
          absl::StrCat(row.text("outcome"), " ", row.text("reason"), " ", row.text("closed"));
    }
    for (const auto& [key, operation] : model.operations) {
      const std::string_view outcome = name_of(operation.outcome);
      expected[key] = std::string(outcome) + " " + operation.reason + " " +
                      (operation.closed ? "true" : "false");
    }
    EXPECT_EQ(at_sandbox, expected);
  }

  std::unique_ptr<Payments> payments_;
};

TEST_F(PaymentSequences, SqlAndThePureTableAgree) {
  const uint64_t seed = number_of("BOOKSTORE_SEED", 20261122);
  const uint64_t sequences = number_of("BOOKSTORE_SEQUENCES", 500);
  SCOPED_TRACE(absl::StrCat("BOOKSTORE_SEED=", seed, " BOOKSTORE_SEQUENCES=", sequences));
  base::SeededRandom random(seed);
  constexpr size_t kAtOnce = 24;
  // Ids and tokens from the seed alone, so that a run is replayed with its keys.
  base::SeededRandom ids(seed + 1);
  SeededLine line(*sandbox_, seed);
  ModelProvider model_provider;
  SeededLine model_line(model_provider, seed);
  Model model(model_line);
  restart(line);

  struct Alive {
    OrderCall call;
    bool declines;
  };
  std::vector<Alive> alive, last_batch;
  Ask last_ask = Ask::kPrepare;
  uint64_t made = 0;
  uint64_t term = 1;
  std::map<State, int> ends;
  std::map<Answer, int> given;
  while (made < sequences || !alive.empty()) {
    while (made < sequences && alive.size() < kAtOnce) {
      const bool declines = random.below(4) == 0;
      std::string id = "ord_";
      for (int i = 0; i < 26; ++i)
        id += "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[ids.below(i == 0 ? 8 : 32)];
      sql({"INSERT INTO payment.vault (token, order_id, attempt, restart, sealed, provider_token,"
           " brand, last4, clock) VALUES ($1::text || ':t', $1, 1, 0, '', $2, 'visa', '4242', '')"},
          {id, declines ? "sbx_insufficient_funds.1" : "sbx_approved.1"});
      alive.push_back({{id, id + ":t", kPrice, {}}, declines});
      ++made;
    }
    if (random.below(30) == 0) ++term;
    if (random.below(60) == 0) restart(line);
    const uint64_t fence = random.below(12) == 0 && term > 1 ? term - 1 : term;
    const bool retry = !last_batch.empty() && random.below(6) == 0;
    std::vector<Alive> batch = last_batch;
    if (!retry) {
      batch.clear();
      for (const Alive& order : alive) {
        if (random.below(3) == 0 && batch.size() < kBatchOrdersMax) batch.push_back(order);
      }
      last_ask = static_cast<Ask>(random.below(3));
    }
    last_batch = batch;
    if (random.below(20) == 0) continue;  // the coordinator's request was lost
    std::vector<OrderCall> calls;
    for (const Alive& order : batch) calls.push_back(order.call);
    const auto answers = payments_->call(last_ask, fence, calls, deadline());
    ASSERT_TRUE(answers.ok()) << answers.status();
    const bool reply_lost = random.below(20) == 0;
    for (size_t i = 0; i < batch.size(); ++i) {
      const OrderAnswer expected = model.ask(last_ask, fence, batch[i].call, batch[i].declines);
      ++given[expected.answer];
      if (reply_lost) continue;
      ASSERT_EQ(name_of((*answers)[i].answer), name_of(expected.answer))
          << name_of(last_ask) << " of " << batch[i].call.order_id;
      ASSERT_EQ((*answers)[i].reason, expected.reason) << batch[i].call.order_id;
    }
    ASSERT_NO_FATAL_FAILURE(expect_same_rows(model, calls));
    std::erase_if(alive, [&](const Alive& order) {
      if (random.below(10) != 0) return false;
      const auto row = model.rows.find(order.call.order_id);
      ++ends[row == model.rows.end() ? State::kNone : row->second.state];
      return true;
    });
  }
  expect_same_operations(model_provider);
  // Nothing was charged that is not committed, nothing stays authorised that was given up, and our
  // ledger is the provider's.
  for (const auto row : sql({"SELECT name, subject, found FROM payment.published_audit"})) {
    ADD_FAILURE() << row.text("name") << " " << row.text("subject") << " " << row.text("found");
  }
  // Sequences ended everywhere but where only a refused capture leads; every answer was given.
  EXPECT_EQ(ends.size(), 8u);
  EXPECT_EQ(given.size(), kAnswers.size());
}

}  // namespace
}  // namespace bookstore::payment
