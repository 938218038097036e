#include "rpc/quiet.h"

#include <grpc/support/log.h>

#include <cstdlib>

#include "absl/synchronization/mutex.h"

namespace bookstore::rpc {

void silence_grpc_log() {
  static const bool done = [] {
    // Debian builds absl with its search for lock cycles on: 2 % of all CPU time of a checkout,
    // spent on gRPC's own locks.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
    return true;
  }();
  (void)done;
}

}  // namespace bookstore::rpc
