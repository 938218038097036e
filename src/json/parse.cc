#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/memory_resource.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <cstring>
#include <new>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "json/json.h"

namespace bookstore::json {
namespace {

namespace bj = boost::json;

constexpr int64_t kExactIntegerMax = int64_t{1} << 53;

// The heap, overwritten before it is given back.
class WipingResource final : public bj::memory_resource {
  // Nothing in a document is aligned more than new aligns. The library names one alignment when it
  // takes the memory of a key and another when it gives it back, so neither is passed on.
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    BOOKSTORE_CHECK(alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__, alignment);
    return ::operator new(bytes);
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t) override {
    explicit_bzero(memory, bytes);
    ::operator delete(memory);
  }
  bool do_is_equal(const bj::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

// Never destroyed: values may outlive main().
WipingResource& wiping_resource() {
  static WipingResource& resource = *new WipingResource;
  return resource;
}

// Builds the value on a stack, as the library's own parser does, and adds our rules.
// `what` says which rule was broken; the library's error code then only stops the parser.
class StrictHandler {
 public:
  static constexpr std::size_t max_object_size = bj::object::max_size();
  static constexpr std::size_t max_array_size = bj::array::max_size();
  static constexpr std::size_t max_key_size = bj::string::max_size();
  static constexpr std::size_t max_string_size = bj::string::max_size();

  StrictHandler() : stack_(bj::storage_ptr(&wiping_resource())) {
    stack_.reset(bj::storage_ptr(&wiping_resource()));
  }
  bj::value release() { return stack_.release(); }
  std::string_view what() const { return what_; }

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_array_begin(bj::error_code&) { return true; }
  bool on_array_end(std::size_t size, bj::error_code&) {
    stack_.push_array(size);
    return true;
  }
  bool on_object_begin(bj::error_code&) {
    keys_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t size, bj::error_code&) {
    keys_.pop_back();
    stack_.push_object(size);
    return true;
  }
  bool on_key_part(bj::string_view part, std::size_t, bj::error_code&) {
    key_.append(part.data(), part.size());
    stack_.push_chars(part);
    return true;
  }
  bool on_key(bj::string_view part, std::size_t, bj::error_code& error) {
    key_.append(part.data(), part.size());
    const bool added = keys_.back().insert(std::move(key_)).second;
    key_.clear();
    if (!added) return refuse("duplicate key", error);
    stack_.push_key(part);
    return true;
  }
  bool on_string_part(bj::string_view part, std::size_t, bj::error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(bj::string_view part, std::size_t, bj::error_code&) {
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(bj::string_view, bj::error_code&) { return true; }
  bool on_int64(int64_t number, bj::string_view, bj::error_code& error) {
    if (number > kExactIntegerMax || number < -kExactIntegerMax) {
      return refuse(kNumberTooLarge, error);
    }
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(uint64_t, bj::string_view, bj::error_code& error) {
    return refuse(kNumberTooLarge, error);  // comes only above the largest int64
  }
  bool on_double(double number, bj::string_view, bj::error_code& error) {
    if (!std::isfinite(number) || std::abs(number) > static_cast<double>(kExactIntegerMax)) {
      return refuse(kNumberTooLarge, error);
    }
    stack_.push_double(number);
    return true;
  }
  bool on_bool(bool value, bj::error_code&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(bj::error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }

 private:
  static constexpr std::string_view kNumberTooLarge = "number beyond 2^53";

  bool refuse(std::string_view what, bj::error_code& error) {
    what_ = what;
    error = bj::error::syntax;
    return false;
  }

  bj::value_stack stack_;
  std::vector<std::set<std::string>> keys_;  // one set per open object
  std::string key_;                          // the parts of the key that is being read
  std::string_view what_;
};

}  // namespace

absl::StatusOr<Value> parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes_max) {
    return absl::InvalidArgumentError(absl::StrCat("longer than ", limits.bytes_max, " bytes"));
  }
  bj::parse_options options;
  options.max_depth = limits.depth_max;
  bj::basic_parser<StrictHandler> parser(options);
  bj::error_code error;
  const std::size_t read = parser.write_some(/*more=*/false, text.data(), text.size(), error);
  if (!error && read < text.size()) error = bj::error::extra_data;
  if (!error) return parser.handler().release();
  const std::string_view own = parser.handler().what();
  return absl::InvalidArgumentError(
      absl::StrCat(own.empty() ? error.message() : std::string(own), " at byte ", read));
}

}  // namespace bookstore::json
