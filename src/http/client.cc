#include "http/client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "http/net.h"

namespace bookstore::http {
namespace {

bool may_repeat(const std::string& method) {
  return method == "GET" || method == "HEAD";
}

}  // namespace

// Asynchronous inside, because only that way a deadline reaches a connect or a read; the private
// loop runs while request() waits.
class Client::Impl {
 public:
  Impl(std::string host, int port, const base::Clock& clock, size_t body_bytes_max)
      : host_(std::move(host)),
        port_(port),
        clock_(clock),
        body_bytes_max_(body_bytes_max),
        socket_(io_.get_executor()) {}

  absl::StatusOr<Response> request(const std::string& method, const std::string& target,
                                   const Headers& headers, const std::string& body,
                                   base::Deadline deadline) {
    const bool reused = socket_.is_open();
    auto response = attempt(method, target, headers, body, deadline);
    if (!response.ok() && reused && may_repeat(method) && answer_bytes_ == 0 &&
        absl::IsUnavailable(response.status())) {
      response = attempt(method, target, headers, body, deadline);
    }
    return response;
  }

 private:
  absl::StatusOr<Response> attempt(const std::string& method, const std::string& target,
                                   const Headers& headers, const std::string& body,
                                   base::Deadline deadline) {
    answer_bytes_ = 0;
    absl::Status status = socket_.is_open() ? absl::OkStatus() : connect(deadline);
    if (status.ok()) status = send(render(method, target, headers, body), deadline);
    if (!status.ok()) {
      disconnect();
      return status;
    }
    auto response = receive(method == "HEAD", deadline);
    if (!response.ok()) disconnect();
    return response;
  }

  std::string render(const std::string& method, const std::string& target, const Headers& headers,
                     const std::string& body) const {
    std::string text = absl::StrCat(method, " ", target, " HTTP/1.1\r\n");
    if (!headers.has("Host")) absl::StrAppend(&text, "Host: ", host_, ":", port_, "\r\n");
    for (const auto& [name, value] : headers) absl::StrAppend(&text, name, ": ", value, "\r\n");
    if (!body.empty() || method == "POST") {
      absl::StrAppend(&text, "Content-Length: ", body.size(), "\r\n");
    }
    absl::StrAppend(&text, "\r\n", body);
    return text;
  }

  absl::Status connect(base::Deadline deadline) {
    asio::ip::basic_resolver<Tcp, Executor> resolver(io_.get_executor());
    ErrorCode error;
    const auto endpoints = resolver.resolve(host_, std::to_string(port_), error);
    if (error) return absl::UnavailableError(absl::StrCat("unknown host ", host_));
    error = asio::error::would_block;
    asio::async_connect(socket_, endpoints,
                        [&](const ErrorCode& result, const Tcp::endpoint&) { error = result; });
    return run(deadline, error, "connecting");
  }

  absl::Status send(const std::string& bytes, base::Deadline deadline) {
    ErrorCode error = asio::error::would_block;
    asio::async_write(socket_, asio::buffer(bytes),
                      [&](const ErrorCode& result, size_t) { error = result; });
    return run(deadline, error, "sending");
  }

  absl::StatusOr<Response> receive(bool head, base::Deadline deadline) {
    beast::http::response_parser<beast::http::string_body> parser;
    parser.body_limit(body_bytes_max_);
    parser.skip(head);
    ErrorCode error = asio::error::would_block;
    beast::http::async_read(socket_, buffer_, parser, [&](const ErrorCode& result, size_t bytes) {
      error = result;
      answer_bytes_ = bytes;
    });
    BOOKSTORE_RETURN_IF_ERROR(run(deadline, error, "waiting for the answer"));
    Response response;
    auto& message = parser.get();
    response.status = static_cast<int>(message.result_int());
    for (const auto& field : message) {
      response.headers.add(std::string(field.name_string()), std::string(field.value()));
    }
    response.body = std::move(message.body());
    if (!message.keep_alive()) disconnect();
    return response;
  }

  // Runs the loop until the one pending operation has ended, at most until the deadline.
  absl::Status run(base::Deadline deadline, ErrorCode& error, const char* what) {
    io_.restart();
    io_.run_for(std::chrono::milliseconds(deadline.remaining_ms(clock_)));
    if (!io_.stopped()) {
      ErrorCode ignored;
      socket_.close(ignored);
      io_.run();  // the operation ends as aborted
      return absl::DeadlineExceededError(absl::StrCat("timeout while ", what));
    }
    if (!error) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat(what, " to ", host_, ":", port_, ": ", error.message()));
  }

  void disconnect() {
    ErrorCode ignored;
    socket_.close(ignored);
    buffer_.clear();
  }

  const std::string host_;
  const int port_;
  const base::Clock& clock_;
  const size_t body_bytes_max_;
  asio::io_context io_{1};
  Socket socket_;
  beast::flat_buffer buffer_;
  size_t answer_bytes_ = 0;
};

Client::Client(std::string host, int port, const base::Clock& clock, size_t body_bytes_max)
    : impl_(std::make_unique<Impl>(std::move(host), port, clock, body_bytes_max)) {}
Client::~Client() = default;

absl::StatusOr<Response> Client::request(std::string method, std::string target, Headers headers,
                                         std::string body, base::Deadline deadline) {
  return impl_->request(method, target, headers, body, deadline);
}

}  // namespace bookstore::http
