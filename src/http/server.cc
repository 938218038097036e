#include "http/server.h"

#include <pthread.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <condition_variable>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "http/address.h"
#include "http/session.h"
#include "telemetry/log.h"

namespace bookstore::http {
namespace {

using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;

// So many connections above the limit are told so; those beyond are just closed.
constexpr size_t kShedAtOnceMax = 64;
constexpr base::DurationMs kAcceptPauseMs = 100;  // after an accept that failed (no descriptors)

absl::Status bind_error(const ErrorCode& error, const std::string& listen) {
  if (error == asio::error::address_in_use) {
    return absl::AlreadyExistsError(absl::StrCat("the address ", listen, " is already in use"));
  }
  if (error == asio::error::access_denied) {
    return absl::PermissionDeniedError(absl::StrCat("no permission to listen on ", listen));
  }
  return absl::UnavailableError(absl::StrCat("cannot listen on ", listen, ": ", error.message()));
}

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Impl> {
 public:
  explicit Impl(std::shared_ptr<ServerCore> core)
      : core_(std::move(core)),
        work_(core_->io.get_executor()),
        acceptor_(core_->io.get_executor()),
        pause_(core_->io.get_executor()) {}

  absl::StatusOr<int> start();
  void shutdown(base::Deadline deadline);

 private:
  void accept();
  void on_accept(const ErrorCode& error, Socket socket);
  void run();
  void close_everything();

  const std::shared_ptr<ServerCore> core_;
  asio::executor_work_guard<Executor> work_;
  Acceptor acceptor_;  // HTTP thread, once it runs
  Timer pause_;
  std::thread thread_;

  std::mutex mutex_;  // guards finished_
  std::condition_variable finished_changed_;
  bool finished_ = false;  // the loop has ended
};

absl::StatusOr<int> Server::Impl::start() {
  const std::string& listen = core_->config.listen;
  const auto address = parse_address(listen);
  if (!address) return absl::InvalidArgumentError(absl::StrCat("'", listen, "' is not HOST:PORT"));
  ErrorCode error;
  asio::ip::basic_resolver<Tcp, Executor> resolver(core_->io.get_executor());
  const auto found =
      resolver.resolve(address->host, std::to_string(address->port), Tcp::resolver::passive, error);
  if (error || found.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown host in ", listen));
  }
  const Tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return bind_error(error, listen);
  const int port = acceptor_.local_endpoint(error).port();
  accept();
  thread_ = std::thread([this] { run(); });
  return port;
}

void Server::Impl::run() {
  pthread_setname_np(pthread_self(), "http");
  core_->io.run();
  {
    const std::lock_guard lock(core_->mutex);
    core_->stopped = true;
  }
  // Answers that were posted between the two lines above: run, they find their session closed.
  core_->io.restart();
  core_->io.poll();
  const std::lock_guard lock(mutex_);
  finished_ = true;
  finished_changed_.notify_all();
}

void Server::Impl::accept() {
  acceptor_.async_accept(core_->io.get_executor(), [this](const ErrorCode& error, Socket socket) {
    on_accept(error, std::move(socket));
  });
}

void Server::Impl::on_accept(const ErrorCode& error, Socket socket) {
  if (core_->draining || error == asio::error::operation_aborted) return;
  if (error) {
    pause_.expires_after(std::chrono::milliseconds(kAcceptPauseMs));
    pause_.async_wait([this](const ErrorCode& canceled) {
      if (!canceled) accept();
    });
    return;
  }
  const size_t open = core_->sessions.size();
  if (open < core_->config.connections_max) {
    std::make_shared<Session>(core_, std::move(socket))->start();
  } else if (open < core_->config.connections_max + kShedAtOnceMax) {
    std::make_shared<Session>(core_, std::move(socket))->shed();
  }  // else the socket closes here
  accept();
}

void Server::Impl::close_everything() {
  // close() may end a session and so change the set.
  const std::vector<Session*> sessions(core_->sessions.begin(), core_->sessions.end());
  for (Session* session : sessions) {
    if (core_->sessions.contains(session)) session->close();
  }
}

void Server::Impl::shutdown(base::Deadline deadline) {
  if (!thread_.joinable()) return;
  core_->post([this] {
    core_->draining = true;
    ErrorCode ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    const std::vector<Session*> sessions(core_->sessions.begin(), core_->sessions.end());
    for (Session* session : sessions) {
      if (core_->sessions.contains(session)) session->drain();
    }
    work_.reset();
  });
  {
    std::unique_lock lock(mutex_);
    const auto left = std::chrono::milliseconds(deadline.remaining_ms(core_->clock));
    if (!finished_changed_.wait_for(lock, left, [this] { return finished_; })) {
      core_->post([this] { close_everything(); });
    }
  }
  thread_.join();
}

Server::Server(Config config, const Router& router, const base::Clock& clock, base::Random& random,
               telemetry::Registry* metrics)
    : impl_(std::make_shared<Impl>(
          std::make_shared<ServerCore>(std::move(config), router, clock, random, metrics))) {}

Server::~Server() {
  shutdown(base::Deadline::at(0));
}

absl::StatusOr<int> Server::start() {
  return impl_->start();
}
void Server::shutdown(base::Deadline deadline) {
  impl_->shutdown(deadline);
}

}  // namespace bookstore::http
