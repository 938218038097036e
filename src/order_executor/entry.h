#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/money.h"
#include "order_executor/order_state.h"

namespace bookstore::order_executor {

struct Line {
  std::string book_id;
  uint32_t quantity = 0;
  friend bool operator==(const Line&, const Line&) = default;
};

// What moves the machine. `clock` is the wire form of the order's vector clock after the event
// that the entry records, so that a later leader continues the same history.
struct Submit {
  base::OrderId id;
  std::vector<Line> lines;
  base::Money amount;
  std::string card_token;
  ShippingClass shipping_class = ShippingClass::kStandard;
  std::string clock;
  base::WallMs accept_before_ms = 0;
  friend bool operator==(const Submit&, const Submit&) = default;
};

// Takes waiting orders out of the queue, in the order given. At most kBatchMax.
struct Begin {
  std::vector<base::OrderId> ids;
  friend bool operator==(const Begin&, const Begin&) = default;
};

// The commit point of the two-phase commit: the first one of an order wins.
struct Decide {
  base::OrderId id;
  Decision decision = Decision::kNone;
  AbortScope abort_scope = AbortScope::kBoth;  // read only when aborting
  std::string reason;                          // out_of_stock, card_declined, …
  std::string clock;
  friend bool operator==(const Decide&, const Decide&) = default;
};

// Every participant has acknowledged the decision.
struct Finish {
  base::OrderId id;
  std::string clock;
  friend bool operator==(const Finish&, const Finish&) = default;
};

struct Park {
  base::OrderId id;
  ParkKind kind = ParkKind::kContradiction;
  std::string reason;
  std::string clock;
  friend bool operator==(const Park&, const Park&) = default;
};

// An operator lets a parked order go on from where it stopped.
struct Resume {
  base::OrderId id;
  friend bool operator==(const Resume&, const Resume&) = default;
};

// An operator gives up an order whose capture was refused for good: void, release, failed.
struct Fail {
  base::OrderId id;
  std::string reason;
  friend bool operator==(const Fail&, const Fail&) = default;
};

// Legal until Begin.
struct Cancel {
  base::OrderId id;
  std::string reason;
  friend bool operator==(const Cancel&, const Cancel&) = default;
};

// An order whose terminal row is durable in PostgreSQL, and the newest accept_before that was ever
// written for it: its row gets no other, so no Submit with a later one can exist (docs/adr/0006).
struct RetiredOrder {
  base::OrderId id;
  base::WallMs accept_before_ms = 0;
  friend auto operator<=>(const RetiredOrder&, const RetiredOrder&) = default;
};

// At most kBatchMax.
struct Retire {
  std::vector<RetiredOrder> orders;
  friend bool operator==(const Retire&, const Retire&) = default;
};

// The queue's rules, replicated because they decide the order of dispatch. Keys that were given
// before stay as they are.
struct Configure {
  uint64_t queue_capacity = 100'000;
  uint32_t executing_capacity = 64;
  // No order that enters more than the difference of two offsets later overtakes.
  base::DurationMs class_offset_ms[kShippingClasses] = {0, 30'000, 120'000};
  friend bool operator==(const Configure&, const Configure&) = default;
};

// Only carries time.
struct Time {
  friend bool operator==(const Time&, const Time&) = default;
};

using Command = std::variant<Submit, Begin, Decide, Finish, Park, Resume, Fail, Cancel, Retire,
                             Configure, Time>;

struct Entry {
  base::WallMs time_ms = 0;  // the proposer's wall clock
  Command command;
  friend bool operator==(const Entry&, const Entry&) = default;
};

// The two-phase commit works in lists of at most this many orders.
inline constexpr size_t kBatchMax = 32;

const char* command_name(const Command& command);

// The bytes of an entry in the log (base/bytes.h; first byte: version). decode_entry is empty on
// anything that encode_entry cannot have made.
std::string encode_entry(const Entry& entry);
std::optional<Entry> decode_entry(std::string_view bytes);

}  // namespace bookstore::order_executor
