#include "http/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <thread>

#include "base/status.h"
#include "http/client.h"
#include "http/problem.h"

namespace bookstore::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr base::DurationMs kPatienceMs = 10'000;

// A socket that sends exactly the bytes it is told to: what Client is too polite for.
class RawConnection {
 public:
  explicit RawConnection(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawConnection() { close(fd_); }

  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the server closed; what it said can still be read
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  void finish_sending() { shutdown(fd_, SHUT_WR); }
  // RST instead of FIN.
  void reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd_);
    fd_ = -1;
  }
  // Until the server closes, or until `enough` was seen.
  std::string read(std::string_view enough = "") {
    std::string text;
    char chunk[4096];
    for (;;) {
      if (!enough.empty() && text.find(enough) != std::string::npos) return text;
      pollfd waiting{fd_, POLLIN, 0};
      if (poll(&waiting, 1, kPatienceMs) <= 0) return text + "<timeout>";
      const ssize_t got = recv(fd_, chunk, sizeof chunk, 0);
      if (got <= 0) return text;
      text.append(chunk, static_cast<size_t>(got));
    }
  }

 private:
  int fd_;
  bool connected_ = false;
};

// Holds exchanges until a test lets them go.
class Shelf {
 public:
  void put(std::shared_ptr<Exchange> exchange) {
    const std::lock_guard lock(mutex_);
    exchanges_.push_back(std::move(exchange));
    changed_.notify_all();
  }
  std::shared_ptr<Exchange> take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::milliseconds(kPatienceMs),
                           [this] { return !exchanges_.empty(); })) {
      return nullptr;
    }
    auto exchange = std::move(exchanges_.front());
    exchanges_.erase(exchanges_.begin());
    return exchange;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Exchange>> exchanges_;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    router_.add("GET", "/hello", [](const std::shared_ptr<Exchange>& exchange) {
      exchange->respond(text_response(200, "hello"));
    });
    router_.add("POST", "/echo/{name}", [](const std::shared_ptr<Exchange>& exchange) {
      const std::string name = exchange->request().path_param("name");
      exchange->respond(text_response(200, name + ":" + exchange->take_body()));
    });
    router_.add("GET", "/later",
                [this](std::shared_ptr<Exchange> exchange) { shelf_.put(std::move(exchange)); });
    router_.add("GET", "/dropped", [](const std::shared_ptr<Exchange>&) {});
    router_.add("GET", "/throws",
                [](const std::shared_ptr<Exchange>&) { throw std::runtime_error("a bug"); });
    config_.listen = "127.0.0.1:0";
  }

  void start() {
    server_ = std::make_unique<Server>(config_, router_, clock_, random_, &metrics_);
    const auto port = server_->start();
    ASSERT_TRUE(port.ok()) << base::describe(port.status());
    port_ = *port;
  }
  base::Deadline soon() { return base::Deadline::after(clock_, kPatienceMs); }
  Response get(const std::string& target, const std::string& method = "GET") {
    Client client("127.0.0.1", port_, clock_);
    const auto response = client.request(method, target, {}, "", soon());
    EXPECT_TRUE(response.ok()) << base::describe(response.status());
    return response.ok() ? *response : Response{.status = 0};
  }
  std::string exchange_raw(std::string_view bytes) {
    RawConnection connection(port_);
    connection.send(bytes);
    return connection.read();
  }

  base::SystemClock clock_;
  base::SystemRandom random_;
  telemetry::Registry metrics_;
  Shelf shelf_;
  Router router_;
  Server::Config config_;
  std::unique_ptr<Server> server_;
  int port_ = 0;
};

TEST_F(ServerTest, AnswersARequestWithSecurityHeaders) {
  start();
  const Response response = get("/hello?x=1");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.headers.get("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
  EXPECT_TRUE(response.headers.has("Date"));
}

TEST_F(ServerTest, AConnectionServesManyRequests) {
  start();
  Client client("127.0.0.1", port_, clock_);
  for (int i = 0; i < 50; ++i) {
    const std::string body(static_cast<size_t>(i) * 100, 'x');
    const auto response = client.request("POST", "/echo/a%20b", {}, body, soon());
    ASSERT_TRUE(response.ok()) << base::describe(response.status());
    EXPECT_EQ(response->body, "a b:" + body);
  }
}

TEST_F(ServerTest, AnswersOfPipelinedRequestsKeepTheirOrder) {
  start();
  RawConnection connection(port_);
  connection.send(
      "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /echo/second HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto first = shelf_.take();
  ASSERT_NE(first, nullptr);
  std::thread([first] { first->respond(text_response(200, "first")); }).join();
  const std::string text = connection.read();
  const size_t one = text.find("first"), two = text.find("second:abc"), three = text.find("hello");
  ASSERT_NE(three, std::string::npos) << text;
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
}

TEST_F(ServerTest, HeadGivesTheHeadersOfGetWithoutABody) {
  start();
  const std::string text =
      exchange_raw("HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(text, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(text, ::testing::EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, OtherMethodsGet405WithAllowAndOptionsIsAnswered) {
  start();
  const Response refused = get("/hello", "DELETE");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.get("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_THAT(refused.body, HasSubstr("\"code\":\"method_not_allowed\""));
  const Response options = get("/echo/x", "OPTIONS");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.get("Allow"), "OPTIONS, POST");
  EXPECT_FALSE(options.headers.has("Content-Length"));
}

TEST_F(ServerTest, UnknownPathsAre404Problems) {
  start();
  const Response response = get("/nothing");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
  EXPECT_THAT(response.body, HasSubstr("trace_id"));
}

TEST_F(ServerTest, MalformedRequestsAre400Problems) {
  start();
  for (const char* bytes :
       {"GARBAGE\r\n\r\n", "GET /hello\r\n\r\n", "GET /hello HTTP/3.0\r\nHost: x\r\n\r\n",
        "GET /hello HTTP/1.1\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET hello HTTP/1.1\r\nHost: x\r\n\r\n", "GET /hello?%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n",
        "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
        "\r\n0\r\n\r\n",
        "POST /echo/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"}) {
    const std::string text = exchange_raw(bytes);
    EXPECT_THAT(text, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << bytes;
    EXPECT_THAT(text, HasSubstr("\"code\":\"malformed_request\"")) << bytes;
  }
}

TEST_F(ServerTest, ARequestThatIsCutOffIs400AndANeverBegunOneIsNothing) {
  start();
  RawConnection cut(port_);
  cut.send("POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  cut.finish_sending();
  EXPECT_THAT(cut.read(), StartsWith("HTTP/1.1 400"));
  RawConnection nothing(port_);
  nothing.finish_sending();
  EXPECT_EQ(nothing.read(), "");
}

TEST_F(ServerTest, BodiesAreLimitedExactlyAlsoInChunks) {
  config_.body_bytes_max = 1'000;
  start();
  Client client("127.0.0.1", port_, clock_);
  auto response = client.request("POST", "/echo/x", {}, std::string(1'000, 'x'), soon());
  EXPECT_EQ(response->status, 200);
  response = client.request("POST", "/echo/x", {}, std::string(1'001, 'x'), soon());
  EXPECT_EQ(response->status, 413);
  const std::string chunk = "1f4\r\n" + std::string(500, 'x') + "\r\n";
  const std::string text =
      exchange_raw("POST /echo/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                   chunk + chunk + chunk + "0\r\n\r\n");
  EXPECT_THAT(text, StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
}

TEST_F(ServerTest, HeadersAreLimited) {
  start();
  const std::string text =
      exchange_raw("GET /hello HTTP/1.1\r\nHost: x\r\nX: " + std::string(9'000, 'a') + "\r\n\r\n");
  EXPECT_THAT(text, StartsWith("HTTP/1.1 431"));
}

TEST_F(ServerTest, ASlowRequestIs408) {
  config_.request_ms = 50;
  start();
  RawConnection connection(port_);
  connection.send("GET /hello HTTP/1.1\r\nHos");
  EXPECT_THAT(connection.read(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(ServerTest, AnIdleConnectionIsClosed) {
  config_.idle_ms = 50;
  start();
  RawConnection connection(port_);
  EXPECT_EQ(connection.read(), "");
}

TEST_F(ServerTest, AHandlerThatNeverAnswersIs503AndItsLateAnswerGoesNowhere) {
  config_.handler_ms = 50;
  start();
  RawConnection connection(port_);
  connection.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto late = shelf_.take();
  EXPECT_THAT(connection.read("\"retryable\":true}"), HasSubstr("\"code\":\"timeout\""));
  late->respond(text_response(200, "too late"));
  connection.send("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string text = connection.read();
  EXPECT_THAT(text, HasSubstr("hello"));
  EXPECT_THAT(text, Not(HasSubstr("too late")));
}

TEST_F(ServerTest, ADroppedExchangeAndAThrowingHandlerAre500) {
  start();
  EXPECT_EQ(get("/dropped").status, 500);
  EXPECT_EQ(get("/throws").status, 500);
}

TEST_F(ServerTest, ExpectContinueIsAnswered) {
  start();
  RawConnection connection(port_);
  connection.send(
      "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_THAT(connection.read("100 Continue\r\n\r\n"), StartsWith("HTTP/1.1 100 Continue"));
  connection.send("abc");
  EXPECT_THAT(connection.read(), HasSubstr("x:abc"));
}

TEST_F(ServerTest, AHalfClosedClientStillGetsItsAnswer) {
  start();
  RawConnection connection(port_);
  connection.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  connection.finish_sending();
  const auto exchange = shelf_.take();
  ASSERT_NE(exchange, nullptr);
  exchange->respond(text_response(200, "patience"));
  EXPECT_THAT(connection.read(), HasSubstr("patience"));
}

TEST_F(ServerTest, ALostClientIsNoticedWhileTheHandlerWorks) {
  start();
  RawConnection connection(port_);
  connection.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto exchange = shelf_.take();
  ASSERT_NE(exchange, nullptr);
  std::mutex mutex;
  std::condition_variable changed;
  bool noticed = false;
  exchange->on_close([&] {
    const std::lock_guard lock(mutex);
    noticed = true;
    changed.notify_all();
  });
  connection.reset();
  std::unique_lock lock(mutex);
  EXPECT_TRUE(
      changed.wait_for(lock, std::chrono::milliseconds(kPatienceMs), [&] { return noticed; }));
  EXPECT_TRUE(exchange->closed());
}

TEST_F(ServerTest, TooManyConnectionsAreToldSo) {
  config_.connections_max = 1;
  start();
  RawConnection first(port_);
  first.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  first.read("hello");
  RawConnection second(port_);
  EXPECT_THAT(second.read(), HasSubstr("\"code\":\"overloaded\""));
  first.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.read("hello"), HasSubstr("200 OK"));
}

TEST_F(ServerTest, ShutdownFinishesWhatRunsAndTakesNothingNew) {
  start();
  RawConnection idle(port_), busy(port_);
  busy.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto exchange = shelf_.take();
  ASSERT_NE(exchange, nullptr);
  std::thread stopper([&] { server_->shutdown(soon()); });
  EXPECT_EQ(idle.read(), "");  // closed at once: the drain has begun
  EXPECT_FALSE(RawConnection(port_).connected());
  exchange->respond(text_response(200, "finished"));
  EXPECT_THAT(busy.read(), HasSubstr("finished"));
  stopper.join();
}

TEST_F(ServerTest, ShutdownClosesAtItsDeadlineWhatDoesNotFinish) {
  start();
  RawConnection busy(port_);
  busy.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto exchange = shelf_.take();
  ASSERT_NE(exchange, nullptr);
  server_->shutdown(base::Deadline::after(clock_, 20));
  EXPECT_EQ(busy.read(), "");
  EXPECT_TRUE(exchange->closed());
  exchange->respond(text_response(200, "nobody listens"));
}

TEST_F(ServerTest, AnAddressInUseAndAWrongOneAreToldApart) {
  start();
  Server::Config taken{.listen = "127.0.0.1:" + std::to_string(port_)};
  EXPECT_EQ(Server(taken, router_, clock_, random_).start().status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Server({.listen = "nonsense"}, router_, clock_, random_).start().status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ServerTest, AnswersAreCountedByRouteAndStatus) {
  start();
  get("/hello");
  get("/nothing");
  const std::string text = metrics_.render();
  EXPECT_THAT(text, HasSubstr("bookstore_http_requests_total{route=\"/hello\",status=\"200\"} 1"));
  EXPECT_THAT(text, HasSubstr("bookstore_http_requests_total{route=\"none\",status=\"404\"} 1"));
}

TEST_F(ServerTest, TheClientOpensAKeptConnectionAnewWhenItWasClosed) {
  config_.idle_ms = 20;
  start();
  Client client("127.0.0.1", port_, clock_);
  for (int i = 0; i < 3; ++i) {
    const auto response = client.request("GET", "/hello", {}, "", soon());
    ASSERT_TRUE(response.ok()) << base::describe(response.status());
    RawConnection(port_).read();  // returns when an idle connection was closed, so ours was too
  }
}

TEST_F(ServerTest, TheClientKeepsItsDeadline) {
  start();
  Client client("127.0.0.1", port_, clock_);
  const auto response = client.request("GET", "/later", {}, "", base::Deadline::after(clock_, 30));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace bookstore::http
