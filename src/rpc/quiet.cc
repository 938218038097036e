#include "rpc/quiet.h"

#include <grpc/support/log.h>

#include <cstdlib>

namespace bookstore::rpc {

void silence_grpc_log() {
  static const bool done = [] {
    if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
    return true;
  }();
  (void)done;
}

}  // namespace bookstore::rpc
