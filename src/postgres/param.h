#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bookstore::postgres {

// A bytea value, to tell it from text.
struct Bytes {
  std::string value;

  friend bool operator==(const Bytes&, const Bytes&) = default;
};

// One value for $1, $2, … of a Statement: the C++ type says how it is sent, the server infers the
// column's type from the statement (write a cast where it cannot: `unnest($1::text[])`).
// Implicit on purpose: `connection.query(kInsert, {id, quantity, std::nullopt}, deadline)`.
class Param {
 public:
  Param(std::nullopt_t) {}  // NULL
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  Param(T value) : text_(std::to_string(value)) {}
  // A template, so that no pointer turns into a bool by accident.
  template <std::same_as<bool> T>
  Param(T value) : text_(value ? "t" : "f") {}
  Param(double value);
  Param(std::string value) : text_(std::move(value)) {}
  Param(std::string_view value) : text_(value) {}
  Param(const char* value) : text_(value) {}
  Param(Bytes value) : text_(std::move(value.value)), binary_(true) {}
  Param(const std::vector<int64_t>& values);           // bigint[]
  Param(const std::vector<std::string>& values);       // text[]
  Param(const std::vector<std::string_view>& values);  // text[]
  Param(const std::vector<double>& values);            // float8[]
  Param(const std::vector<Bytes>& values);             // bytea[]
  template <class T>
  Param(const std::optional<T>& value) {
    if (value.has_value()) *this = Param(*value);
  }

  bool is_null() const { return !text_.has_value(); }
  bool is_binary() const { return binary_; }
  // The bytes on the wire; only when not null.
  const std::string& wire() const { return *text_; }

 private:
  std::optional<std::string> text_;
  bool binary_ = false;
};

// A date or time as the database's text form is a plain string: `to_timestamp($1 / 1000.0)` with
// milliseconds is what our statements use instead.

}  // namespace bookstore::postgres
