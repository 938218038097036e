#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "http/net.h"
#include "http/problem.h"
#include "http/router.h"
#include "http/server.h"

namespace bookstore::http {

class Session;

// What the sessions of one server share. Touched by the HTTP thread only, but for post().
struct ServerCore {
  ServerCore(Server::Config config_in, const Router& router_in, const base::Clock& clock_in,
             base::Random& random_in, telemetry::Registry* metrics_in)
      : config(std::move(config_in)),
        router(router_in),
        clock(clock_in),
        random(random_in),
        metrics(metrics_in) {}

  // Runs `task` on the HTTP thread; dropped when the server is gone.
  void post(std::function<void()> task);
  // Of one answer; an empty pattern means that no route was found.
  void count(const std::string& pattern, int status, base::DurationMs duration_ms);

  const Server::Config config;
  const Router& router;
  const base::Clock& clock;
  base::Random& random;
  telemetry::Registry* const metrics;  // may be null
  asio::io_context io{1};
  std::set<Session*> sessions;  // open ones
  bool draining = false;
  // Resolved once each: asking the registry takes locks. Bounded by routes and statuses.
  std::map<std::pair<std::string, int>, telemetry::Counter*> answers;
  std::map<std::string, telemetry::Histogram*> durations;

  std::mutex mutex;  // guards stopped
  bool stopped = false;
};

// One connection: reads a request, hands it to its handler, writes the answer, starts again.
// Everything runs on the HTTP thread. Kept alive by its pending operations and its exchange.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<ServerCore> core, Socket socket);

  void start() { wait_for_request(); }
  // Too many connections: says so and closes.
  void shed();
  // Closes now if idle, else after the answer in flight.
  void drain();
  void close();

  // The answer of the exchange `serial`; ignored when that is no longer the current one.
  void on_answer(uint64_t serial, Response response);

 private:
  enum class Phase { kIdle, kReading, kHandling, kWriting, kLingering, kClosed };
  class PendingExchange;

  // Every phase but kClosed has a timer; what it does at its end is on_timeout().
  void enter(Phase phase, base::DurationMs timeout_ms);
  void on_timeout();
  void wait_for_request();
  void read_header();
  void on_header(const ErrorCode& error);
  void read_body();
  void on_request(const ErrorCode& error);
  void refuse(int status, std::string code, std::string detail);
  void on_read_error(const ErrorCode& error);
  std::optional<Request> take_request();
  void dispatch(Request request);
  void watch_peer();
  void on_readable(const ErrorCode& error);
  void write(Response response);
  void on_written(const ErrorCode& error);
  void linger();
  void forget_consumed_bytes();

  const std::shared_ptr<ServerCore> core_;
  Socket socket_;
  Timer timer_;
  std::string remote_address_;
  WipingBuffer buffer_;
  std::optional<beast::http::request_parser<WipingBody, WipingAllocator<char>>> parser_;
  std::string out_;  // the answer being written

  Phase phase_ = Phase::kIdle;
  uint64_t timer_serial_ = 0;     // a timer of an earlier phase finds another number
  uint64_t exchange_serial_ = 0;  // likewise for answers
  bool timed_out_ = false;
  bool keep_alive_ = true;
  bool is_head_ = false;
  bool peer_watched_ = false;
  size_t lingered_bytes_ = 0;
  std::string pattern_;  // of the request being handled, for metrics and log
  std::string trace_id_;
  base::SteadyMs started_ms_ = 0;
  std::weak_ptr<PendingExchange> exchange_;
};

// Status line, headers and body as bytes. `head_only` leaves the body out but not its length.
std::string render_response(const Response& response, bool head_only, bool keep_alive,
                            base::WallMs now_ms);

}  // namespace bookstore::http
