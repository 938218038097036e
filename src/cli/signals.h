#pragma once

#include "base/clock.h"

namespace bookstore::cli {

// SIGINT, SIGTERM and SIGHUP as something to wait for. Blocks them for this thread and all that it
// starts, so construct it before any other thread; SIGPIPE is ignored, a closed pipe is an error.
// wait_ms and requested() by one thread.
class StopSignal {
 public:
  StopSignal();

  // Waits for a signal; true when one came, now or before.
  bool wait_ms(base::DurationMs duration_ms);
  bool requested() { return wait_ms(0); }

 private:
  bool requested_ = false;
};

}  // namespace bookstore::cli
