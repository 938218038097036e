#pragma once

#include <string>
#include <string_view>

#include "base/random.h"

// W3C Trace Context, version 00: "00-<32 hex trace id>-<16 hex span id>-<2 hex flags>".
// We carry it through every call; the trace id is what a person searches the logs for.
namespace bookstore::telemetry {

// Lower-case hex, no all-zero ids: anything else is to be treated as absent.
bool valid_traceparent(std::string_view text);

// A new trace.
std::string make_traceparent(base::Random& random);
// The same trace with a span id of our own; a new trace when `parent` is not valid.
std::string child_traceparent(std::string_view parent, base::Random& random);

// The 32 hex digits; empty when `traceparent` is not valid.
std::string trace_id(std::string_view traceparent);

}  // namespace bookstore::telemetry
