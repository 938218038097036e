// The bytes of the whole state of an OrderMachine (base/bytes.h; first byte: version). One state
// has one encoding: ids ascend, nothing is optional.
#include "base/bytes.h"
#include "base/check.h"
#include "order_executor/order_machine.h"

namespace bookstore::order_executor {
namespace {

using base::ByteReader;
using base::ByteWriter;

constexpr uint8_t kVersion = 1;

void write_order(const Order& order, ByteWriter& out) {
  out.string(order.id.value);
  out.u8(static_cast<uint8_t>(order.state));
  out.u64(order.accepted_index);
  out.u64(order.index);
  out.u64(static_cast<uint64_t>(order.changed_ms));
  out.u64(static_cast<uint64_t>(order.key));
  out.varint(order.lines.size());
  for (const Line& line : order.lines) {
    out.string(line.book_id);
    out.varint(line.quantity);
  }
  out.string(order.amount.currency);
  out.u64(static_cast<uint64_t>(order.amount.minor));
  out.string(order.card_token);
  out.u8(static_cast<uint8_t>(order.shipping_class));
  out.u64(static_cast<uint64_t>(order.accept_before_ms));
  out.u8(static_cast<uint8_t>(order.decision));
  out.u8(static_cast<uint8_t>(order.abort_scope));
  out.u8(static_cast<uint8_t>(order.park_kind));
  out.string(order.reason);
  out.string(order.clock);
}

void write_configuration(const Configure& configuration, ByteWriter& out) {
  out.u64(configuration.queue_capacity);
  out.u32(configuration.executing_capacity);
  for (const auto offset : configuration.class_offset_ms) out.u64(static_cast<uint64_t>(offset));
}

// The states that the log gives an order.
bool of_the_log(State state) {
  return state == State::kAccepted || state == State::kExecuting || state == State::kCompleted ||
         state == State::kFailed || state == State::kNeedsAttention || state == State::kCanceled;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : in_(bytes) {}

  ByteReader& in() { return in_; }
  bool ok() const { return valid_ && in_.ok(); }
  void expect(bool condition) { valid_ = valid_ && condition; }

  template <class Enum>
  Enum enumerator(Enum first, Enum last) {
    const uint8_t value = in_.u8();
    expect(value >= static_cast<uint8_t>(first) && value <= static_cast<uint8_t>(last));
    return static_cast<Enum>(value);
  }
  State state() {
    const State state = enumerator(State::kReceived, State::kCanceled);
    expect(of_the_log(state));
    return state;
  }
  int64_t i64() { return static_cast<int64_t>(in_.u64()); }

  Order order() {
    Order order;
    order.id = {in_.string()};
    order.state = state();
    order.accepted_index = in_.u64();
    order.index = in_.u64();
    order.changed_ms = i64();
    order.key = i64();
    for (uint64_t count = in_.varint(); ok() && count > 0; --count) {
      Line line;
      line.book_id = in_.string();
      const uint64_t quantity = in_.varint();
      expect(quantity <= UINT32_MAX);
      line.quantity = static_cast<uint32_t>(quantity);
      order.lines.push_back(std::move(line));
    }
    order.amount.currency = in_.string();
    order.amount.minor = i64();
    order.card_token = in_.string();
    order.shipping_class = enumerator(ShippingClass::kExpress, ShippingClass::kEconomy);
    order.accept_before_ms = i64();
    order.decision = enumerator(Decision::kNone, Decision::kAbort);
    order.abort_scope = enumerator(AbortScope::kNobody, AbortScope::kBoth);
    order.park_kind = enumerator(ParkKind::kContradiction, ParkKind::kCaptureRefused);
    order.reason = in_.string();
    order.clock = in_.string();
    return order;
  }

  Configure configuration() {
    Configure configuration;
    configuration.queue_capacity = in_.u64();
    configuration.executing_capacity = in_.u32();
    for (auto& offset : configuration.class_offset_ms) offset = i64();
    return configuration;
  }

 private:
  ByteReader in_;
  bool valid_ = true;
};

}  // namespace

std::string OrderMachine::encode() const {
  ByteWriter out;
  out.u8(kVersion);
  out.u64(applied_index_);
  out.u64(static_cast<uint64_t>(time_ms_));
  out.u64(illegal_);
  out.u64(queue_.dispatched());
  write_configuration(configuration_, out);
  out.varint(orders_.size());
  for (const auto& [id, order] : orders_) write_order(order, out);
  out.varint(by_expiry_.size());
  for (const auto& [accept_before_ms, id] : by_expiry_) {
    const Finished& finished = finished_.at(id);
    out.u64(static_cast<uint64_t>(accept_before_ms));
    out.string(id.value);
    out.u8(static_cast<uint8_t>(finished.state));
    out.string(finished.reason);
    out.u64(finished.index);
  }
  return out.take();
}

std::optional<OrderMachine> OrderMachine::decode(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.in().u8() != kVersion) return std::nullopt;
  OrderMachine machine;
  machine.applied_index_ = reader.in().u64();
  machine.time_ms_ = reader.i64();
  machine.illegal_ = reader.in().u64();
  machine.queue_ = DispatchQueue(reader.in().u64());
  machine.configuration_ = reader.configuration();
  for (uint64_t count = reader.in().varint(); reader.ok() && count > 0; --count) {
    Order order = reader.order();
    if (!reader.ok() || !machine.take_back(std::move(order))) return std::nullopt;
  }
  for (uint64_t count = reader.in().varint(); reader.ok() && count > 0; --count) {
    const base::WallMs accept_before_ms = reader.i64();
    base::OrderId id{reader.in().string()};
    Finished finished{reader.state(), reader.in().string(), reader.in().u64(), accept_before_ms};
    reader.expect(orders::terminal(finished.state));
    if (!reader.ok() || !machine.take_back(std::move(id), std::move(finished))) return std::nullopt;
  }
  if (!reader.ok() || !reader.in().finished()) return std::nullopt;
  return machine;
}

// False for what encode() cannot have written.
bool OrderMachine::take_back(Order order) {
  if (!orders_.empty() && !(orders_.rbegin()->first < order.id)) return false;
  if (order.accepted_index > order.index || order.index > applied_index_) return false;
  if (order.state == State::kAccepted) {
    if (queue_.holds(order.accepted_index)) return false;
    queue_.push(order.id, order.key, order.accepted_index);
  }
  if (order.state == State::kExecuting) executing_.insert(executing_.end(), order.id);
  const base::OrderId id = order.id;
  orders_.emplace_hint(orders_.end(), id, std::move(order));
  return true;
}

bool OrderMachine::take_back(base::OrderId id, Finished finished) {
  const std::pair<base::WallMs, base::OrderId> place(finished.accept_before_ms, id);
  if (!by_expiry_.empty() && !(*by_expiry_.rbegin() < place)) return false;
  if (orders_.count(id) != 0 || !finished_.emplace(std::move(id), std::move(finished)).second) {
    return false;
  }
  by_expiry_.insert(by_expiry_.end(), place);
  return true;
}

uint64_t OrderMachine::state_hash() const {
  return base::hash64(encode());
}

}  // namespace bookstore::order_executor
