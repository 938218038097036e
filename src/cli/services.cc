#include "cli/services.h"

#include "cli/layout.h"
#include "cli/ports.h"

namespace bookstore::cli {

std::vector<std::vector<ServiceName>> service_groups(int orchestrators) {
  std::vector<ServiceName> doors;
  for (int instance = 1; instance <= orchestrators; ++instance) {
    const std::string suffix = orchestrators > 1 ? "-" + std::to_string(instance) : "";
    doors.push_back({"orchestrator" + suffix, "orchestrator", 0, instance});
  }
  return {
      {{"verification", "transaction_verification", 7101},
       {"fraud", "fraud_detection", 7102},
       {"suggestions", "suggestions", 7103},
       {"inventory", "inventory", 7104},
       {"payment", "payment", 7105}},
      {{"executor", "order_executor", 7201}},
      std::move(doors),
  };
}

std::map<std::string, uint16_t> default_ports() {
  std::map<std::string, uint16_t> ports;
  for (const auto& group : service_groups())
    for (const ServiceName& service : group)
      if (service.port != 0) ports[service.name] = service.port;
  return ports;
}

ServiceSpec service_spec(const ServiceName& service, const Endpoints& endpoints,
                         const StateDir& state, const std::filesystem::path& model) {
  ServiceSpec spec{.name = service.name};
  spec.child.argv = {(binary_folder() / service.binary).string(), "--listen"};
  if (service.port == 0) {
    spec.child.argv.insert(spec.child.argv.end(),
                           {endpoints.http_address(service.instance), "--clock-host",
                            "orchestrator-" + std::to_string(service.instance)});
  } else {
    spec.child.argv.insert(spec.child.argv.end(),
                           {endpoints.grpc_address(service.name), "--metrics-listen",
                            endpoints.metrics_address(service.name)});
  }
  spec.child.environment = {"BOOKSTORE_DATABASE=" + endpoints.database,
                            "BOOKSTORE_KEY_FILE=" + endpoints.key_file,
                            "BOOKSTORE_MODEL=" + model.string(),
                            "BOOKSTORE_DATA=" + (state.path() / service.name).string()};
  if (service.port == 0)
    spec.child.environment.push_back("BOOKSTORE_ADMIN_TOKEN_FILE=" + endpoints.admin_token_file);
  for (const auto& [name, port] : endpoints.grpc) {
    std::string variable = "BOOKSTORE_";
    for (const char c : name) variable += static_cast<char>(c - 'a' + 'A');
    spec.child.environment.push_back(variable + "=" + endpoints.grpc_address(name));
  }
  return spec;
}

uint16_t readiness_port(const ServiceName& service, const Endpoints& endpoints) {
  if (service.port == 0) return endpoints.http_port_of(service.instance);
  return static_cast<uint16_t>(endpoints.grpc.at(service.name) + kMetricsPortOffset);
}

}  // namespace bookstore::cli
