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

// Adds the statements to `writes`. Both write state, fence and clock in one statement and nothing
// when a higher fence is there: the caller checks that one row was affected.
void add_insert(postgres::Batch& writes, const std::string& order_id, const OrderRow& row,
                int64_t fence);
void add_move(postgres::Batch& writes, const std::string& order_id, State from, const OrderRow& row,
              int64_t fence);
// The intents of this work, once.
void add_intents(postgres::Batch& writes, const std::string& order_id, Work work,
                 const base::Money& amount);

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
