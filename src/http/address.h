#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bookstore::http {

struct Address {
  std::string host;
  int port = 0;
};

// "127.0.0.1:7102", "db.internal:0", "[::1]:80". Empty for anything else.
std::optional<Address> parse_address(std::string_view text);

}  // namespace bookstore::http
