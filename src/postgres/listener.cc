#include "postgres/listener.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "base/status.h"

namespace bookstore::postgres {
namespace {

bool is_channel_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::open(const std::string& conninfo,
                                                         const std::vector<std::string>& channels,
                                                         const base::Clock& clock,
                                                         base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(auto connection, Connection::open(conninfo, clock, deadline));
  for (const std::string& channel : channels) {
    BOOKSTORE_CHECK(is_channel_name(channel), channel);
    BOOKSTORE_RETURN_IF_ERROR(connection->run("LISTEN " + channel, deadline));
  }
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) return absl::ResourceExhaustedError("no file descriptor for a listener");
  return std::unique_ptr<Listener>(new Listener(std::move(connection), wake_fd));
}

Listener::~Listener() {
  close(wake_fd_);
}

void Listener::interrupt() {
  const uint64_t one = 1;
  [[maybe_unused]] const auto written =
      write(wake_fd_, &one, sizeof one);  // full means set already
}

absl::StatusOr<std::optional<Notification>> Listener::wait(base::Deadline deadline) {
  PGconn* const connection = connection_->connection_;
  while (true) {
    if (PGnotify* notify = PQnotifies(connection); notify != nullptr) {
      Notification out{notify->relname, notify->extra};
      PQfreemem(notify);
      return std::optional(std::move(out));
    }
    pollfd entries[] = {{.fd = PQsocket(connection), .events = POLLIN, .revents = 0},
                        {.fd = wake_fd_, .events = POLLIN, .revents = 0}};
    const auto wait_ms =
        std::min<base::DurationMs>(deadline.remaining_ms(connection_->clock()), 60'000);
    const int ready = poll(entries, 2, static_cast<int>(wait_ms));
    if (ready < 0 && errno != EINTR) return absl::UnavailableError("listener: poll failed");
    if (entries[1].revents != 0) return absl::CancelledError("listener: interrupted");
    if (ready == 0 && deadline.passed(connection_->clock())) {
      return std::optional<Notification>();
    }
    if (ready > 0 && PQconsumeInput(connection) == 0) {
      connection_->broken_ = true;
      return absl::UnavailableError("listener: connection lost");
    }
  }
}

}  // namespace bookstore::postgres
