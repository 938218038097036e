#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/fwd.h"

namespace bookstore::http {

// Header fields in order; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  // Replaces every field of that name.
  void set(std::string_view name, std::string value);
  // The first field of that name, or empty.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  size_t count(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  std::string method;  // as sent: "GET"
  std::string path;    // as sent, without the query: "/v1/books/b%2D1"
  std::vector<std::pair<std::string, std::string>> query;  // percent-decoded, in order
  Headers headers;
  std::string body;
  std::string remote_address;
  std::map<std::string, std::string> path_params;  // by the pattern's names, percent-decoded
  std::string traceparent;  // always valid: a child of the client's, or a new trace

  std::string_view header(std::string_view name) const { return headers.get(name); }
  // Empty when the path has no such parameter (our bug, not the client's).
  const std::string& path_param(const std::string& name) const;
  // The first of that name.
  std::optional<std::string> query_value(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

Response json_response(int status, const json::Value& body);
Response text_response(int status, std::string body,
                       std::string content_type = "text/plain; charset=utf-8");

// "Not Found"; "Unknown" for a status that has no name.
std::string_view reason_phrase(int status);

// Empty when `text` has a '%' that is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);
// Everything but the unreserved characters of RFC 3986.
std::string percent_encode(std::string_view text);
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text);

}  // namespace bookstore::http
