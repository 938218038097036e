#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/endpoints.h"
#include "cli/state_dir.h"
#include "cli/supervisor.h"

namespace bookstore::cli {

// One process of the platform: its name in commands and logs, its binary, its default gRPC port
// (0: an orchestrator, which has none), and which of several it is, from 1.
struct ServiceName {
  std::string name;
  std::string binary;
  uint16_t port = 0;
  int instance = 1;
};

// As many may run behind one database and one executor on a machine.
inline constexpr int kOrchestratorsMax = 8;

// In groups that may start together: each group needs the ones before it. Stopped in reverse. One
// orchestrator is called `orchestrator`; several are `orchestrator-1` and so on.
std::vector<std::vector<ServiceName>> service_groups(int orchestrators = 1);
// service → default gRPC port.
std::map<std::string, uint16_t> default_ports();

// How to start it: its own addresses and name as flags, all others and what belongs to the platform
// as BOOKSTORE_… variables (a database URL may hold a password, and arguments are public).
ServiceSpec service_spec(const ServiceName& service, const Endpoints& endpoints,
                         const StateDir& state, const std::filesystem::path& model);

// Host and port of the page that says 200 on /readyz once the service can work.
uint16_t readiness_port(const ServiceName& service, const Endpoints& endpoints);

}  // namespace bookstore::cli
