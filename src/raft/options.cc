#include "raft/options.h"

namespace bookstore::raft {

std::string Options::problem() const {
  if (id == kNobody || is_local_thread(id)) return "id: no node can have it";
  if (heartbeat_ticks < 1) return "heartbeat_ticks: at least 1";
  if (election_ticks <= heartbeat_ticks) return "election_ticks: more than heartbeat_ticks";
  if (max_inflight_messages == 0) return "max_inflight_messages: at least 1";
  if (max_append_bytes == 0) return "max_append_bytes: at least 1";
  if (max_inflight_bytes != 0 && max_inflight_bytes < max_append_bytes) {
    return "max_inflight_bytes: at least max_append_bytes, or 0";
  }
  if (read_mode == ReadMode::kLease && !check_quorum)
    return "read_mode: a lease needs check_quorum";
  return {};
}

}  // namespace bookstore::raft
