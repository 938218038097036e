#include "checkout/body_reader.h"

#include <algorithm>

#include "json/json.h"

namespace bookstore::checkout {
namespace {

constexpr size_t kErrorsMax = 50;  // a body of 64 KiB can be wrong in thousands of places

// Of UTF-8, which the parser has checked.
size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// A name that can be repeated in an answer: no one puts a card number there by mistake.
bool plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

}  // namespace

ObjectReader::ObjectReader(const json::Object& object, std::string pointer,
                           std::vector<FieldError>& errors)
    : object_(object), pointer_(std::move(pointer)), errors_(errors) {}

bool ObjectReader::has(std::string_view name) const {
  return object_.contains(name);
}

const json::Value* ObjectReader::find(std::string_view name) {
  asked_.emplace(name);
  const json::Value* value = object_.if_contains(name);
  if (value == nullptr) refuse(name, "required", "This field is needed.");
  return value;
}

std::string ObjectReader::text(std::string_view name, size_t characters_max, Empty empty) {
  const json::Value* value = find(name);
  return value == nullptr ? "" : checked_text(name, *value, characters_max, empty);
}

std::string ObjectReader::optional_text(std::string_view name, size_t characters_max) {
  asked_.emplace(name);
  const json::Value* value = object_.if_contains(name);
  return value == nullptr ? "" : checked_text(name, *value, characters_max, Empty::kAllowed);
}

std::string ObjectReader::checked_text(std::string_view name, const json::Value& value,
                                       size_t characters_max, Empty empty) {
  if (!value.is_string()) {
    refuse(name, "wrong_type", "A string is needed.");
    return "";
  }
  const std::string_view text = value.get_string();
  const bool blank = text.find_first_not_of(' ') == std::string_view::npos;
  if (blank && empty == Empty::kRefused) {
    refuse(name, "required", "This field is needed.");
  } else if (characters(text) > characters_max) {
    refuse(name, "too_long", "At most " + std::to_string(characters_max) + " characters.");
  } else if (has_control_character(text)) {
    refuse(name, "invalid", "Control characters are not allowed.");
  } else if (!blank) {
    return std::string(text);
  }
  return "";
}

int64_t ObjectReader::integer(std::string_view name, int64_t min, int64_t max) {
  const json::Value* value = find(name);
  if (value == nullptr) return 0;
  boost::json::error_code inexact;
  const int64_t number = value->is_number() ? value->to_number<int64_t>(inexact) : 0;
  if (!value->is_number() || inexact) {
    refuse(name, "wrong_type", "A whole number is needed.");
    return 0;
  }
  if (number < min || number > max) {
    refuse(name, "out_of_range",
           "From " + std::to_string(min) + " to " + std::to_string(max) + ".");
    return 0;
  }
  return number;
}

std::optional<ObjectReader> ObjectReader::object(std::string_view name) {
  const json::Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) {
    refuse(name, "wrong_type", "An object is needed.");
    return std::nullopt;
  }
  return std::optional<ObjectReader>(std::in_place, value->get_object(),
                                     pointer_ + "/" + std::string(name), errors_);
}

const json::Array* ObjectReader::array(std::string_view name, size_t size_min, size_t size_max) {
  const json::Value* value = find(name);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) {
    refuse(name, "wrong_type", "An array is needed.");
    return nullptr;
  }
  const json::Array& array = value->get_array();
  if (array.size() < size_min) {
    refuse(name, "too_few", "At least " + std::to_string(size_min) + ".");
    return nullptr;
  }
  if (array.size() > size_max) {
    refuse(name, "too_many", "At most " + std::to_string(size_max) + ".");
    return nullptr;
  }
  return &array;
}

std::optional<ObjectReader> ObjectReader::element(std::string_view array, size_t index,
                                                  const json::Value& value) {
  std::string pointer = pointer_ + "/" + std::string(array) + "/" + std::to_string(index);
  if (!value.is_object()) {
    note(std::move(pointer), "wrong_type", "An object is needed.");
    return std::nullopt;
  }
  return std::optional<ObjectReader>(std::in_place, value.get_object(), std::move(pointer),
                                     errors_);
}

void ObjectReader::refuse(std::string_view name, std::string code, std::string detail) {
  note(pointer_ + "/" + std::string(name), std::move(code), std::move(detail));
}

void ObjectReader::refuse_unknown() {
  for (const auto& member : object_) {
    const std::string_view name = member.key();
    if (asked_.contains(name)) continue;
    note(plain_name(name) ? pointer_ + "/" + std::string(name) : pointer_, "unknown_field",
         "There is no such field.");
  }
}

void ObjectReader::note(std::string pointer, std::string code, std::string detail) {
  if (errors_.size() < kErrorsMax) {
    errors_.push_back({std::move(pointer), std::move(code), std::move(detail)});
  }
}

}  // namespace bookstore::checkout
