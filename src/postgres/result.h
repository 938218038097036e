#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// libpq's own type; this header stands without libpq-fe.h.
extern "C" {
struct pg_result;
}

namespace bookstore::postgres {

class Result;

// One row of a Result, by column name. Must not outlive its Result. An unknown column, a NULL read
// as a value, or text that is not of the asked type is a mistake in our SQL: a failed CHECK.
class Row {
 public:
  bool is_null(std::string_view column) const;
  int64_t int64(std::string_view column) const;
  double real(std::string_view column) const;
  bool boolean(std::string_view column) const;
  std::string text(std::string_view column) const;
  std::string bytes(std::string_view column) const;               // bytea
  std::vector<int64_t> int64s(std::string_view column) const;     // bigint[]
  std::vector<std::string> texts(std::string_view column) const;  // text[]

  std::optional<int64_t> maybe_int64(std::string_view column) const;
  std::optional<double> maybe_real(std::string_view column) const;
  std::optional<std::string> maybe_text(std::string_view column) const;
  std::optional<std::string> maybe_bytes(std::string_view column) const;
  // The server's text form of any type, without a copy; empty for NULL.
  std::string_view raw(std::string_view column) const;

 private:
  friend class Result;
  Row(const Result* result, int row) : result_(result), row_(row) {}
  std::string_view value(std::string_view column) const;

  const Result* result_;
  int row_;
};

// What one statement answered. Move-only; owns its rows; immutable, so any thread may read it.
class Result {
 public:
  Result() = default;  // no rows, nothing affected
  // Takes ownership of a PGresult; for this folder.
  explicit Result(pg_result* result);

  size_t rows() const;
  bool empty() const { return rows() == 0; }
  // Rows changed by INSERT, UPDATE, DELETE; rows answered by SELECT.
  int64_t affected() const;
  Row operator[](size_t row) const;

  class Iterator {
   public:
    Iterator(const Result* result, size_t row) : result_(result), row_(row) {}
    Row operator*() const { return (*result_)[row_]; }
    Iterator& operator++() {
      ++row_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return row_ != other.row_; }

   private:
    const Result* result_;
    size_t row_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, rows()}; }

 private:
  friend class Row;
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

// PostgreSQL's array text form, one dimension: {1,2} or {"a b",NULL}. Empty on other text or a
// NULL element.
std::optional<std::vector<std::string>> parse_array(std::string_view text);

}  // namespace bookstore::postgres
