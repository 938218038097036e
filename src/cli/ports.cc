#include "cli/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "cli/fd.h"

namespace bookstore::cli {
namespace {

constexpr uint16_t kFirstPort = 10'000;
constexpr uint16_t kLastPort = 31'000;  // + kMetricsPortOffset stays below 32768
constexpr int kTriesMax = 2'000;

bool usable(uint16_t port, const std::set<uint16_t>& promised) {
  const auto metrics = static_cast<uint16_t>(port + kMetricsPortOffset);
  return !promised.contains(port) && !promised.contains(metrics) && port_is_free(port) &&
         port_is_free(metrics);
}

}  // namespace

absl::Status check_port(uint16_t port) {
  const Fd socket_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  // As servers do: connections of a stopped server that linger do not make the port busy.
  setsockopt(socket_fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // With SO_REUSEADDR only listening tells whether somebody else listens.
  if (bind(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      listen(socket_fd.get(), 1) == 0)
    return absl::OkStatus();
  if (errno == EACCES)
    return absl::PermissionDeniedError("port " + std::to_string(port) + " is for root alone");
  return absl::AlreadyExistsError("port " + std::to_string(port) + " is in use by another program");
}

bool port_is_free(uint16_t port) {
  return check_port(port).ok();
}

absl::StatusOr<std::map<std::string, uint16_t>> choose_ports(
    const std::map<std::string, uint16_t>& wanted, base::Random& random,
    const std::set<uint16_t>& promised) {
  for (const auto& [name, port] : wanted)
    if (!usable(port, promised)) return choose_free_ports(wanted, random, promised);
  return wanted;
}

absl::StatusOr<std::map<std::string, uint16_t>> choose_free_ports(
    const std::map<std::string, uint16_t>& names, base::Random& random,
    const std::set<uint16_t>& promised) {
  std::map<std::string, uint16_t> chosen;
  std::map<uint16_t, bool> taken;
  auto next = names.begin();
  for (int tries = 0; tries < kTriesMax && next != names.end(); ++tries) {
    const auto port = static_cast<uint16_t>(kFirstPort + random.below(kLastPort - kFirstPort));
    const auto metrics = static_cast<uint16_t>(port + kMetricsPortOffset);
    if (taken[port] || taken[metrics] || !usable(port, promised)) continue;
    taken[port] = taken[metrics] = true;
    chosen[next->first] = port;
    ++next;
  }
  if (next != names.end()) return absl::ResourceExhaustedError("no free ports on this machine");
  return chosen;
}

absl::StatusOr<uint16_t> choose_free_row(int count, base::Random& random) {
  for (int tries = 0; tries < kTriesMax; ++tries) {
    const auto first = static_cast<uint16_t>(kFirstPort + random.below(kLastPort - kFirstPort));
    int free = 0;
    while (free < count && port_is_free(static_cast<uint16_t>(first + free))) ++free;
    if (free == count) return first;
  }
  return absl::ResourceExhaustedError("no free ports on this machine");
}

}  // namespace bookstore::cli
