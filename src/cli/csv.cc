#include "cli/csv.h"

namespace bookstore::cli {

CsvReader::CsvReader(std::string_view text) : text_(text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text_.starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
}

bool CsvReader::next(CsvRecord& record) {
  while (position_ < text_.size() && at_line_end()) end_line();
  if (position_ >= text_.size()) return false;
  const size_t start = position_;
  record = {.line = line_};
  read_record(record);
  if (!record.error.empty()) recover(start, record.line);
  return true;
}

void CsvReader::read_record(CsvRecord& record) {
  for (;;) {
    record.fields.push_back(read_field(record.error));
    if (!record.error.empty()) return;
    if (position_ >= text_.size()) return;
    if (at_line_end()) {
      end_line();
      return;
    }
    ++position_;  // the comma
  }
}

std::string CsvReader::read_field(std::string& error) {
  if (position_ < text_.size() && text_[position_] == '"') return read_quoted(error);
  return read_plain(error);
}

std::string CsvReader::read_quoted(std::string& error) {
  std::string field;
  ++position_;
  while (position_ < text_.size()) {
    const char c = text_[position_++];
    if (c == '\n') ++line_;
    if (c != '"') {
      field.push_back(c);
    } else if (position_ < text_.size() && text_[position_] == '"') {
      field.push_back('"');
      ++position_;
    } else {
      if (position_ < text_.size() && text_[position_] != ',' && !at_line_end())
        error = "text after a closing quote";
      return field;
    }
  }
  error = "a quote is never closed";
  return field;
}

std::string CsvReader::read_plain(std::string& error) {
  const size_t start = position_;
  while (position_ < text_.size() && text_[position_] != ',' && !at_line_end()) {
    if (text_[position_] == '"') error = "a quote inside a field that is not quoted";
    ++position_;
  }
  return std::string(text_.substr(start, position_ - start));
}

// A lone CR is an ordinary character; CR LF ends a line.
bool CsvReader::at_line_end() const {
  const std::string_view rest = text_.substr(position_);
  return rest.starts_with("\n") || rest.starts_with("\r\n");
}

void CsvReader::end_line() {
  position_ += text_[position_] == '\r' ? 2 : 1;
  ++line_;
}

// Goes on after the line in which the malformed record began: a quote that was never closed must
// not swallow the good rows behind it.
void CsvReader::recover(size_t record_start, size_t record_line) {
  const size_t end = text_.find('\n', record_start);
  position_ = end == std::string_view::npos ? text_.size() : end + 1;
  line_ = record_line + 1;
}

}  // namespace bookstore::cli
