#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "postgres/pool.h"

namespace bookstore::postgres {

// A database with a random name on the server of BOOKSTORE_TEST_DATABASE (a libpq URL or conninfo
// of a role that may create databases), migrated from db/migrations, dropped by the destructor.
// For tests only. In a fixture:
//   void SetUp() override {
//     if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
//     ... TestDatabase::shared().conninfo() ...
//   }
class TestDatabase {
 public:
  static constexpr char kSkipReason[] = "BOOKSTORE_TEST_DATABASE is not set";

  static bool available();
  // One for the whole test executable, made at the first call, dropped at exit.
  static TestDatabase& shared();

  // Failures are CHECKed: a test without its database cannot go on.
  explicit TestDatabase(bool migrated = true);
  ~TestDatabase();

  const std::string& conninfo() const { return conninfo_; }
  const base::Clock& clock() const { return clock_; }
  // A pool of 8 on this database.
  Pool& pool() { return *pool_; }
  base::Deadline deadline() const { return base::Deadline::after(clock_, 20'000); }

 private:
  base::SystemClock clock_;
  std::string name_;
  std::string conninfo_;
  std::unique_ptr<Pool> pool_;
};

// `conninfo` (URL or key=value) for another database of the same server.
std::string with_database(const std::string& conninfo, const std::string& database);

}  // namespace bookstore::postgres
