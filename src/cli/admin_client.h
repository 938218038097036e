#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "crypto/secret.h"
#include "http/client.h"
#include "json/json.h"

namespace bookstore::cli {

// Where a platform's operators' door is: named, or found in the folder of one that runs here.
struct AdminTarget {
  std::string host;
  int port = 0;
  std::filesystem::path token_file;
};
struct AdminOptions {
  std::filesystem::path state = "var";
  std::string url;                   // http://HOST:PORT; empty: as `state` says
  std::filesystem::path token_file;  // empty: as `state` says
};
// One sentence when there is none.
absl::StatusOr<AdminTarget> find_admin(const AdminOptions& options);
// "http://HOST[:PORT]" with nothing after it but a slash.
absl::StatusOr<AdminTarget> parse_url(const std::string& url);

// An answer of /admin; problems are answers, too.
struct AdminReply {
  int status = 0;
  std::string etag;
  json::Value body;
  bool ok() const { return status >= 200 && status < 300; }
};

// Speaks to one platform as its operator. One thread.
class AdminClient {
 public:
  static absl::StatusOr<AdminClient> open(const AdminTarget& target, const base::Clock& clock);

  // `path` after /admin/v1. Unavailable and DeadlineExceeded: nobody answered.
  absl::StatusOr<AdminReply> get(const std::string& path);
  // `if_match` may be empty.
  absl::StatusOr<AdminReply> post(const std::string& path, const json::Object& body,
                                  const std::string& if_match);

 private:
  AdminClient(const AdminTarget& target, crypto::Secret token, const base::Clock& clock);
  absl::StatusOr<AdminReply> send(const std::string& method, const std::string& path,
                                  http::Headers headers, std::string body);

  const base::Clock& clock_;
  const std::string where_;
  crypto::Secret token_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace bookstore::cli
