#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "tests/models/interner.h"
#include "tests/models/scope.h"

namespace bookstore::models {

// Order number → id and back; ids sort as the numbers do.
inline const base::OrderId& order_id(int order) {
  static const std::array<base::OrderId, kOrdersMax> kIds = {base::OrderId{"order-0"},
                                                             base::OrderId{"order-1"}};
  return kIds[static_cast<size_t>(order)];
}
inline int order_number(const base::OrderId& id) {
  return id.value.back() - '0';
}

// Reasons in answers, by number; 0 is the empty one.
class Words {
 public:
  Words() { number(""); }
  uint8_t number(std::string_view word) {
    return static_cast<uint8_t>(
        words_.intern(std::string(word), [&] { return std::string(word); }));
  }
  const std::string& operator[](uint8_t number) const { return words_[number]; }

 private:
  Interner<std::string> words_;
};

}  // namespace bookstore::models
