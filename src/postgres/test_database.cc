#include "postgres/test_database.h"

#include <libpq-fe.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/random.h"
#include "base/status.h"
#include "postgres/migrate.h"

namespace bookstore::postgres {
namespace {

constexpr base::DurationMs kSetUpMs = 30'000;

std::string server_conninfo() {
  const char* text = std::getenv("BOOKSTORE_TEST_DATABASE");
  return text == nullptr ? "" : text;
}

void run_on_server(const std::string& sql, const base::Clock& clock) {
  const auto deadline = base::Deadline::after(clock, kSetUpMs);
  auto connection = Connection::open(server_conninfo(), clock, deadline);
  BOOKSTORE_CHECK(connection.ok(), base::describe(connection.status()));
  const absl::Status status = (*connection)->run(sql, deadline);
  BOOKSTORE_CHECK(status.ok(), base::describe(status));
}

}  // namespace

std::string with_database(const std::string& conninfo, const std::string& database) {
  char* error = nullptr;
  PQconninfoOption* options = PQconninfoParse(conninfo.c_str(), &error);
  PQfreemem(error);
  BOOKSTORE_CHECK(options != nullptr, "BOOKSTORE_TEST_DATABASE is not a libpq URL or conninfo");
  std::string out = absl::StrCat("dbname='", database, "'");
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr || std::string_view(option->keyword) == "dbname") continue;
    absl::StrAppend(&out, " ", option->keyword, "='");
    for (const char c : std::string_view(option->val)) {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
    out += '\'';
  }
  PQconninfoFree(options);
  return out;
}

bool TestDatabase::available() {
  return !server_conninfo().empty();
}

TestDatabase& TestDatabase::shared() {
  static TestDatabase database;
  return database;
}

TestDatabase::TestDatabase(bool migrated) {
  base::SystemRandom random;
  name_ = absl::StrFormat("bookstore_test_%016x", random.next());
  run_on_server(absl::StrCat("CREATE DATABASE ", name_), clock_);
  conninfo_ = with_database(server_conninfo(), name_);
  pool_ = std::make_unique<Pool>(PoolOptions{conninfo_, 8}, clock_);
  if (!migrated) return;
  const auto deadline = base::Deadline::after(clock_, kSetUpMs);
  auto lease = pool_->acquire(deadline);
  BOOKSTORE_CHECK(lease.ok(), base::describe(lease.status()));
  const auto report = migrate(**lease, BOOKSTORE_SOURCE_DIR "/db/migrations", deadline);
  BOOKSTORE_CHECK(report.ok(), base::describe(report.status()));
}

TestDatabase::~TestDatabase() {
  pool_.reset();
  run_on_server(absl::StrCat("DROP DATABASE ", name_, " WITH (FORCE)"), clock_);
}

}  // namespace bookstore::postgres
