#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace bookstore::orchestrator {

// True when `if_none_match` (RFC 9110, 13.1.2: a list of entity tags, or *) names `etag`. Weak
// comparison, as that header wants it.
bool names_etag(std::string_view if_none_match, std::string_view etag);

// Of `Prefer: wait=N` (RFC 7240) in seconds, at most 30; empty when there is none that can be
// read: a preference is never an error.
inline constexpr base::DurationMs kWaitMaxMs = 30'000;
std::optional<base::DurationMs> preferred_wait_ms(const http::Headers& headers);

// "application/json", with parameters or without.
bool is_json(std::string_view content_type);

// The whole of a query parameter as a number within [min, max].
std::optional<int64_t> parse_number(std::string_view text, int64_t min, int64_t max);

// 304 with the tag when the client has it already, else the response with the tag.
http::Response conditional(const http::Request& request, std::string etag, http::Response response);

}  // namespace bookstore::orchestrator
