#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "json/fwd.h"

namespace bookstore::json {

struct Limits {
  size_t bytes_max = 64 * 1024;
  size_t depth_max = 16;  // 0: only a bare scalar
};

// Strict: one document and nothing after it, valid UTF-8, no duplicate key, no number that a
// double cannot hold exactly as an integer (beyond 2^53) and none that overflows. InvalidArgument
// names the rule and the offset, never the text: it may hold a card number. For the same reason
// every byte of memory that the document used is overwritten when it is freed.
absl::StatusOr<Value> parse(std::string_view text, const Limits& limits = {});

// Compact. Members in the order in which they were inserted.
std::string write(const Value& value);
// Compact, members sorted by the bytes of their keys at every level: equal documents give equal
// bytes, so this is what fingerprints are taken of. `size_hint` (bytes) keeps a secret from being
// left behind where a growing string was.
std::string write_canonical(const Value& value, size_t size_hint = 0);

// Overwrites the text so that the compiler cannot leave it out, then empties it.
void wipe(std::string& text);

}  // namespace bookstore::json
