#include "process/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "http/address.h"

namespace bookstore::process {
namespace {

constexpr int kExitWrongOption = 2;

// BOOKSTORE_KEY_FILE of "key-file".
std::string environment_name(const std::string& name) {
  std::string result = "BOOKSTORE_";
  for (const char c : name) {
    result += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return result;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> items;
  size_t begin = 0;
  for (;;) {
    const size_t end = text.find(',', begin);
    items.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return items;
    begin = end + 1;
  }
}

std::string address_error(const std::string& text) {
  if (http::parse_address(text)) return "";
  return "'" + text + "' is not HOST:PORT";
}

// A validator that has no name of its own in --help.
CLI::Validator check(std::function<std::string(const std::string&)> error_of) {
  return CLI::Validator([error_of](std::string& text) { return error_of(text); }, "");
}

}  // namespace

std::optional<base::DurationMs> parse_duration(const std::string& text) {
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  if (digits == 0 || digits > 12) return std::nullopt;
  const base::DurationMs number = std::stoll(text.substr(0, digits));
  const std::string unit = text.substr(digits);
  if (unit.empty() || unit == "ms") return number;
  if (unit == "s") return number * 1'000;
  if (unit == "m") return number * 60'000;
  if (unit == "h") return number * 3'600'000;
  return std::nullopt;
}

Options::Options(const std::string& name, const std::string& purpose)
    : name_(name), app_(std::make_unique<CLI::App>(purpose, name)) {
  app_->set_config("--config", "", "File of options (TOML or INI)");
  app_->allow_config_extras(CLI::config_extras_mode::error);
  app_->set_version_flag("--version", name + " 0.1.0");
  app_->get_formatter()->column_width(36);
}

Options::~Options() = default;

void Options::text(const std::string& name, std::string* value, const std::string& help,
                   bool required, bool from_environment) {
  auto* option = app_->add_option("--" + name, *value, help)->capture_default_str();
  if (from_environment) option->envname(environment_name(name));
  if (required) option->required();
}

void Options::integer(const std::string& name, int64_t* value, const std::string& help, int64_t min,
                      int64_t max) {
  app_->add_option("--" + name, *value, help)
      ->capture_default_str()
      ->envname(environment_name(name))
      ->check(CLI::Range(min, max));
}

void Options::flag(const std::string& name, bool* value, const std::string& help) {
  app_->add_flag("--" + name, *value, help)->envname(environment_name(name));
}

void Options::address(const std::string& name, std::string* value, const std::string& help,
                      bool required, bool from_environment) {
  auto* option = app_->add_option("--" + name, *value, help)
                     ->capture_default_str()
                     ->type_name("HOST:PORT")
                     ->check(check(address_error));
  if (from_environment) option->envname(environment_name(name));
  if (required) option->required();
}

void Options::addresses(const std::string& name, std::vector<std::string>* value,
                        const std::string& help, bool required) {
  auto* option = app_->add_option_function<std::string>(
      "--" + name, [value](const std::string& text) { *value = split_list(text); }, help);
  option->type_name("HOST:PORT[,…]")
      ->envname(environment_name(name))
      ->check(check([](const std::string& text) -> std::string {
        for (const std::string& item : split_list(text)) {
          if (std::string error = address_error(item); !error.empty()) return error;
        }
        return "";
      }));
  if (required) option->required();
}

void Options::duration(const std::string& name, base::DurationMs* value_ms, const std::string& help,
                       base::DurationMs min_ms, base::DurationMs max_ms) {
  app_->add_option_function<std::string>(
          "--" + name,
          [value_ms](const std::string& text) { *value_ms = parse_duration(text).value(); }, help)
      ->default_str(std::to_string(*value_ms) + "ms")
      ->type_name("DURATION")
      ->envname(environment_name(name))
      ->check(check([min_ms, max_ms](const std::string& text) -> std::string {
        const auto parsed = parse_duration(text);
        if (!parsed) return "'" + text + "' is not a duration such as 250ms or 2s";
        if (*parsed >= min_ms && *parsed <= max_ms) return "";
        return "'" + text + "' is not between " + std::to_string(min_ms) + "ms and " +
               std::to_string(max_ms) + "ms";
      }));
}

void Options::choice(const std::string& name, std::string* value, const std::string& help,
                     const std::vector<std::string>& choices) {
  app_->add_option("--" + name, *value, help)
      ->capture_default_str()
      ->envname(environment_name(name))
      ->check(CLI::IsMember(choices));
}

std::optional<int> Options::parse(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::Success& asked) {  // --help, --version
    return app_->exit(asked);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "%s: %s\n", name_.c_str(), error.what());
    return kExitWrongOption;
  }
}

}  // namespace bookstore::process
