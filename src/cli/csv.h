#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bookstore::cli {

// One record of a CSV file. A record may span lines; `line` is where it began (1 is the first).
struct CsvRecord {
  size_t line = 0;
  std::vector<std::string> fields;
  std::string error;  // not empty: the record is malformed, and fields mean nothing
};

// RFC 4180, one record at a time: fields quoted where needed, "" is a quote inside quotes, records
// end with LF or CRLF. A malformed record is reported and reading goes on at the next line, so one
// stray quote costs one row. Empty lines are skipped; a byte order mark at the start too.
// Does not own the text.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text);

  // False at the end of the text.
  bool next(CsvRecord& record);
  // Bytes read, for a progress bar.
  size_t position() const { return position_; }

 private:
  void read_record(CsvRecord& record);
  std::string read_field(std::string& error);
  std::string read_quoted(std::string& error);
  std::string read_plain(std::string& error);
  bool at_line_end() const;
  void end_line();
  void recover(size_t record_start, size_t record_line);

  std::string_view text_;
  size_t position_ = 0;
  size_t line_ = 1;
};

}  // namespace bookstore::cli
