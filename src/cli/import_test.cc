#include "cli/import.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "postgres/test_database.h"

namespace bookstore::cli {
namespace {

using postgres::TestDatabase;

constexpr char kHeader[] =
    "id,isbn13,title,authors,year,language,subjects,description,price_minor,currency,stock\n";

std::string row(const std::string& id, int price_minor, int stock) {
  return id + ",,Dune,Frank Herbert,1965,en,science fiction;ecology,\"A desert, a duke.\"," +
         std::to_string(price_minor) + ",EUR," + std::to_string(stock) + "\n";
}

class ImportTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
    database_ = std::make_unique<TestDatabase>();
  }
  ImportReport load(const std::string& text) {
    auto report = import_csv(text, database_->pool(), database_->clock(), [](const Progress&) {});
    EXPECT_TRUE(report.ok()) << report.status();
    return report.value_or(ImportReport{});
  }
  int64_t number(const std::string& sql) {
    sql_ = sql;
    const auto result = database_->pool().query({sql_}, {}, database_->deadline());
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() && !result->empty() ? (*result)[0].int64("n") : -1;
  }
  std::unique_ptr<TestDatabase> database_;
  std::string sql_;
};

TEST_F(ImportTest, BooksAndStockComeTogetherAndTheSecondTimeChangesNothing) {
  const std::string file = kHeader + row("a", 940, 7) + row("b", 1100, 0);
  const ImportReport first = load(file);
  EXPECT_EQ(first.inserted, 2);
  EXPECT_EQ(first.stock_changed, 2);
  EXPECT_EQ(number("SELECT free AS n FROM inventory.published_stock WHERE book_id = 'a'"), 7);
  const int64_t revision = number("SELECT max(revision) AS n FROM catalogue.published_books");

  const ImportReport second = load(file);
  EXPECT_EQ(second.inserted + second.changed + second.stock_changed, 0);
  EXPECT_EQ(second.unchanged, 2);
  EXPECT_EQ(number("SELECT max(revision) AS n FROM catalogue.published_books"), revision);
}

TEST_F(ImportTest, AfterSalesTheSameFileGivesNothingBackAndADifferenceIsAdded) {
  load(kHeader + row("a", 940, 10));
  number("UPDATE inventory.stock SET sold = 4 WHERE book_id = 'a' RETURNING free AS n");
  load(kHeader + row("a", 940, 10));
  EXPECT_EQ(number("SELECT free AS n FROM inventory.stock WHERE book_id = 'a'"), 6);
  load(kHeader + row("a", 940, 13));
  EXPECT_EQ(number("SELECT free AS n FROM inventory.stock WHERE book_id = 'a'"), 9);
  load(kHeader + row("a", 940, 0));
  EXPECT_EQ(number("SELECT free AS n FROM inventory.stock WHERE book_id = 'a'"), 0)
      << "what is sold stays sold";
}

TEST_F(ImportTest, BadRowsAreNamedWithTheirLinesAndTheRestGoesIn) {
  const ImportReport report = load(kHeader + row("a", 940, 1) + row("b", -5, 1) + "c,too,short\n" +
                                   row("a", 940, 2) + "d\"e,x\n" + row("f", 940, 1));
  EXPECT_EQ(report.inserted, 2);
  ASSERT_EQ(report.bad.size(), 4u);
  EXPECT_EQ(report.bad[0].line, 3u);
  EXPECT_EQ(report.bad[0].reason.substr(0, 12), "price_minor:");
  EXPECT_EQ(report.bad[1].line, 4u);
  EXPECT_EQ(report.bad[2].line, 5u);
  EXPECT_EQ(report.bad[2].reason, "id: the same as in line 2");
  EXPECT_EQ(report.bad[3].line, 6u);
}

TEST_F(ImportTest, AnotherHeaderLoadsNothing) {
  const auto report = import_csv("id,title\n1,Dune\n", database_->pool(), database_->clock(),
                                 [](const Progress&) {});
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.status().message().find("id,isbn13,title"), absl::string_view::npos);
  EXPECT_EQ(number("SELECT count(*) AS n FROM catalogue.published_books"), 0);
}

TEST_F(ImportTest, ProgressOnlyGrowsAndEndsWhole) {
  std::string file = kHeader;
  for (int i = 0; i < 350; ++i) file += row("b" + std::to_string(i), 940, 1);
  std::vector<Progress> told;
  ASSERT_TRUE(
      import_csv(file, database_->pool(), database_->clock(), [&](const Progress& progress) {
        told.push_back(progress);
      }).ok());
  ASSERT_GE(told.size(), 3u);
  for (size_t i = 1; i < told.size(); ++i) EXPECT_GT(told[i].done, told[i - 1].done);
  EXPECT_EQ(told.back().done, 350u);
  EXPECT_EQ(told.back().total, 350u);
}

}  // namespace
}  // namespace bookstore::cli
