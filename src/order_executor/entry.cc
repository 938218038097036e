#include "order_executor/entry.h"

#include "base/bytes.h"
#include "base/check.h"

namespace bookstore::order_executor {
namespace {

using base::ByteReader;
using base::ByteWriter;

// 2: a Retire names the newest accept_before of each order. Version 1 is still read: it named none.
constexpr uint8_t kVersion = 2;
constexpr uint8_t kOldestVersion = 1;
// Far above any legal message; a damaged count must not become an allocation.
constexpr uint64_t kLinesMax = 1'000;

// The tag of a command is its place in the variant, which therefore only ever grows at the end.
constexpr const char* kNames[] = {"submit", "begin",  "decide", "finish",    "park", "resume",
                                  "fail",   "cancel", "retire", "configure", "time"};
static_assert(std::size(kNames) == std::variant_size_v<Command>);

struct Encoder {
  ByteWriter& out;

  void ids(const std::vector<base::OrderId>& ids) {
    BOOKSTORE_CHECK(ids.size() <= kBatchMax, ids.size());
    out.varint(ids.size());
    for (const auto& id : ids) out.string(id.value);
  }
  void operator()(const Submit& c) {
    out.string(c.id.value);
    out.varint(c.lines.size());
    for (const Line& line : c.lines) {
      out.string(line.book_id);
      out.varint(line.quantity);
    }
    out.string(c.amount.currency);
    out.u64(static_cast<uint64_t>(c.amount.minor));
    out.string(c.card_token);
    out.u8(static_cast<uint8_t>(c.shipping_class));
    out.string(c.clock);
    out.u64(static_cast<uint64_t>(c.accept_before_ms));
  }
  void operator()(const Begin& c) { ids(c.ids); }
  void operator()(const Decide& c) {
    out.string(c.id.value);
    out.u8(static_cast<uint8_t>(c.decision));
    out.u8(static_cast<uint8_t>(c.abort_scope));
    out.string(c.reason);
    out.string(c.clock);
  }
  void operator()(const Finish& c) {
    out.string(c.id.value);
    out.string(c.clock);
  }
  void operator()(const Park& c) {
    out.string(c.id.value);
    out.u8(static_cast<uint8_t>(c.kind));
    out.string(c.reason);
    out.string(c.clock);
  }
  void operator()(const Resume& c) { out.string(c.id.value); }
  void operator()(const Fail& c) {
    out.string(c.id.value);
    out.string(c.reason);
  }
  void operator()(const Cancel& c) {
    out.string(c.id.value);
    out.string(c.reason);
  }
  void operator()(const Retire& c) {
    BOOKSTORE_CHECK(c.orders.size() <= kBatchMax, c.orders.size());
    out.varint(c.orders.size());
    for (const RetiredOrder& order : c.orders) {
      out.string(order.id.value);
      out.u64(static_cast<uint64_t>(order.accept_before_ms));
    }
  }
  void operator()(const Configure& c) {
    out.varint(c.queue_capacity);
    out.varint(c.executing_capacity);
    for (const auto offset : c.class_offset_ms) out.u64(static_cast<uint64_t>(offset));
  }
  void operator()(const Time&) {}
};

class Decoder {
 public:
  Decoder(ByteReader& in, uint8_t version) : in_(in), version_(version) {}

  // Empty when a value is outside its range; running out of bytes shows in the reader.
  std::optional<Command> command(uint8_t tag) {
    Command command;
    switch (tag) {
      case 0:
        command = submit();
        break;
      case 1:
        command = Begin{ids()};
        break;
      case 2:
        command = decide();
        break;
      case 3:
        command = Finish{id(), in_.string()};
        break;
      case 4:
        command = park();
        break;
      case 5:
        command = Resume{id()};
        break;
      case 6:
        command = Fail{id(), in_.string()};
        break;
      case 7:
        command = Cancel{id(), in_.string()};
        break;
      case 8:
        command = retire();
        break;
      case 9:
        command = configure();
        break;
      case 10:
        command = Time{};
        break;
      default:
        return std::nullopt;
    }
    if (!in_range_) return std::nullopt;
    return command;
  }

 private:
  base::OrderId id() { return {in_.string()}; }

  std::vector<base::OrderId> ids() {
    const uint64_t count = in_.varint();
    expect(count <= kBatchMax);
    std::vector<base::OrderId> ids;
    for (uint64_t i = 0; in_range_ && in_.ok() && i < count; ++i) ids.push_back(id());
    return ids;
  }

  template <class Enum>
  Enum enumerator(Enum first, Enum last) {
    const uint8_t value = in_.u8();
    expect(value >= static_cast<uint8_t>(first) && value <= static_cast<uint8_t>(last));
    return static_cast<Enum>(value);
  }

  Submit submit() {
    Submit c;
    c.id = id();
    const uint64_t count = in_.varint();
    expect(count <= kLinesMax);
    for (uint64_t i = 0; in_range_ && in_.ok() && i < count; ++i) {
      Line line;
      line.book_id = in_.string();
      line.quantity = u32();
      c.lines.push_back(std::move(line));
    }
    c.amount.currency = in_.string();
    c.amount.minor = static_cast<int64_t>(in_.u64());
    c.card_token = in_.string();
    c.shipping_class = enumerator(ShippingClass::kExpress, ShippingClass::kEconomy);
    c.clock = in_.string();
    c.accept_before_ms = static_cast<base::WallMs>(in_.u64());
    return c;
  }

  Decide decide() {
    Decide c;
    c.id = id();
    c.decision = enumerator(Decision::kCommit, Decision::kAbort);
    c.abort_scope = enumerator(AbortScope::kNobody, AbortScope::kBoth);
    c.reason = in_.string();
    c.clock = in_.string();
    return c;
  }

  Park park() {
    Park c;
    c.id = id();
    c.kind = enumerator(ParkKind::kContradiction, ParkKind::kCaptureRefused);
    c.reason = in_.string();
    c.clock = in_.string();
    return c;
  }

  Retire retire() {
    const uint64_t count = in_.varint();
    expect(count <= kBatchMax);
    Retire c;
    for (uint64_t i = 0; in_range_ && in_.ok() && i < count; ++i) {
      RetiredOrder order{id(), 0};
      if (version_ >= 2) order.accept_before_ms = static_cast<base::WallMs>(in_.u64());
      c.orders.push_back(std::move(order));
    }
    return c;
  }

  Configure configure() {
    Configure c;
    c.queue_capacity = in_.varint();
    c.executing_capacity = u32();
    for (auto& offset : c.class_offset_ms) offset = static_cast<base::DurationMs>(in_.u64());
    return c;
  }

  uint32_t u32() {
    const uint64_t value = in_.varint();
    expect(value <= UINT32_MAX);
    return static_cast<uint32_t>(value);
  }

  void expect(bool condition) { in_range_ = in_range_ && condition; }

  ByteReader& in_;
  const uint8_t version_;
  bool in_range_ = true;
};

}  // namespace

const char* command_name(const Command& command) {
  return kNames[command.index()];
}

std::string encode_entry(const Entry& entry) {
  ByteWriter out;
  out.u8(kVersion);
  out.u8(static_cast<uint8_t>(entry.command.index()));
  out.u64(static_cast<uint64_t>(entry.time_ms));
  std::visit(Encoder{out}, entry.command);
  return out.take();
}

std::optional<Entry> decode_entry(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t version = in.u8();
  if (version < kOldestVersion || version > kVersion) return std::nullopt;
  const uint8_t tag = in.u8();
  Entry entry;
  entry.time_ms = static_cast<base::WallMs>(in.u64());
  auto command = Decoder(in, version).command(tag);
  if (!command || !in.finished()) return std::nullopt;
  entry.command = std::move(*command);
  return entry;
}

}  // namespace bookstore::order_executor
