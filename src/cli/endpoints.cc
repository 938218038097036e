#include "cli/endpoints.h"

#include <charconv>

#include "base/check.h"
#include "base/status.h"
#include "cli/ports.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

constexpr char kHost[] = "127.0.0.1:";

absl::Status damaged(const std::filesystem::path& path) {
  return absl::DataLossError(path.string() +
                             " is damaged; the next './bookstore up' writes it anew");
}

// The number after the last colon; 0 when there is none.
uint16_t port_of(const json::Value* address) {
  if (address == nullptr || !address->is_string()) return 0;
  const std::string_view text = address->get_string();
  const size_t colon = text.rfind(':');
  uint16_t port = 0;
  if (colon != std::string_view::npos)
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  return port;
}

std::string text_of(const json::Value* value) {
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::string Endpoints::grpc_address(const std::string& service) const {
  const auto port = grpc.find(service);
  BOOKSTORE_CHECK(port != grpc.end(), service);
  return kHost + std::to_string(port->second);
}

std::string Endpoints::metrics_address(const std::string& service) const {
  const auto port = grpc.find(service);
  BOOKSTORE_CHECK(port != grpc.end(), service);
  return kHost + std::to_string(port->second + kMetricsPortOffset);
}

uint16_t Endpoints::http_port_of(int instance) const {
  BOOKSTORE_CHECK(1 <= instance && instance <= orchestrators, "orchestrator ", instance);
  return static_cast<uint16_t>(http_port + instance - 1);
}

std::string Endpoints::http_address(int instance) const {
  return kHost + std::to_string(http_port_of(instance));
}

std::string Endpoints::http_url(int instance) const {
  return "http://" + http_address(instance);
}

absl::Status write_endpoints(const std::filesystem::path& path, const Endpoints& endpoints) {
  json::Object services;
  for (const auto& [name, port] : endpoints.grpc)
    services[name] = json::Object{{"grpc", endpoints.grpc_address(name)},
                                  {"metrics", endpoints.metrics_address(name)}};
  json::Array doors;
  for (int instance = 1; instance <= endpoints.orchestrators; ++instance)
    doors.emplace_back(endpoints.http_url(instance));
  const json::Object document{{"http", endpoints.http_url()},
                              {"orchestrators", doors},
                              {"database", endpoints.database},
                              {"key_file", endpoints.key_file},
                              {"admin_token_file", endpoints.admin_token_file},
                              {"services", services}};
  return write_file(path, json::write(document) + "\n", 0600);
}

absl::StatusOr<Endpoints> read_endpoints(const std::filesystem::path& path) {
  BOOKSTORE_ASSIGN_OR_RETURN(const std::string text, read_file(path));
  const auto document = json::parse(text);
  if (!document.ok() || !document->is_object()) return damaged(path);
  const json::Object& object = document->get_object();
  Endpoints endpoints{.http_port = port_of(object.if_contains("http")),
                      .database = text_of(object.if_contains("database")),
                      .key_file = text_of(object.if_contains("key_file")),
                      .admin_token_file = text_of(object.if_contains("admin_token_file"))};
  // Each is the one before plus one, so their number says all.
  const json::Value* doors = object.if_contains("orchestrators");
  if (doors != nullptr && doors->is_array() && !doors->get_array().empty())
    endpoints.orchestrators = static_cast<int>(doors->get_array().size());
  const json::Value* services = object.if_contains("services");
  if (endpoints.http_port == 0 || services == nullptr || !services->is_object())
    return damaged(path);
  for (const auto& entry : services->get_object()) {
    if (!entry.value().is_object()) return damaged(path);
    endpoints.grpc[std::string(entry.key())] =
        port_of(entry.value().get_object().if_contains("grpc"));
  }
  return endpoints;
}

absl::StatusOr<Endpoints> running_endpoints(const StateDir& state) {
  if (!running_supervisor(state).has_value())
    return absl::FailedPreconditionError("no platform runs in " + state.path().string() +
                                         "; './bookstore up' starts one");
  return read_endpoints(state.endpoints());
}

}  // namespace bookstore::cli
