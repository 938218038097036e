#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "json/json.h"

namespace bookstore::json {
namespace {

class Writer {
 public:
  Writer(bool sorted, size_t size_hint) : sorted_(sorted) { out_.reserve(size_hint); }
  std::string take() { return std::move(out_); }

  void value(const Value& value) {
    switch (value.kind()) {
      case boost::json::kind::null:
        out_ += "null";
        break;
      case boost::json::kind::bool_:
        out_ += value.get_bool() ? "true" : "false";
        break;
      case boost::json::kind::int64:
        number(value.get_int64());
        break;
      case boost::json::kind::uint64:
        number(value.get_uint64());
        break;
      case boost::json::kind::double_:
        real(value.get_double());
        break;
      case boost::json::kind::string:
        string(value.get_string());
        break;
      case boost::json::kind::array:
        array(value.get_array());
        break;
      case boost::json::kind::object:
        object(value.get_object());
        break;
    }
  }

 private:
  template <class T>
  void number(T number) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, number).ptr;
    out_.append(text, end);
  }
  void real(double real) {
    BOOKSTORE_CHECK(std::isfinite(real), "JSON has no NaN and no infinity");
    number(real);  // the shortest text that reads back as the same double
  }

  void string(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out_ += '"';
    for (const char c : text) {
      switch (c) {
        case '"':
          out_ += "\\\"";
          break;
        case '\\':
          out_ += "\\\\";
          break;
        case '\n':
          out_ += "\\n";
          break;
        case '\r':
          out_ += "\\r";
          break;
        case '\t':
          out_ += "\\t";
          break;
        default:
          if (static_cast<unsigned char>(c) < 0x20) {
            out_ += "\\u00";
            out_ += kHex[static_cast<unsigned char>(c) >> 4];
            out_ += kHex[static_cast<unsigned char>(c) & 15];
          } else {
            out_ += c;
          }
      }
    }
    out_ += '"';
  }

  void array(const Array& array) {
    out_ += '[';
    for (size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += ',';
      value(array[i]);
    }
    out_ += ']';
  }

  void object(const Object& object) {
    std::vector<const boost::json::key_value_pair*> members;
    members.reserve(object.size());
    for (const auto& member : object) members.push_back(&member);
    if (sorted_) {
      std::sort(members.begin(), members.end(),
                [](const auto* a, const auto* b) { return a->key() < b->key(); });
    }
    out_ += '{';
    for (size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out_ += ',';
      string(members[i]->key());
      out_ += ':';
      value(members[i]->value());
    }
    out_ += '}';
  }

  const bool sorted_;
  std::string out_;
};

std::string write_with(Writer writer, const Value& value) {
  writer.value(value);
  return writer.take();
}

}  // namespace

std::string write(const Value& value) {
  return write_with(Writer(/*sorted=*/false, /*size_hint=*/0), value);
}

std::string write_canonical(const Value& value, size_t size_hint) {
  return write_with(Writer(/*sorted=*/true, size_hint), value);
}

}  // namespace bookstore::json
