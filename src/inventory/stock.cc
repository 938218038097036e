#include "inventory/stock.h"

#include "base/check.h"

namespace bookstore::inventory {

void Stock::add(std::string_view book_id, int64_t free) {
  BOOKSTORE_CHECK(free >= 0, free);
  free_.emplace(book_id, free);
}

std::string_view Stock::shortage(std::span<const Line> lines) const {
  for (const Line& line : lines) {
    if (!free_.contains(line.book_id)) return "unknown_book";
  }
  for (const Line& line : merge_lines(lines)) {
    if (free_.at(line.book_id) < line.quantity) return "out_of_stock";
  }
  return {};
}

void Stock::apply(Effect effect, std::span<const Line> lines) {
  if (effect == Effect::kNone) return;
  for (const Line& line : lines) {
    Delta& delta = deltas_[line.book_id];
    switch (effect) {
      case Effect::kHold: {
        int64_t& free = free_.at(line.book_id);
        free -= line.quantity;
        BOOKSTORE_CHECK(free >= 0, "held more than is free of ", line.book_id);
        delta.held += line.quantity;
        break;
      }
      case Effect::kConsume:
        delta.held -= line.quantity;
        delta.sold += line.quantity;
        break;
      case Effect::kRelease:
        delta.held -= line.quantity;
        break;
      case Effect::kNone:
        break;
    }
  }
}

std::vector<Line> merge_lines(std::span<const Line> lines) {
  std::map<std::string_view, int64_t> by_book;
  for (const Line& line : lines) by_book[line.book_id] += line.quantity;
  std::vector<Line> merged;
  for (const auto& [book_id, quantity] : by_book)
    merged.push_back({std::string(book_id), quantity});
  return merged;
}

}  // namespace bookstore::inventory
