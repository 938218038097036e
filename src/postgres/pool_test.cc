// What the pool and the probe make of a database that refuses, hangs and comes back.
#include "postgres/pool.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/fake_clock.h"
#include "gtest/gtest.h"
#include "postgres/health_probe.h"
#include "postgres/test_database.h"

namespace bookstore::postgres {
namespace {

// Listens where a database would. Refuses everybody (hangs up), or lets them wait for ever.
class NoDatabase {
 public:
  enum class Manner { kHangsUp, kHangs };
  explicit NoDatabase(Manner manner) : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 64), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    conninfo_ = "host=127.0.0.1 sslmode=disable gssencmode=disable user=x dbname=x port=" +
                std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this, manner] {
      for (int client; (client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
        ++calls_;
        if (manner == Manner::kHangsUp) {
          close(client);
        } else {
          waiting_.push_back(client);
        }
      }
    });
  }
  ~NoDatabase() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    for (const int client : waiting_) close(client);
    close(listener_);
  }
  const std::string& conninfo() const { return conninfo_; }
  int calls() const { return calls_; }

 private:
  const int listener_;
  std::string conninfo_;
  std::atomic<int> calls_{0};
  std::vector<int> waiting_;  // of the thread
  std::thread thread_;
};

TEST(Pool, ADatabaseThatRefusesIsNotAskedByEverybody) {
  const NoDatabase down(NoDatabase::Manner::kHangsUp);
  base::FakeClock clock;
  Pool pool({down.conninfo(), 4}, clock);
  const auto ask = [&] {
    return pool.query({"SELECT 1"}, {}, base::Deadline::after(clock, 5'000));
  };
  const absl::Status first = ask().status();
  EXPECT_EQ(first.code(), absl::StatusCode::kUnavailable) << first;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(ask().status(), first);
  EXPECT_EQ(down.calls(), 1);
  clock.advance(Pool::kConnectPauseMs);
  EXPECT_FALSE(ask().ok());
  EXPECT_EQ(down.calls(), 2) << "after a pause it is asked again";
}

// Until the probe's reason is (not) empty; false after ten seconds.
bool becomes(const HealthProbe& probe, bool ready) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (probe.reason().empty() != ready) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(HealthProbe, ADatabaseThatHangsIsNotReady) {
  const NoDatabase hung(NoDatabase::Manner::kHangs);
  const base::SystemClock clock;
  Pool pool({hung.conninfo(), 2}, clock);
  const HealthProbe probe(pool, 5, 50);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (hung.calls() < 3 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  ASSERT_GE(hung.calls(), 3) << "it was asked, more than once";
  EXPECT_NE(probe.reason(), "");
}

TEST(HealthProbe, APoolThatIsBusyIsReady) {
  if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
  TestDatabase database(/*migrated=*/false);
  Pool pool({database.conninfo(), 2}, database.clock());
  const HealthProbe probe(pool, 5, 2'000);
  ASSERT_TRUE(becomes(probe, true)) << probe.reason();
  const auto busy = pool.acquire(database.deadline());
  ASSERT_TRUE(busy.ok()) << busy.status();
  EXPECT_EQ(pool.lent(), 2u) << "the probe keeps its own";
  EXPECT_EQ(probe.reason(), "");
}

TEST(HealthProbe, ASessionThatTheServerEndedIsReplaced) {
  if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
  TestDatabase database(/*migrated=*/false);
  Pool pool({database.conninfo(), 1}, database.clock());
  const HealthProbe probe(pool, 5, 2'000);
  ASSERT_TRUE(becomes(probe, true)) << probe.reason();
  auto other = Connection::open(database.conninfo(), database.clock(), database.deadline());
  ASSERT_TRUE(other.ok()) << other.status();
  const absl::Status ended = (*other)->run(
      "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid()",
      database.deadline());
  ASSERT_TRUE(ended.ok()) << ended;
  EXPECT_TRUE(becomes(probe, true)) << probe.reason();
}

}  // namespace
}  // namespace bookstore::postgres
