#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bookstore::causality {

enum class Order { kEqual, kBefore, kAfter, kConcurrent };

// A vector clock (Mattern 1989; Fidge 1988): per host the number of its events that are known.
// Hosts are few per order, so the storage is fixed and small: copying and merging allocate nothing.
// An absent host counts zero; zeros are never stored, so equal knowledge has one representation.
// A value: not thread safe by itself.
class VectorClock {
 public:
  // An order meets an orchestrator or two, three checkers, inventory, payment and some leaders.
  static constexpr size_t kHostsMax = 16;
  static constexpr size_t kHostLengthMax = 23;

  // False when `host` is no valid name ([a-z0-9._#-], 1–23 characters) or the 17th host: the
  // clock is then unchanged and the caller says so; a clock never forgets a host.
  [[nodiscard]] bool tick(std::string_view host);
  [[nodiscard]] bool merge(const VectorClock& other);

  uint64_t at(std::string_view host) const;
  size_t size() const { return size_; }
  Order compare(const VectorClock& other) const;
  // Everything that happened here is known there: this ≤ other.
  bool covered_by(const VectorClock& other) const;

  // Wire form: version byte, count, then per host (sorted) prefix code, suffix, varint counter.
  std::string encode() const;
  // Empty on anything encode() cannot have made.
  static std::optional<VectorClock> decode(std::string_view bytes);

  // {"executor-1.3":4, "inventory":2}: sorted, as ShiViz reads it.
  std::string to_json() const;

  struct Entry {
    std::array<char, kHostLengthMax> name{};
    uint8_t length = 0;
    uint64_t count = 0;
    std::string_view host() const { return {name.data(), length}; }
  };
  const Entry* begin() const { return entries_.data(); }
  const Entry* end() const { return entries_.data() + size_; }

  friend bool operator==(const VectorClock& a, const VectorClock& b) {
    return a.compare(b) == Order::kEqual;
  }

 private:
  Entry* find_or_insert(std::string_view host);

  // Invariant: entries_[0, size_) are sorted by host, without repeats, each count > 0.
  std::array<Entry, kHostsMax> entries_{};
  size_t size_ = 0;
};

bool valid_host(std::string_view host);

}  // namespace bookstore::causality
