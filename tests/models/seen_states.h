#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace bookstore::models {

// States by 128 bits of the hash of their canonical bytes. With n states the chance that two
// different ones were taken for one is below n² / 2^129: nothing at the sizes explored here.
class SeenStates {
 public:
  SeenStates() : slots_(1u << 16) {}

  // The number under which the bytes were seen first; `number` when that is now.
  uint32_t insert(std::string_view bytes, uint32_t number) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    const Slot wanted{base::hash64(bytes, 1), base::hash64(bytes, 2), number, true};
    Slot& slot = find(slots_, wanted);
    if (slot.used) return slot.number;
    slot = wanted;
    ++count_;
    return number;
  }

 private:
  struct Slot {
    uint64_t high = 0;
    uint64_t low = 0;
    uint32_t number = 0;
    bool used = false;
  };

  static Slot& find(std::vector<Slot>& slots, const Slot& wanted) {
    size_t at = wanted.low & (slots.size() - 1);
    while (slots[at].used && (slots[at].high != wanted.high || slots[at].low != wanted.low)) {
      at = (at + 1) & (slots.size() - 1);
    }
    return slots[at];
  }

  void grow() {
    std::vector<Slot> larger(slots_.size() * 2);
    for (const Slot& slot : slots_) {
      if (slot.used) find(larger, slot) = slot;
    }
    slots_ = std::move(larger);
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  size_t count_ = 0;
};

}  // namespace bookstore::models
