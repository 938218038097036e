// The one translation unit that compiles Boost.JSON.
#include "json/json.h"

#include <boost/json/src.hpp>
#include <cstring>

namespace bookstore::json {

void wipe(std::string& text) {
  // The capacity, not the size: a longer text may have been here before.
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace bookstore::json
