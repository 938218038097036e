#pragma once

#include <optional>
#include <string>

#include "cli/fd.h"
#include "cli/load.h"

namespace bookstore::cli {

// What the load generator reads of an answer: enough to count it, little enough to be cheap.
struct LoadAnswer {
  int status = 0;
  std::string order_id;  // of a 2xx
  std::string code;      // of a problem
  bool closing = false;  // the server closes the connection after it
};
// The first whole answer of `bytes`, taken out of it; empty while it is not whole. Data of a
// server that does not speak our HTTP is DataLoss.
absl::StatusOr<std::optional<LoadAnswer>> take_answer(std::string& bytes);

// One kept connection, non-blocking, with at most one request under way. Errors are final: close
// it. The caller waits for the socket with epoll, edge-triggered for both directions.
class LoadConnection {
 public:
  static absl::StatusOr<LoadConnection> open(const Door& door);

  int fd() const { return socket_.get(); }
  void send(std::string request) { unsent_ = std::move(request); }
  // Sends and receives what is possible now.
  absl::StatusOr<std::optional<LoadAnswer>> advance();

 private:
  explicit LoadConnection(Fd socket) : socket_(std::move(socket)) {}
  absl::Status flush();

  Fd socket_;
  std::string unsent_;
  std::string received_;
};

}  // namespace bookstore::cli
