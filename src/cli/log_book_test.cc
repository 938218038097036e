#include "cli/log_book.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bookstore::cli {
namespace {

namespace fs = std::filesystem;

class LogBookTest : public testing::Test {
 protected:
  LogBookTest()
      : folder_(fs::temp_directory_path() / ("log_book_test." + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~LogBookTest() override { fs::remove_all(folder_); }
  std::string text(const std::string& file) const {
    std::ostringstream out;
    out << std::ifstream(folder_ / file).rdbuf();
    return out.str();
  }
  const fs::path folder_;
};

TEST_F(LogBookTest, LinesAreWholeHoweverTheyArrive) {
  LogBook book(folder_);
  book.append("payment", "first li");
  book.append("fraud", "other\n");
  book.append("payment", "ne\nsecond\nthi");
  EXPECT_EQ(text("payment.log"), "first line\nsecond\n");
  EXPECT_EQ(text("platform.log"),
            "fraud                    | other\n"
            "payment                  | first line\n"
            "payment                  | second\n");
  EXPECT_EQ(book.last_line("payment"), "thi") << "the last words may lack a newline";
}

TEST_F(LogBookTest, OurOwnNotesAreNotAServicesLastWords) {
  LogBook book(folder_);
  book.append("payment", "cannot open the key file\n");
  book.note("payment", "exit code 1; starting it again in 100 ms");
  EXPECT_EQ(book.last_line("payment"), "cannot open the key file");
}

TEST_F(LogBookTest, FilesAreBoundedAndTheNewestLinesAreKept) {
  constexpr uint64_t kMax = 1000;
  LogBook book(folder_, kMax);
  for (int line = 0; line < 500; ++line)
    book.append("payment", "line " + std::to_string(line) + "\n");
  EXPECT_LE(fs::file_size(folder_ / "payment.log"), kMax);
  EXPECT_LE(fs::file_size(folder_ / "payment.log.1"), kMax);
  EXPECT_NE(text("payment.log").find("line 499\n"), std::string::npos);
}

TEST_F(LogBookTest, AnEndlessLineIsBroken) {
  LogBook book(folder_);
  book.append("payment", std::string(3 * kLogLineMax, 'x'));
  EXPECT_EQ(text("payment.log").size(), 3 * (kLogLineMax + 1));
}

}  // namespace
}  // namespace bookstore::cli
