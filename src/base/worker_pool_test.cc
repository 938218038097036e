#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace bookstore::base {
namespace {

TEST(WorkerPool, AtTheLimitItSaysNoAndRunsWhatItTook) {
  std::atomic<int> ran{0};
  std::latch started(1), release(1);
  WorkerPool pool("test", 1, 2);
  ASSERT_TRUE(pool.try_submit([&] {
    started.count_down();
    release.wait();
    ++ran;
  }));
  started.wait();
  EXPECT_TRUE(pool.try_submit([&] { ++ran; }));
  EXPECT_TRUE(pool.try_submit([&] { ++ran; }));
  EXPECT_FALSE(pool.try_submit([&] { ++ran; }));
  EXPECT_EQ(pool.refused(), 1u);
  release.count_down();
  pool.stop();
  EXPECT_EQ(ran, 3);
}

TEST(Strand, NeverRunsTwoOfItsTasksAtOnceAndKeepsTheirOrder) {
  constexpr int kTasks = 2000;
  WorkerPool pool("test", 4, 16);
  std::vector<int> order;  // no lock: the strand is the lock, and TSan is the judge
  std::latch done(1);
  auto strand = Strand::make(pool);
  for (int i = 0; i < kTasks; ++i) {
    strand->post([&, i] {
      order.push_back(i);
      if (i == kTasks - 1) done.count_down();
    });
  }
  done.wait();
  ASSERT_EQ(order.size(), static_cast<size_t>(kTasks));
  for (int i = 0; i < kTasks; ++i) EXPECT_EQ(order[i], i);
  pool.stop();
}

TEST(Strand, AFullPoolRefusesTheFirstPostOnly) {
  std::latch started(1), release(1), finished(2);
  WorkerPool pool("test", 1, 1);
  auto admitted = Strand::make(pool);
  ASSERT_TRUE(admitted->try_post([&] {
    started.count_down();
    release.wait();
    admitted->post([&] { finished.count_down(); });
    finished.count_down();
  }));
  started.wait();
  auto queued = Strand::make(pool);
  EXPECT_TRUE(queued->try_post([] {}));
  auto refused = Strand::make(pool);
  EXPECT_FALSE(refused->try_post([] { FAIL() << "was refused"; }));
  release.count_down();
  finished.wait();
  pool.stop();
}

}  // namespace
}  // namespace bookstore::base
