#include "suggestions/indexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "suggestions/test_catalogue.h"

namespace bookstore::suggestions {
namespace {

using postgres::TestDatabase;
using testing::ElementsAre;
using testing::IsEmpty;

Book book(const std::string& id) {
  return {id, "Title " + id, {"Author"}, {}, "Text."};
}
std::string text(const std::string& id) {
  return "Title " + id + " by Author. Text.";
}

// A model that remembers what it was asked, and lets a test wait for that.
class FakeModel {
 public:
  Encode encode() {
    return [this](std::span<const std::string> texts) {
      const std::lock_guard lock(mutex_);
      texts_.insert(texts_.end(), texts.begin(), texts.end());
      batch_max_ = std::max(batch_max_, texts.size());
      changed_.notify_all();
      return std::vector<std::vector<float>>(texts.size(), TestCatalogue::direction(texts_.size()));
    };
  }
  bool wait_for(const std::string& text) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] {
      return std::find(texts_.begin(), texts_.end(), text) != texts_.end();
    });
  }
  std::vector<std::string> take_texts() {
    const std::lock_guard lock(mutex_);
    return std::exchange(texts_, {});
  }
  size_t batch_max() const { return batch_max_; }

 private:
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<std::string> texts_;
  size_t batch_max_ = 0;
};

class IndexerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
    catalogue_.emplace(TestDatabase::shared());
    store_.emplace(TestDatabase::shared().pool(), "model.1");
    make_indexer(*store_);
  }
  void make_indexer(Store& store, Indexer::Config config = {}) {
    indexer_.reset();
    config.conninfo = TestDatabase::shared().conninfo();
    config.batch = 4;
    indexer_.emplace(std::move(config), store, model_.encode(), TestDatabase::shared().clock(),
                     metrics_);
  }
  uint64_t indexed(Store& store) {
    const auto status = store.index_status(TestDatabase::shared().deadline());
    EXPECT_TRUE(status.ok()) << status.status();
    return status->indexed;
  }

  FakeModel model_;
  telemetry::Registry metrics_;
  std::optional<TestCatalogue> catalogue_;
  std::optional<Store> store_;
  std::optional<Indexer> indexer_;
};

TEST_F(IndexerTest, EmbedsEverythingInBatchesAndThenNothing) {
  for (int i = 0; i < 11; ++i) catalogue_->put(book("b" + std::to_string(10 + i)));
  EXPECT_NE(indexer_->behind(), "");
  ASSERT_TRUE(indexer_->catch_up().ok());
  EXPECT_EQ(indexed(*store_), 11u);
  EXPECT_EQ(model_.take_texts().size(), 11u);
  EXPECT_EQ(model_.batch_max(), 4u);
  EXPECT_EQ(indexer_->behind(), "");
  ASSERT_TRUE(indexer_->catch_up().ok());
  EXPECT_THAT(model_.take_texts(), IsEmpty());
}

TEST_F(IndexerTest, EmbedsAChangedTextAgainButNotAChangedPrice) {
  catalogue_->put(book("a"));
  catalogue_->put(book("b"));
  ASSERT_TRUE(indexer_->catch_up().ok());
  model_.take_texts();
  Book changed = book("a");
  changed.description = "Another text.";
  catalogue_->put(changed);
  catalogue_->change_price("b");
  EXPECT_EQ(indexed(*store_), 0u);
  ASSERT_TRUE(indexer_->catch_up().ok());
  EXPECT_THAT(model_.take_texts(), ElementsAre("Title a by Author. Another text."));
  EXPECT_EQ(indexed(*store_), 2u);
}

TEST_F(IndexerTest, AnotherModelEmbedsEverythingAgain) {
  catalogue_->put(book("a"));
  ASSERT_TRUE(indexer_->catch_up().ok());
  Store other(TestDatabase::shared().pool(), "model.2");
  EXPECT_EQ(indexed(other), 0u);
  make_indexer(other);
  ASSERT_TRUE(indexer_->catch_up().ok());
  EXPECT_EQ(indexed(other), 1u);
  EXPECT_EQ(indexed(*store_), 0u);
}

TEST_F(IndexerTest, AnImportWakesTheThread) {
  catalogue_->put(book("first"));
  // So long that only the notification can be what wakes it.
  make_indexer(*store_, {.recheck_ms = 3'600'000});
  indexer_->start();
  ASSERT_TRUE(model_.wait_for(text("first")));
  catalogue_->put(book("second"));
  EXPECT_TRUE(model_.wait_for(text("second")));
}

TEST_F(IndexerTest, WithoutADatabaseItSaysSoAndStopsAtOnce) {
  postgres::Pool nowhere({"postgresql://nobody@127.0.0.1:1/none", 1},
                         TestDatabase::shared().clock());
  Store store(nowhere, "model.1");
  EXPECT_FALSE(Indexer({.conninfo = "postgresql://nobody@127.0.0.1:1/none"}, store, model_.encode(),
                       TestDatabase::shared().clock(), metrics_)
                   .catch_up()
                   .ok());
  Indexer indexer({.conninfo = "postgresql://nobody@127.0.0.1:1/none", .retry_first_ms = 60'000},
                  store, model_.encode(), TestDatabase::shared().clock(), metrics_);
  indexer.start();
  EXPECT_NE(indexer.behind(), "");
}  // the destructor does not sit out the minute

}  // namespace
}  // namespace bookstore::suggestions
