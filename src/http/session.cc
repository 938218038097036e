#include "http/session.h"

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

#include "json/json.h"
#include "telemetry/log.h"
#include "telemetry/trace.h"

namespace bookstore::http {
namespace {

constexpr base::DurationMs kLingerMs = 2'000;
constexpr size_t kLingerBytesMax = 1 << 20;
constexpr size_t kReadBytes = 8 * 1024;

Problem problem_of(int status, std::string code, std::string detail = "") {
  Problem problem;
  problem.status = status;
  problem.code = std::move(code);
  problem.detail = std::move(detail);
  return problem;
}

// "/a?b" of "/a?b" and of "http://host/a?b"; empty for any other form.
std::string origin_form(std::string_view target) {
  if (target.starts_with('/')) return std::string(target);
  if (!target.starts_with("http://") && !target.starts_with("https://")) return "";
  const size_t authority = target.find("//") + 2;
  const size_t path = target.find_first_of("/?", authority);
  if (path == std::string_view::npos) return "/";
  const std::string rest(target.substr(path));
  return rest[0] == '/' ? rest : "/" + rest;
}

}  // namespace

void ServerCore::post(std::function<void()> task) {
  const std::lock_guard lock(mutex);
  if (!stopped) asio::post(io, std::move(task));
}

void ServerCore::count(const std::string& pattern, int status, base::DurationMs duration_ms) {
  if (metrics == nullptr) return;
  const std::string route = pattern.empty() ? "none" : pattern;
  telemetry::Counter*& answered = answers[{route, status}];
  if (answered == nullptr) {
    answered = &metrics->counter("bookstore_http_requests_total", "Answers by route and status.",
                                 {{"route", route}, {"status", std::to_string(status)}});
  }
  answered->increment();
  telemetry::Histogram*& duration = durations[route];
  if (duration == nullptr) {
    duration =
        &metrics->histogram("bookstore_http_request_ms",
                            "From the first byte of a request to its answer.", {{"route", route}});
  }
  duration->observe(static_cast<double>(duration_ms));
}

// What a handler holds. Its session is told of the answer by a post, so any thread may give it.
class Session::PendingExchange final : public Exchange {
 public:
  PendingExchange(std::shared_ptr<Session> session, uint64_t serial, Request request)
      : session_(std::move(session)), serial_(serial), request_(std::move(request)) {}

  ~PendingExchange() override {
    json::wipe(request_.body);
    if (!answered_) {
      telemetry::log(telemetry::Level::kError, "exchange_dropped", {{"path", request_.path}});
      respond(problem_response(problem_of(500, "internal")));
    }
    // The session belongs to the HTTP thread, also the end of it.
    const std::shared_ptr<ServerCore> core = session_->core_;
    core->post([session = std::move(session_)] {});
  }

  const Request& request() const override { return request_; }
  std::string take_body() override { return std::exchange(request_.body, std::string()); }

  void respond(Response response) override {
    if (answered_.exchange(true)) return;
    session_->core_->post(
        [session = session_, serial = serial_, response = std::move(response)]() mutable {
          session->on_answer(serial, std::move(response));
        });
  }

  bool closed() const override {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

  void on_close(std::function<void()> callback) override {
    {
      const std::lock_guard lock(mutex_);
      if (!closed_) {
        callback_ = std::move(callback);
        return;
      }
    }
    session_->core_->post(std::move(callback));
  }

  // HTTP thread: the connection was lost.
  void peer_lost() {
    std::function<void()> callback;
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      closed_ = true;
      callback = std::exchange(callback_, nullptr);
    }
    if (callback) callback();
  }

 private:
  std::shared_ptr<Session> session_;
  const uint64_t serial_;
  Request request_;
  std::atomic<bool> answered_ = false;
  mutable std::mutex mutex_;  // guards closed_ and callback_
  bool closed_ = false;
  std::function<void()> callback_;
};

Session::Session(std::shared_ptr<ServerCore> core, Socket socket)
    : core_(std::move(core)),
      socket_(std::move(socket)),
      timer_(core_->io.get_executor()),
      buffer_(core_->config.header_bytes_max + core_->config.body_bytes_max + kReadBytes) {
  ErrorCode error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (!error) remote_address_ = endpoint.address().to_string();
  socket_.set_option(Tcp::no_delay(true), error);
  core_->sessions.insert(this);
}

void Session::enter(Phase phase, base::DurationMs timeout_ms) {
  phase_ = phase;
  timed_out_ = false;
  timer_.expires_after(std::chrono::milliseconds(timeout_ms));
  timer_.async_wait([self = shared_from_this(), serial = ++timer_serial_](const ErrorCode& error) {
    if (!error && serial == self->timer_serial_) self->on_timeout();
  });
}

void Session::on_timeout() {
  ErrorCode ignored;
  switch (phase_) {
    case Phase::kReading:  // the pending read ends and says 408
      timed_out_ = true;
      socket_.cancel(ignored);
      return;
    case Phase::kHandling: {
      Problem problem = problem_of(503, "timeout", "The answer took too long.");
      problem.retryable = true;
      on_answer(exchange_serial_, problem_response(problem));
      return;
    }
    case Phase::kIdle:
    case Phase::kWriting:
    case Phase::kLingering:
      close();
      return;
    case Phase::kClosed:
      return;
  }
}

void Session::close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  core_->sessions.erase(this);
  ++timer_serial_;
  timer_.cancel();
  ErrorCode ignored;
  socket_.close(ignored);
  if (const auto exchange = exchange_.lock()) exchange->peer_lost();
}

void Session::shed() {
  keep_alive_ = false;
  Problem problem = problem_of(503, "overloaded", "Too many connections.");
  problem.retryable = true;
  problem.retry_after_ms = 1'000;
  core_->count("", problem.status, 0);
  write(problem_response(problem));
}

void Session::drain() {
  keep_alive_ = false;
  if (phase_ == Phase::kIdle) close();
}

void Session::wait_for_request() {
  if (core_->draining) return close();
  if (buffer_.size() > 0) return read_header();  // pipelined
  enter(Phase::kIdle, core_->config.idle_ms);
  socket_.async_read_some(buffer_.prepare(kReadBytes),
                          [self = shared_from_this()](const ErrorCode& error, size_t n) {
                            if (error || self->phase_ == Phase::kClosed) return self->close();
                            self->buffer_.commit(n);
                            self->read_header();
                          });
}

void Session::read_header() {
  enter(Phase::kReading, core_->config.request_ms);
  pattern_.clear();
  started_ms_ = core_->clock.steady_ms();
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(core_->config.header_bytes_max));
  parser_->body_limit(core_->config.body_bytes_max);
  beast::http::async_read_header(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](const ErrorCode& error, size_t) { self->on_header(error); });
}

void Session::on_header(const ErrorCode& error) {
  if (error || timed_out_) return on_read_error(error);
  if (!beast::iequals(parser_->get()[beast::http::field::expect], "100-continue")) {
    return read_body();
  }
  out_ = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(socket_, asio::buffer(out_),
                    [self = shared_from_this()](const ErrorCode& write_error, size_t) {
                      if (write_error || self->timed_out_) return self->on_read_error(write_error);
                      self->read_body();
                    });
}

void Session::read_body() {
  beast::http::async_read(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](const ErrorCode& error, size_t) { self->on_request(error); });
}

void Session::on_read_error(const ErrorCode& error) {
  using http_error = beast::http::error;
  if (phase_ == Phase::kClosed) return;
  if (timed_out_) return refuse(408, "request_timeout", "The request did not arrive in time.");
  if (error == http_error::header_limit || error == http_error::buffer_overflow) {
    return refuse(431, "headers_too_large", "");
  }
  if (error == http_error::body_limit) return refuse(413, "body_too_large", "");
  const auto& http_category = make_error_code(http_error::end_of_stream).category();
  if (error.category() == http_category && error != http_error::end_of_stream) {
    return refuse(400, "malformed_request", error.message());
  }
  close();  // gone, or at its end
}

void Session::on_request(const ErrorCode& error) {
  if (error || timed_out_) return on_read_error(error);
  keep_alive_ = parser_->get().keep_alive() && !core_->draining;
  auto request = take_request();
  parser_.reset();
  forget_consumed_bytes();
  if (request) dispatch(std::move(*request));
}

// Nothing when the request was refused.
std::optional<Request> Session::take_request() {
  auto& message = parser_->get();
  Request request;
  request.method = std::string(message.method_string());
  is_head_ = request.method == "HEAD";
  for (const auto& field : message) {
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  const size_t hosts = request.headers.count("Host");
  if (hosts > 1 || (hosts == 0 && message.version() >= 11)) {
    refuse(400, "malformed_request", "Exactly one Host header is needed.");
    return std::nullopt;
  }
  std::string target(message.target());
  if (target == "*" && request.method == "OPTIONS") {
    core_->count("", 204, 0);
    write({204, {{"Allow", "GET, HEAD, OPTIONS, POST"}}, ""});
    return std::nullopt;
  }
  target = origin_form(target.substr(0, target.find('#')));
  const size_t question = std::min(target.find('?'), target.size());
  auto query = parse_query(std::string_view(target).substr(std::min(question + 1, target.size())));
  if (target.empty() || !query) {
    refuse(400, "malformed_request", "The request target cannot be read.");
    return std::nullopt;
  }
  request.path = target.substr(0, question);
  request.query = std::move(*query);
  request.body.assign(message.body().data(), message.body().size());
  request.remote_address = remote_address_;
  request.traceparent =
      telemetry::child_traceparent(request.headers.get("traceparent"), core_->random);
  return request;
}

// The bytes of the request are overwritten; what was pipelined behind it stays.
void Session::forget_consumed_bytes() {
  WipingBuffer rest(buffer_.max_size());
  if (buffer_.size() > 0) {
    const auto target = rest.prepare(buffer_.size());
    rest.commit(asio::buffer_copy(target, buffer_.data()));
  }
  buffer_ = std::move(rest);
}

void Session::refuse(int status, std::string code, std::string detail) {
  keep_alive_ = false;
  parser_.reset();
  core_->count("", status, 0);
  write(problem_response(problem_of(status, std::move(code), std::move(detail))));
}

void Session::dispatch(Request request) {
  Router::Match match = core_->router.match(request.method, request.path);
  trace_id_ = telemetry::trace_id(request.traceparent);
  pattern_ = match.pattern;
  enter(Phase::kHandling, core_->config.handler_ms);
  const uint64_t serial = ++exchange_serial_;
  const auto refuse_route = [&](int status, std::string code, const std::string& allow = "") {
    json::wipe(request.body);
    Problem problem = problem_of(status, std::move(code));
    problem.trace_id = trace_id_;
    Response response = problem_response(problem);
    if (!allow.empty()) response.headers.set("Allow", allow);
    on_answer(serial, std::move(response));
  };
  switch (match.kind) {
    case Router::Match::Kind::kNotFound:
      return refuse_route(404, "no_such_route");
    case Router::Match::Kind::kBadPath:
      return refuse_route(400, "malformed_request");
    case Router::Match::Kind::kMethodNotAllowed:
      return refuse_route(405, "method_not_allowed", match.allow);
    case Router::Match::Kind::kOptions:
      return on_answer(serial, {204, {{"Allow", match.allow}}, ""});
    case Router::Match::Kind::kHandler:
      break;
  }
  request.path_params = std::move(match.path_params);
  auto exchange = std::make_shared<PendingExchange>(shared_from_this(), serial, std::move(request));
  exchange_ = exchange;
  watch_peer();
  try {
    (*match.handler)(exchange);
  } catch (const std::exception& error) {  // our bug; the client gets an answer, we get a line
    telemetry::log(telemetry::Level::kError, "handler_threw",
                   {{"route", pattern_}, {"what", error.what()}});
    exchange->respond(problem_response(problem_of(500, "internal")));
  }
}

// While a handler works nothing is read, so a lost connection would go unnoticed.
void Session::watch_peer() {
  if (peer_watched_) return;
  peer_watched_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const ErrorCode& error) {
    self->peer_watched_ = false;
    self->on_readable(error);
  });
}

void Session::on_readable(const ErrorCode& error) {
  if (error || phase_ != Phase::kHandling) return;
  char byte;
  ErrorCode peek_error;
  socket_.non_blocking(true, peek_error);
  socket_.receive(asio::buffer(&byte, 1), Socket::message_peek, peek_error);
  if (!peek_error || peek_error == asio::error::would_block) return;  // pipelined: waits
  if (peek_error == asio::error::eof) {
    keep_alive_ = false;  // half closed: no more requests, but it may still read the answer
    return;
  }
  close();
}

void Session::on_answer(uint64_t serial, Response response) {
  if (serial != exchange_serial_ || phase_ != Phase::kHandling) return;
  const base::DurationMs duration_ms = core_->clock.steady_ms() - started_ms_;
  core_->count(pattern_, response.status, duration_ms);
  telemetry::log(telemetry::Level::kDebug, "answered",
                 {{"route", pattern_},
                  {"status", std::to_string(response.status)},
                  {"ms", std::to_string(duration_ms)},
                  {"trace_id", trace_id_}});
  write(std::move(response));
}

void Session::write(Response response) {
  enter(Phase::kWriting, core_->config.write_ms);
  if (core_->draining) keep_alive_ = false;
  out_ = render_response(response, is_head_, keep_alive_, core_->clock.wall_ms());
  asio::async_write(
      socket_, asio::buffer(out_),
      [self = shared_from_this()](const ErrorCode& error, size_t) { self->on_written(error); });
}

void Session::on_written(const ErrorCode& error) {
  if (error || phase_ == Phase::kClosed) return close();
  out_.clear();
  is_head_ = false;
  if (keep_alive_) return wait_for_request();
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  enter(Phase::kLingering, kLingerMs);
  linger();
}

// Reads what the client still sends: closing over unread bytes would reset the connection and
// could take our answer with it (RFC 9112, 9.6).
void Session::linger() {
  buffer_.clear();
  socket_.async_read_some(buffer_.prepare(kReadBytes),
                          [self = shared_from_this()](const ErrorCode& error, size_t n) {
                            self->lingered_bytes_ += n;
                            if (error || self->lingered_bytes_ > kLingerBytesMax)
                              return self->close();
                            self->linger();
                          });
}

}  // namespace bookstore::http
