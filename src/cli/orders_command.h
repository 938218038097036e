#pragma once

#include <string>

#include "cli/admin_client.h"

namespace bookstore::cli {

// bookstorectl orders …: each gives the exit code.
enum CtlExit : int {
  kCtlDone = 0,
  kCtlRefused = 1,      // the platform says no, and why
  kCtlUsage = 2,        // a wrong option
  kCtlUnreachable = 3,  // nobody answers, or not now: try again
  kCtlNoSuchOrder = 4,
};

struct CtlOptions {
  AdminOptions admin;
  bool as_json = false;
  std::string by;  // who acts: the log and the order say so
};

// `state` empty: what waits for a person; "all": everything, the newest first.
int orders_list(const CtlOptions& options, const std::string& state, int limit,
                const std::string& cursor);
int orders_show(const CtlOptions& options, const std::string& id);
// "retry" or "abort".
int orders_act(const CtlOptions& options, const std::string& action, const std::string& id,
               const std::string& reason);
// Decides about the order as it is shown at that moment.
int orders_review(const CtlOptions& options, const std::string& id, bool approve,
                  const std::string& reason);

}  // namespace bookstore::cli
