#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "checkout/request.h"
#include "json/fwd.h"

namespace bookstore::checkout {

// Reads one JSON object member by member and notes what is wrong with each, so that a client hears
// of every error at once. A member that is wrong reads as empty or zero. Values are never noted:
// one of them is a card number. Lengths count characters, as JSON Schema does.
class ObjectReader {
 public:
  enum class Empty { kRefused, kAllowed };

  // Both outlive the reader.
  ObjectReader(const json::Object& object, std::string pointer, std::vector<FieldError>& errors);

  bool has(std::string_view name) const;
  std::string text(std::string_view name, size_t characters_max, Empty empty = Empty::kRefused);
  std::string optional_text(std::string_view name, size_t characters_max);
  int64_t integer(std::string_view name, int64_t min, int64_t max);
  // Nothing when it is missing or no object.
  std::optional<ObjectReader> object(std::string_view name);
  const json::Array* array(std::string_view name, size_t size_min, size_t size_max);
  std::optional<ObjectReader> element(std::string_view array, size_t index,
                                      const json::Value& value);

  void refuse(std::string_view name, std::string code, std::string detail);
  // Last: every member that was not asked for.
  void refuse_unknown();

 private:
  // Notes `required` when it is not there.
  const json::Value* find(std::string_view name);
  std::string checked_text(std::string_view name, const json::Value& value, size_t characters_max,
                           Empty empty);
  void note(std::string pointer, std::string code, std::string detail);

  const json::Object& object_;
  const std::string pointer_;
  std::vector<FieldError>& errors_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace bookstore::checkout
