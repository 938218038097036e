#include "postgres/result.h"

#include <libpq-fe.h>

#include <charconv>

#include "absl/strings/numbers.h"
#include "base/check.h"
#include "base/status.h"

namespace bookstore::postgres {
namespace {

int64_t to_int64(std::string_view text, std::string_view column) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  BOOKSTORE_CHECK(error == std::errc() && end == text.data() + text.size(),
                  "not an integer: column ", base::absl_view(column));
  return value;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// bytea_output = hex: \x0a0b…
std::string to_bytes(std::string_view text, std::string_view column) {
  BOOKSTORE_CHECK(text.size() >= 2 && text.substr(0, 2) == "\\x" && text.size() % 2 == 0,
                  "not a bytea: column ", base::absl_view(column));
  std::string out;
  out.reserve(text.size() / 2 - 1);
  for (size_t i = 2; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    BOOKSTORE_CHECK(high >= 0 && low >= 0, "not a bytea: column ", base::absl_view(column));
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

}  // namespace

void Result::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

Result::Result(pg_result* result) : result_(result) {}

size_t Result::rows() const {
  return result_ ? static_cast<size_t>(PQntuples(result_.get())) : 0;
}

int64_t Result::affected() const {
  if (!result_) return 0;
  const std::string_view text = PQcmdTuples(result_.get());
  return text.empty() ? 0 : to_int64(text, "affected rows");
}

Row Result::operator[](size_t row) const {
  BOOKSTORE_CHECK(row < rows(), "row ", row, " of ", rows());
  return {this, static_cast<int>(row)};
}

std::string_view Row::raw(std::string_view column) const {
  const PGresult* result = result_->result_.get();
  const int index = PQfnumber(result, std::string(column).c_str());
  BOOKSTORE_CHECK(index >= 0, "no column ", base::absl_view(column), " in the result");
  return {PQgetvalue(result, row_, index), static_cast<size_t>(PQgetlength(result, row_, index))};
}

bool Row::is_null(std::string_view column) const {
  const PGresult* result = result_->result_.get();
  const int index = PQfnumber(result, std::string(column).c_str());
  BOOKSTORE_CHECK(index >= 0, "no column ", base::absl_view(column), " in the result");
  return PQgetisnull(result, row_, index) != 0;
}

std::string_view Row::value(std::string_view column) const {
  BOOKSTORE_CHECK(!is_null(column), "NULL read as a value: column ", base::absl_view(column));
  return raw(column);
}

int64_t Row::int64(std::string_view column) const {
  return to_int64(value(column), column);
}

double Row::real(std::string_view column) const {
  double number = 0;
  BOOKSTORE_CHECK(absl::SimpleAtod(base::absl_view(value(column)), &number),
                  "not a number: column ", base::absl_view(column));
  return number;
}

bool Row::boolean(std::string_view column) const {
  const std::string_view text = value(column);
  BOOKSTORE_CHECK(text == "t" || text == "f", "not a boolean: column ", base::absl_view(column));
  return text == "t";
}

std::string Row::text(std::string_view column) const {
  return std::string(value(column));
}

std::string Row::bytes(std::string_view column) const {
  return to_bytes(value(column), column);
}

std::vector<std::string> Row::texts(std::string_view column) const {
  auto values = parse_array(value(column));
  BOOKSTORE_CHECK(values.has_value(), "not a plain array: column ", base::absl_view(column));
  return *std::move(values);
}

std::vector<int64_t> Row::int64s(std::string_view column) const {
  std::vector<int64_t> out;
  for (const std::string& text : texts(column)) out.push_back(to_int64(text, column));
  return out;
}

std::optional<int64_t> Row::maybe_int64(std::string_view column) const {
  if (is_null(column)) return std::nullopt;
  return int64(column);
}

std::optional<double> Row::maybe_real(std::string_view column) const {
  if (is_null(column)) return std::nullopt;
  return real(column);
}

std::optional<std::string> Row::maybe_text(std::string_view column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::optional<std::string> Row::maybe_bytes(std::string_view column) const {
  if (is_null(column)) return std::nullopt;
  return bytes(column);
}

std::optional<std::vector<std::string>> parse_array(std::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::vector<std::string> out;
  if (text.empty()) return out;
  size_t at = 0;
  while (true) {
    std::string element;
    bool closed = true;
    if (at < text.size() && text[at] == '"') {
      closed = false;
      for (++at; at < text.size() && !closed; ++at) {
        if (text[at] == '"') {
          closed = true;
        } else {
          if (text[at] == '\\' && ++at == text.size()) return std::nullopt;
          element += text[at];
        }
      }
    } else {
      while (at < text.size() && text[at] != ',') {
        if (text[at] == '{' || text[at] == '"' || text[at] == '\\') return std::nullopt;
        element += text[at++];
      }
      if (element.empty() || element == "NULL") return std::nullopt;
    }
    if (!closed) return std::nullopt;
    out.push_back(std::move(element));
    if (at == text.size()) return out;
    if (text[at++] != ',') return std::nullopt;
  }
}

}  // namespace bookstore::postgres
