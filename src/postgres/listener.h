#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "postgres/connection.h"

namespace bookstore::postgres {

struct Notification {
  std::string channel;
  std::string payload;
};

// A session of its own that LISTENs. NOTIFY may be lost while the session is away: after every
// open() read what you care about once, then wait. interrupt() from any thread, the rest from one.
class Listener {
 public:
  // Channel names are constants of ours: lower case letters, digits and _ (CHECKed).
  static absl::StatusOr<std::unique_ptr<Listener>> open(const std::string& conninfo,
                                                        const std::vector<std::string>& channels,
                                                        const base::Clock& clock,
                                                        base::Deadline deadline);
  ~Listener();

  // The next notification; empty at the deadline; CANCELLED after interrupt(); UNAVAILABLE when
  // the session is lost (open another).
  absl::StatusOr<std::optional<Notification>> wait(base::Deadline deadline);
  // Ends the running wait and every later one. Any thread.
  void interrupt();

 private:
  Listener(std::unique_ptr<Connection> connection, int wake_fd)
      : connection_(std::move(connection)), wake_fd_(wake_fd) {}

  std::unique_ptr<Connection> connection_;
  int wake_fd_;  // an eventfd
};

}  // namespace bookstore::postgres
