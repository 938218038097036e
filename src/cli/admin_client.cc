#include "cli/admin_client.h"

#include <charconv>

#include "base/bytes.h"
#include "base/status.h"
#include "cli/endpoints.h"
#include "crypto/platform_key.h"

namespace bookstore::cli {
namespace {

constexpr base::DurationMs kRequestMs = 10'000;  // longer than the platform itself gives an action
constexpr std::string_view kScheme = "http://";

absl::Status wrong_url(const std::string& url) {
  return absl::InvalidArgumentError("--url " + url + " is not of the form http://HOST:PORT");
}

}  // namespace

absl::StatusOr<AdminTarget> parse_url(const std::string& url) {
  std::string_view rest = url;
  if (!rest.starts_with(kScheme)) return wrong_url(url);
  rest.remove_prefix(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  AdminTarget target{.host = std::string(rest), .port = 80, .token_file = {}};
  if (const size_t colon = rest.rfind(':'); colon != std::string_view::npos) {
    target.host = std::string(rest.substr(0, colon));
    const std::string_view port = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), target.port);
    if (error != std::errc() || end != port.data() + port.size() || target.port < 1 ||
        target.port > 65'535)
      return wrong_url(url);
  }
  if (target.host.empty() || target.host.find_first_of("/?#@ ") != std::string::npos)
    return wrong_url(url);
  return target;
}

absl::StatusOr<AdminTarget> find_admin(const AdminOptions& options) {
  AdminTarget target;
  if (!options.url.empty()) {
    BOOKSTORE_ASSIGN_OR_RETURN(target, parse_url(options.url));
    target.token_file = options.token_file;
    if (target.token_file.empty())
      return absl::InvalidArgumentError("--url needs --token-file, the operators' token of it");
    return target;
  }
  BOOKSTORE_ASSIGN_OR_RETURN(const Endpoints endpoints, running_endpoints(StateDir(options.state)));
  target = {"127.0.0.1", endpoints.http_port, endpoints.admin_token_file};
  if (!options.token_file.empty()) target.token_file = options.token_file;
  if (target.token_file.empty())
    return absl::FailedPreconditionError("the platform in " + options.state.string() +
                                         " has no operators' token; start it again with this "
                                         "version, or name one with --token-file");
  return target;
}

AdminClient::AdminClient(const AdminTarget& target, crypto::Secret token, const base::Clock& clock)
    : clock_(clock),
      where_(target.host + ":" + std::to_string(target.port)),
      token_(std::move(token)),
      client_(std::make_unique<http::Client>(target.host, target.port, clock)) {}

absl::StatusOr<AdminClient> AdminClient::open(const AdminTarget& target, const base::Clock& clock) {
  BOOKSTORE_ASSIGN_OR_RETURN(auto token, crypto::load_key_file(target.token_file));
  return AdminClient(target, std::move(token), clock);
}

absl::StatusOr<AdminReply> AdminClient::get(const std::string& path) {
  return send("GET", path, {}, "");
}

absl::StatusOr<AdminReply> AdminClient::post(const std::string& path, const json::Object& body,
                                             const std::string& if_match) {
  http::Headers headers{{"Content-Type", "application/json"}};
  if (!if_match.empty()) headers.set("If-Match", if_match);
  return send("POST", path, std::move(headers), json::write(body));
}

absl::StatusOr<AdminReply> AdminClient::send(const std::string& method, const std::string& path,
                                             http::Headers headers, std::string body) {
  headers.set("Authorization", "Bearer " + base::to_hex(token_.reveal()));
  const auto response =
      client_->request(method, "/admin/v1" + path, std::move(headers), std::move(body),
                       base::Deadline::after(clock_, kRequestMs));
  if (!response.ok())
    return absl::Status(response.status().code(),
                        where_ + " does not answer: " + base::str(response.status().message()));
  auto document = json::parse(response->body, {.bytes_max = response->body.size()});
  if (!document.ok() || !document->is_object())
    return absl::UnavailableError(where_ + " answers, but not as a bookstore does (HTTP " +
                                  std::to_string(response->status) + ")");
  return AdminReply{response->status, std::string(response->headers.get("ETag")),
                    std::move(*document)};
}

}  // namespace bookstore::cli
