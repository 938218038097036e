#include "cli/csv.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace bookstore::cli {
namespace {

std::vector<CsvRecord> read_all(std::string_view text) {
  CsvReader reader(text);
  std::vector<CsvRecord> records;
  for (CsvRecord record; reader.next(record);) records.push_back(record);
  EXPECT_EQ(reader.position(), text.size());
  return records;
}

std::string quoted(const std::string& field) {
  std::string text = "\"";
  for (char c : field) {
    if (c == '"') text.push_back('"');
    text.push_back(c);
  }
  return text + "\"";
}

using Fields = std::vector<std::string>;

RC_GTEST_PROP(Csv, WhatIsQuotedIsReadBackWhole, (const std::vector<Fields>& table)) {
  std::string text;
  std::vector<Fields> written;
  for (const Fields& fields : table) {
    if (fields.empty()) continue;
    written.push_back(fields);
    for (size_t i = 0; i < fields.size(); ++i) text += (i > 0 ? "," : "") + quoted(fields[i]);
    text += "\r\n";
  }
  CsvReader reader(text);
  for (const Fields& fields : written) {
    CsvRecord record;
    RC_ASSERT(reader.next(record));
    RC_ASSERT(record.error.empty());
    RC_ASSERT(record.fields == fields);
  }
  CsvRecord record;
  RC_ASSERT(!reader.next(record));
}

RC_GTEST_PROP(Csv, AnyBytesEndAndLinesOnlyGrow, (const std::string& text)) {
  CsvReader reader(text);
  size_t last_line = 0;
  size_t last_position = 0;
  for (CsvRecord record; reader.next(record);) {
    RC_ASSERT(record.line > last_line);
    RC_ASSERT(reader.position() > last_position);
    last_line = record.line;
    last_position = reader.position();
  }
}

TEST(Csv, PlainFieldsEmptyFieldsAndBothLineEnds) {
  const auto records = read_all("id,title,\r\n1,Dune,\n\n2,,x");
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].fields, (Fields{"id", "title", ""}));
  EXPECT_EQ(records[1].fields, (Fields{"1", "Dune", ""}));
  EXPECT_EQ(records[2].fields, (Fields{"2", "", "x"}));
  EXPECT_EQ(records[2].line, 4u);
}

TEST(Csv, AQuotedFieldMaySpanLinesAndTheNextRecordKnowsItsLine) {
  const auto records = read_all("1,\"two\nlines, and a \"\"quote\"\"\"\n2,b\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].fields[1], "two\nlines, and a \"quote\"");
  EXPECT_EQ(records[1].line, 3u);
}

TEST(Csv, AMalformedRecordCostsOneLine) {
  const auto records = read_all("1,\"x\"y\n2,b\n3,a\"b\n4,\"open\n5,e\n");
  ASSERT_EQ(records.size(), 5u);
  EXPECT_EQ(records[0].error, "text after a closing quote");
  EXPECT_EQ(records[0].line, 1u);
  EXPECT_EQ(records[1].fields, (Fields{"2", "b"}));
  EXPECT_EQ(records[2].error, "a quote inside a field that is not quoted");
  EXPECT_EQ(records[3].error, "a quote is never closed");
  EXPECT_EQ(records[4].fields, (Fields{"5", "e"}));
  EXPECT_EQ(records[4].line, 5u);
}

TEST(Csv, AByteOrderMarkIsNoPartOfTheFirstName) {
  const auto records = read_all("\xEF\xBB\xBFid\n");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].fields, (Fields{"id"}));
}

}  // namespace
}  // namespace bookstore::cli
