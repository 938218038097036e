#pragma once

#include <string>
#include <vector>

#include "base/check.h"
#include "orders/store.h"
#include "postgres/result.h"

// How rows of the schema orders are read, for the files of Store.

namespace bookstore::orders {

inline State state_of(const postgres::Row& row) {
  const auto state = state_from_text(row.raw("state"));
  BOOKSTORE_CHECK(state.has_value(), "a row has a state that the code does not know");
  return *state;
}

inline StoredAnswer answer_of(const postgres::Row& row) {
  return {static_cast<int>(row.maybe_int64("answer_status").value_or(0)),
          row.maybe_bytes("answer_body").value_or("")};
}

inline std::vector<Line> read_lines(const postgres::Result& rows) {
  std::vector<Line> lines;
  for (const postgres::Row& row : rows) {
    lines.push_back({row.text("book_id"), row.text("title"),
                     static_cast<uint32_t>(row.int64("quantity")), row.int64("unit_price_minor")});
  }
  return lines;
}

}  // namespace bookstore::orders
