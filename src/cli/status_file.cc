#include "cli/status_file.h"

#include "base/status.h"
#include "cli/state_dir.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

ServiceState state_named(std::string_view name) {
  for (const ServiceState state : {ServiceState::kRunning, ServiceState::kWaiting,
                                   ServiceState::kStopping, ServiceState::kStopped})
    if (name_of(state) == name) return state;
  return ServiceState::kStopped;
}

int64_t number(const json::Object& object, const char* key) {
  const json::Value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::string text(const json::Object& object, const char* key) {
  const json::Value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

absl::Status write_status_file(const std::filesystem::path& path, const PlatformStatus& status) {
  json::Array services;
  for (const ServiceView& service : status.services)
    services.push_back(json::Object{{"name", service.name},
                                    {"state", name_of(service.state)},
                                    {"pid", service.pid},
                                    {"restarts", service.ends},
                                    {"last_exit", service.last_exit},
                                    {"since_ms", service.since_ms}});
  return write_file(
      path, json::write(json::Object{{"pid", status.supervisor}, {"services", services}}) + "\n");
}

absl::StatusOr<PlatformStatus> read_status_file(const std::filesystem::path& path) {
  BOOKSTORE_ASSIGN_OR_RETURN(const std::string content, read_file(path));
  BOOKSTORE_ASSIGN_OR_RETURN(const json::Value document, json::parse(content));
  const json::Object* object = document.if_object();
  const json::Value* services = object != nullptr ? object->if_contains("services") : nullptr;
  if (services == nullptr || !services->is_array())
    return absl::DataLossError(path.string() + " is damaged");
  PlatformStatus status{.supervisor = static_cast<pid_t>(number(*object, "pid"))};
  for (const json::Value& entry : services->get_array()) {
    const json::Object* service = entry.if_object();
    if (service == nullptr) return absl::DataLossError(path.string() + " is damaged");
    status.services.push_back({.name = text(*service, "name"),
                               .state = state_named(text(*service, "state")),
                               .pid = static_cast<pid_t>(number(*service, "pid")),
                               .ends = static_cast<int>(number(*service, "restarts")),
                               .last_exit = text(*service, "last_exit"),
                               .since_ms = number(*service, "since_ms")});
  }
  return status;
}

}  // namespace bookstore::cli
