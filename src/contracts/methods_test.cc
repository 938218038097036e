#include "contracts/methods.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace bookstore::contracts {
namespace {

class Methods : public ::testing::Test {
 protected:
  template <class M>
  void expect_described(const M& method) {
    const auto* pool = google::protobuf::DescriptorPool::generated_pool();
    const auto* found = pool->FindMethodByName(std::string(method.service) + "." + method.name);
    ASSERT_NE(found, nullptr) << method.service << "." << method.name;
    EXPECT_EQ(found->input_type(), M::Request::descriptor()) << found->full_name();
    EXPECT_EQ(found->output_type(), M::Reply::descriptor()) << found->full_name();
    EXPECT_FALSE(found->client_streaming() || found->server_streaming());
    seen_.insert(found->full_name());
  }

  std::set<std::string> seen_;
};

TEST_F(Methods, AreExactlyThoseOfTheProtoFiles) {
  expect_described(verification::kInit);
  expect_described(verification::kCheckBilling);
  expect_described(verification::kCheckCard);
  expect_described(fraud::kInit);
  expect_described(fraud::kScoreOrder);
  expect_described(suggestions::kInit);
  expect_described(suggestions::kSuggest);
  expect_described(suggestions::kSimilar);
  expect_described(suggestions::kIndexStatus);
  expect_described(inventory::kPrepare);
  expect_described(inventory::kCommit);
  expect_described(inventory::kAbort);
  expect_described(payment::kTokenise);
  expect_described(payment::kPrepare);
  expect_described(payment::kCommit);
  expect_described(payment::kAbort);
  expect_described(executor::kSubmit);
  expect_described(executor::kGetOrder);
  expect_described(executor::kWatchTransitions);
  expect_described(executor::kStatus);
  expect_described(executor::kRetryOrder);
  expect_described(executor::kAbortOrder);
  expect_described(executor::kDescribeOrder);
  size_t declared = 0;
  for (const char* service : {verification::kService, fraud::kService, suggestions::kService,
                              inventory::kService, payment::kService, executor::kService}) {
    const auto* found =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
    ASSERT_NE(found, nullptr) << service;
    declared += static_cast<size_t>(found->method_count());
  }
  EXPECT_EQ(seen_.size(), declared) << "a method of a proto file is not in methods.h";
}

}  // namespace
}  // namespace bookstore::contracts
