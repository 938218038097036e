#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/deadline.h"
#include "causality/ledger.h"
#include "causality/recorder.h"

namespace bookstore::rpc {

// Which order a call is for, and whose history it extends. Calls about no order say so by having
// none; they are counted as such.
struct OrderScope {
  std::string order_id;
  causality::Epoch epoch;
  std::shared_ptr<causality::Recorder> recorder;
};

// W3C trace context, passed through unchanged ("00-<32 hex>-<16 hex>-01"); may be empty.
struct CallOptions {
  base::Deadline deadline;
  OrderScope order = {};
  std::string traceparent = {};
  // Retried (≤ 2 times, jittered, inside the deadline) when the server was not reached or shed the
  // call. Leave false where only our own reply proves the outcome (Submit).
  bool idempotent = false;
  // A call that is meant to wait: its length is no sign of a slow peer.
  bool long_poll = false;
};

}  // namespace bookstore::rpc
