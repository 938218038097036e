#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/money.h"
#include "causality/vector_clock.h"
#include "payment/participant.h"
#include "payment/provider_calls.h"
#include "postgres/pool.h"

namespace bookstore::payment {

// The SQL of payment.participant, payment.ledger and payment.fence: rows in, rows out; what they
// mean is decided in participant.h.

struct OrderRow {
  State state = State::kNone;
  std::string reason;
  std::string token;
  base::Money amount;
  causality::VectorClock clock;
  Facts facts;
  std::string authorise_reason;
};

struct VaultRow {
  std::string order_id;
  std::string provider_token;
};

// Everything a call needs to decide; the fence and the orders stay locked until its transaction
// ends.
struct LockedRows {
  bool stale = false;  // a higher fence has been seen
  std::map<std::string, OrderRow> orders;
  std::map<std::string, VaultRow> vault;  // by token
};

// Locks in the order that every call takes: fence, then orders by id. `facts` are written first.
absl::StatusOr<LockedRows> lock_rows(postgres::Transaction& transaction, int64_t fence,
                                     const std::vector<std::string>& order_ids,
                                     const std::vector<std::string>& tokens,
                                     std::span<const Fact> facts);

// What a call writes, gathered so that each kind of write is one statement for all its orders.
// State, fence and clock of a row are written together, and nothing when a higher fence is there.
class RowWrites {
 public:
  void insert(const std::string& order_id, const OrderRow& row);
  void move(const std::string& order_id, State from, const OrderRow& row);
  // The intents of this work, once.
  void intend(const std::string& order_id, Work work, const base::Money& amount);

  // ABORTED, so that the transaction starts again, when a row was made or moved meanwhile.
  absl::Status run(postgres::Transaction& transaction, int64_t fence) const;

 private:
  struct Rows {
    std::vector<std::string> order_ids;
    std::vector<std::string_view> states;
    std::vector<std::string> reasons;
    std::vector<postgres::Bytes> clocks;
  };
  Rows made_;
  std::vector<std::string> made_tokens_, made_currencies_;
  std::vector<int64_t> made_minors_;
  Rows moved_;
  std::vector<std::string_view> moved_from_;
  struct {
    std::vector<std::string> keys, order_ids;
    std::vector<std::string_view> steps;
    std::vector<std::string> currencies;
    std::vector<int64_t> minors;
  } intents_;
};

// Writes facts that came after their call had been answered.
absl::Status write_facts(postgres::Pool& pool, std::span<const Fact> facts,
                         base::Deadline deadline);

// The provider's key of a step: "ord_…:authorise".
std::string step_key(const std::string& order_id, std::string_view step);

inline constexpr std::string_view kAuthoriseStep = "authorise";
inline constexpr std::string_view kCaptureStep = "capture";
inline constexpr std::string_view kCancelStep = "cancel";
inline constexpr std::string_view kVoidStep = "void";

}  // namespace bookstore::payment
