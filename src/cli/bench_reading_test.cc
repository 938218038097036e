#include "cli/bench_reading.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/load.h"
#include "cli/processes.h"

namespace bookstore::cli {
namespace {

TEST(ParseMetrics, ReadsWhatOurProcessesPrint) {
  const MetricValues values = parse_metrics(
      "# HELP bookstore_rpc_served_total Calls served.\n"
      "bookstore_rpc_served_total{method=\"Init\"} 12\n"
      "bookstore_rpc_served_total{method=\"CheckCard\"} 3\n"
      "bookstore_rpc_served_total_ever 100\n"
      "bookstore_executor_leader 1\n");
  EXPECT_EQ(values.at("bookstore_rpc_served_total{method=\"Init\"}"), 12);
  EXPECT_EQ(sum_of(values, "bookstore_rpc_served_total"), 15);
  EXPECT_EQ(sum_of(values, "bookstore_executor_leader"), 1);
  EXPECT_EQ(sum_of(values, "nothing"), 0);
}

TEST(CpuTime, GrowsAsAProcessWorks) {
  const uint64_t before_ms = cpu_time_ms(getpid());
  const uint64_t own_ms = own_cpu_time_ms();
  while (own_cpu_time_ms() < own_ms + 50) {
  }
  EXPECT_GE(cpu_time_ms(getpid()), before_ms + 40);  // the kernel counts in ticks of 10 ms
}

}  // namespace
}  // namespace bookstore::cli
