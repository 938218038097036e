#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inventory/participant.h"

namespace bookstore::inventory {

struct Line {
  std::string book_id;
  int64_t quantity;

  friend bool operator==(const Line&, const Line&) = default;
};

// How one book's numbers move.
struct Delta {
  int64_t held = 0;
  int64_t sold = 0;
};

// The stock of one batch, while its rows are locked: judges orders one after the other, each
// against what those before it left, and adds up what the batch changes. Pure; one thread.
class Stock {
 public:
  void add(std::string_view book_id, int64_t free);

  // Empty when every line fits (`free >= quantity`); else `unknown_book` or `out_of_stock`.
  std::string_view shortage(std::span<const Line> lines) const;
  // What the effect does to each line's book. kHold only after shortage() said nothing (CHECKed).
  void apply(Effect effect, std::span<const Line> lines);

  // By book id, in the order in which the rows were locked.
  const std::map<std::string, Delta, std::less<>>& deltas() const { return deltas_; }

 private:
  std::map<std::string, int64_t, std::less<>> free_;
  std::map<std::string, Delta, std::less<>> deltas_;
};

// Lines of one book become one line; sorted by book id.
std::vector<Line> merge_lines(std::span<const Line> lines);

}  // namespace bookstore::inventory
