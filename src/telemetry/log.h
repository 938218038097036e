#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bookstore::telemetry {

enum class Level { kDebug, kInfo, kWarning, kError };

std::optional<Level> parse_level(std::string_view text);  // "debug" … "error"

using Field = std::pair<std::string_view, std::string>;

// Once, at the start of a process, before its threads. Until then lines carry no service.
void init_log(std::string service, Level level);

// One line on stderr, written before the call returns:
//   ts=2026-11-22T14:05:09.123Z level=info service=fraud event=listening address=127.0.0.1:7102
// `event` is a fixed snake_case name, fields say the rest; a value with blanks is quoted. Nothing
// above debug on the path of a successful order. Never a secret. Any thread.
void log(Level level, std::string_view event, std::initializer_list<Field> fields = {});

// Lines go to `sink` instead of stderr until it is reset to null. For tests.
void set_log_sink(std::function<void(const std::string& line)> sink);

}  // namespace bookstore::telemetry
