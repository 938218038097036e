#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "process/process.h"

namespace CLI {
class App;
}

namespace bookstore::process {

// The options of one process: flags, environment and file from one declaration.
class Options {
 public:
  Options(const std::string& name, const std::string& purpose);
  ~Options();

  void text(const std::string& name, std::string* value, const std::string& help, bool required,
            bool from_environment = true);
  void integer(const std::string& name, int64_t* value, const std::string& help, int64_t min,
               int64_t max);
  void flag(const std::string& name, bool* value, const std::string& help);
  void address(const std::string& name, std::string* value, const std::string& help, bool required,
               bool from_environment = true);
  void addresses(const std::string& name, std::vector<std::string>* value, const std::string& help,
                 bool required);
  void duration(const std::string& name, base::DurationMs* value_ms, const std::string& help,
                base::DurationMs min_ms, base::DurationMs max_ms);
  void choice(const std::string& name, std::string* value, const std::string& help,
              const std::vector<std::string>& choices);

  // Nothing: go on. Otherwise the exit code, after --help on stdout or one sentence on stderr.
  std::optional<int> parse(int argc, const char* const* argv);

 private:
  const std::string name_;
  const std::unique_ptr<CLI::App> app_;
};

// "250ms", "2s", "1m", "3h" or bare milliseconds.
std::optional<base::DurationMs> parse_duration(const std::string& text);

}  // namespace bookstore::process
