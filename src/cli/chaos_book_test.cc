#include "cli/chaos_book.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace bookstore::cli {
namespace {

TEST(ChaosBook, PutsEverythingDownToTheDeathBeforeIt) {
  ChaosBook book;
  book.accepted("ord_0", 50, 60);  // before anybody died
  book.killed("payment", 100);
  book.refused("503 payment_unavailable", 150);
  book.accepted("ord_1", 110, 190);
  book.ready(200);
  book.accepted("ord_2", 160, 210);  // payment is back
  book.killed("executor", 300);
  book.accepted("ord_3", 310, 320);
  book.ready(700);
  book.killed("payment", 1'000);
  book.ready(1'300);
  book.violation_of("ord_2", "ord_2 was charged twice");
  book.violation_of("ord_3", "ord_3 is lost");
  book.violation_of("it_book", "copies are held");
  book.violation_at(1'100, "no answer");

  const auto rows = book.rows();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].process, "payment");
  EXPECT_EQ(rows[0].kills, 2);
  EXPECT_EQ(rows[0].accepted, 1);
  EXPECT_EQ(rows[0].refused, 1);
  EXPECT_EQ(rows[0].ready_us_sum, 400);
  EXPECT_EQ(rows[0].ready_us_max, 300);
  EXPECT_EQ(rows[0].violations, 2);
  EXPECT_EQ(rows[1].process, "executor");
  EXPECT_EQ(rows[1].accepted, 1);
  EXPECT_EQ(rows[1].violations, 1);
  EXPECT_EQ(rows[2].process, "before any");
  EXPECT_EQ(rows[2].violations, 1) << "what no death explains";
  EXPECT_EQ(book.accepted_ids().size(), 4u);
  EXPECT_EQ(book.violations().size(), 4u);
}

TEST(ChaosBook, ItsTableLeavesOutWhatNothingHappenedTo) {
  ChaosBook book;
  book.killed("fraud", 1'000);
  book.ready(2'001'000);
  const auto cells = chaos_cells(book.rows());
  ASSERT_EQ(cells.size(), 1u);
  EXPECT_EQ(cells[0][0].text, "fraud");
  EXPECT_EQ(cells[0][2].text, "2.0 s");
}

}  // namespace
}  // namespace bookstore::cli
