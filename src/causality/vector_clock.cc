#include "causality/vector_clock.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"

namespace bookstore::causality {
namespace {

constexpr uint8_t kFormat = 1;

// Hosts start with one of these, so a name costs a byte and its suffix on the wire: ten hosts stay
// within 128 bytes. Positions are part of the format: append only.
constexpr std::array<std::string_view, 7> kKnownPrefixes = {
    "orchestrator", "verification", "fraud", "suggestions", "inventory", "payment", "executor"};
constexpr uint8_t kUnknownPrefix = 0xff;

void write_host(base::ByteWriter& writer, std::string_view host) {
  for (size_t i = 0; i < kKnownPrefixes.size(); ++i) {
    if (!host.starts_with(kKnownPrefixes[i])) continue;
    writer.u8(static_cast<uint8_t>(i));
    writer.string(host.substr(kKnownPrefixes[i].size()));
    return;
  }
  writer.u8(kUnknownPrefix);
  writer.string(host);
}

std::string read_host(base::ByteReader& reader) {
  const uint8_t code = reader.u8();
  const std::string rest = reader.string();
  if (code == kUnknownPrefix) return rest;
  if (code >= kKnownPrefixes.size()) return {};  // no valid host: the caller refuses
  return std::string(kKnownPrefixes[code]) + rest;
}

VectorClock::Entry make_entry(std::string_view host, uint64_t count) {
  VectorClock::Entry entry;
  std::memcpy(entry.name.data(), host.data(), host.size());
  entry.length = static_cast<uint8_t>(host.size());
  entry.count = count;
  return entry;
}

}  // namespace

bool valid_host(std::string_view host) {
  if (host.empty() || host.size() > VectorClock::kHostLengthMax) return false;
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '#' ||
           c == '-';
  });
}

VectorClock::Entry* VectorClock::find_or_insert(std::string_view host) {
  Entry* const first = entries_.data();
  Entry* const last = first + size_;
  Entry* const place = std::lower_bound(
      first, last, host,
      [](const Entry& entry, std::string_view name) { return entry.host() < name; });
  if (place != last && place->host() == host) return place;
  if (size_ == kHostsMax) return nullptr;
  std::move_backward(place, last, last + 1);
  *place = make_entry(host, 0);
  ++size_;
  return place;
}

bool VectorClock::tick(std::string_view host) {
  if (!valid_host(host)) return false;
  Entry* const entry = find_or_insert(host);
  if (entry == nullptr) return false;
  ++entry->count;
  return true;
}

bool VectorClock::merge(const VectorClock& other) {
  size_t unknown = 0;
  for (const Entry& entry : other) unknown += at(entry.host()) == 0 ? 1 : 0;
  if (size_ + unknown > kHostsMax) return false;  // before any change: all or nothing
  for (const Entry& entry : other) {
    Entry* const mine = find_or_insert(entry.host());
    mine->count = std::max(mine->count, entry.count);
  }
  return true;
}

uint64_t VectorClock::at(std::string_view host) const {
  for (const Entry& entry : *this) {
    if (entry.host() == host) return entry.count;
  }
  return 0;
}

bool VectorClock::covered_by(const VectorClock& other) const {
  return std::all_of(begin(), end(),
                     [&](const Entry& entry) { return entry.count <= other.at(entry.host()); });
}

Order VectorClock::compare(const VectorClock& other) const {
  const bool below = covered_by(other);
  const bool above = other.covered_by(*this);
  if (below && above) return Order::kEqual;
  if (below) return Order::kBefore;
  return above ? Order::kAfter : Order::kConcurrent;
}

std::string VectorClock::encode() const {
  base::ByteWriter writer;
  writer.u8(kFormat);
  writer.varint(size_);
  for (const Entry& entry : *this) {
    write_host(writer, entry.host());
    writer.varint(entry.count);
  }
  return writer.take();
}

std::optional<VectorClock> VectorClock::decode(std::string_view bytes) {
  VectorClock clock;
  if (bytes.empty()) return clock;  // a caller that knows of no event
  base::ByteReader reader(bytes);
  if (reader.u8() != kFormat) return {};
  const uint64_t size = reader.varint();
  if (size > kHostsMax) return {};
  for (uint64_t i = 0; i < size; ++i) {
    const std::string host = read_host(reader);
    const uint64_t count = reader.varint();
    if (!reader.ok() || !valid_host(host) || count == 0) return {};
    if (i > 0 && clock.entries_[i - 1].host() >= host) return {};
    clock.entries_[i] = make_entry(host, count);
    clock.size_ = i + 1;
  }
  // Other spellings of the same clock (a long varint, an unused prefix) are nobody's of ours.
  if (!reader.finished() || clock.encode() != bytes) return {};
  return clock;
}

std::string VectorClock::to_json() const {
  std::string text = "{";
  for (const Entry& entry : *this) {
    if (text.size() > 1) text += ", ";
    text += '"';
    text += entry.host();
    text += "\":";
    text += std::to_string(entry.count);
  }
  return text + "}";
}

}  // namespace bookstore::causality
