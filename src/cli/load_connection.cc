#include "cli/load_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/status.h"
#include "cli/shop.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
constexpr size_t kAnswerBytesMax = 1024 * 1024;
constexpr std::string_view kOrderId = "\"id\":\"ord_";

absl::Status lost(const char* what) {
  return absl::UnavailableError(std::string(what) + ": " + std::strerror(errno));
}

// The server is ours, but the names of headers have no case.
std::string_view header(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    std::string_view value = line.substr(name.size() + 1, line.find("\r\n") - name.size() - 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

std::optional<size_t> number(std::string_view text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

// An order's id is looked for, not parsed: this runs once an order on a machine under load.
std::string order_id_in(std::string_view body) {
  const size_t at = body.find(kOrderId);
  if (at == body.npos) return "";
  const size_t from = at + kOrderId.size() - 4;
  return std::string(body.substr(from, body.find('"', from) - from));
}

void read_problem(std::string_view body, LoadAnswer& answer) {
  const auto problem = json::parse(body);
  answer.code = problem.ok() ? text_at(*problem, "/code") : "";
}

}  // namespace

absl::StatusOr<std::optional<LoadAnswer>> take_answer(std::string& bytes) {
  const size_t head_end = bytes.find("\r\n\r\n");
  if (head_end == bytes.npos) {
    if (bytes.size() > kAnswerBytesMax) return absl::DataLossError("an endless answer");
    return std::nullopt;
  }
  const std::string_view head(bytes.data(), head_end + 2);
  const auto status = head.starts_with("HTTP/1.1 ") ? number(head.substr(9)) : std::nullopt;
  const auto length = number(header(head, "Content-Length"));
  if (!status || !length || *length > kAnswerBytesMax) {
    return absl::DataLossError("an answer that is not ours");
  }
  const size_t size = head_end + 4 + *length;
  if (bytes.size() < size) return std::nullopt;
  LoadAnswer answer{.status = static_cast<int>(*status)};
  answer.closing = header(head, "Connection") == "close";
  const std::string_view body(bytes.data() + head_end + 4, *length);
  if (*status < 300) {
    answer.order_id = order_id_in(body);
  } else {
    read_problem(body, answer);
  }
  bytes.erase(0, size);
  return answer;
}

absl::StatusOr<LoadConnection> LoadConnection::open(const Door& door) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.open()) return lost("no socket");
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(door.port);
  if (inet_pton(AF_INET, door.address.c_str(), &address.sin_addr) != 1) {
    return absl::InvalidArgumentError(door.address + " is no IPv4 address");
  }
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    return lost("cannot connect");
  }
  return LoadConnection(std::move(socket));
}

absl::Status LoadConnection::flush() {
  while (!unsent_.empty()) {
    const ssize_t sent = ::send(fd(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == ENOTCONN)) return absl::OkStatus();
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return lost("sending");
    unsent_.erase(0, static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<LoadAnswer>> LoadConnection::advance() {
  BOOKSTORE_RETURN_IF_ERROR(flush());
  char buffer[kReadBytes];
  for (;;) {
    const ssize_t got = ::recv(fd(), buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return lost("receiving");
    if (got == 0) return absl::UnavailableError("the server closed the connection");
    received_.append(buffer, static_cast<size_t>(got));
  }
  return take_answer(received_);
}

}  // namespace bookstore::cli
