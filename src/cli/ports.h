#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/random.h"

namespace bookstore::cli {

inline constexpr uint16_t kMetricsPortOffset = 1000;

// OK when a service could listen there on the loopback address; else one sentence why not.
absl::Status check_port(uint16_t port);
bool port_is_free(uint16_t port);

// service → gRPC port. The defaults when `wanted` all are free (and so are their metrics ports),
// otherwise free ones for all of them, so that one platform's ports stay together. None is one of
// `promised`: free still, but given to somebody.
absl::StatusOr<std::map<std::string, uint16_t>> choose_ports(
    const std::map<std::string, uint16_t>& wanted, base::Random& random,
    const std::set<uint16_t>& promised = {});
// Free ports, each with its metrics port, below the range from which the kernel takes the ports of
// outgoing connections.
absl::StatusOr<std::map<std::string, uint16_t>> choose_free_ports(
    const std::map<std::string, uint16_t>& names, base::Random& random,
    const std::set<uint16_t>& promised = {});
// The first of `count` free ports that follow each other, from the same range.
absl::StatusOr<uint16_t> choose_free_row(int count, base::Random& random);

}  // namespace bookstore::cli
