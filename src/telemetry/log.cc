#include "telemetry/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>
#include <mutex>

namespace bookstore::telemetry {
namespace {

// stderr, or what a test put in its place. One write() per line, so that lines of processes that
// share a terminal do not mix. The base class's mutex guards sink_.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void replace(std::function<void(const std::string&)> replacement) {
    const std::lock_guard lock(mutex_);
    sink_ = std::move(replacement);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t buffer;
    formatter_->format(message, buffer);
    if (sink_) {
      sink_(std::string(buffer.data(), buffer.size() - 1));
      return;
    }
    // Nothing sensible can be done when stderr is gone.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, buffer.data(), buffer.size());
  }
  void flush_() override {}

 private:
  std::function<void(const std::string&)> sink_;
};

struct State {
  std::shared_ptr<LineSink> sink = std::make_shared<LineSink>();
  spdlog::logger logger{"bookstore", sink};
  std::string service;  // written by init_log before threads start

  State() {
    logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "ts=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v", spdlog::pattern_time_type::utc, "\n"));
  }
};

// Never destroyed: threads may log while static objects die.
State& state() {
  static State& instance = *new State;
  return instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

bool is_plain(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
  }
  return true;
}

// A value cannot forge a second line or a second field.
void append_value(std::string& line, std::string_view value) {
  if (is_plain(value)) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    if (c == '\n') {
      line += "\\n";
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      line += '?';
    } else {
      line += c;
    }
  }
  line += '"';
}

}  // namespace

std::optional<Level> parse_level(std::string_view text) {
  if (text == "debug") return Level::kDebug;
  if (text == "info") return Level::kInfo;
  if (text == "warning") return Level::kWarning;
  if (text == "error") return Level::kError;
  return std::nullopt;
}

void init_log(std::string service, Level level) {
  state().service = std::move(service);
  state().logger.set_level(to_spdlog(level));
}

void log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  State& log_state = state();
  const auto spdlog_level = to_spdlog(level);
  if (!log_state.logger.should_log(spdlog_level)) return;
  std::string line;
  if (!log_state.service.empty()) line += "service=" + log_state.service + " ";
  line += "event=";
  append_value(line, event);
  for (const auto& [name, value] : fields) {
    line += ' ';
    line += name;
    line += '=';
    append_value(line, value);
  }
  log_state.logger.log(spdlog_level, "{}", line);
}

void set_log_sink(std::function<void(const std::string&)> sink) {
  state().sink->replace(std::move(sink));
}

}  // namespace bookstore::telemetry
