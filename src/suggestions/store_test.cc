#include "suggestions/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "suggestions/book_text.h"
#include "suggestions/test_catalogue.h"

namespace bookstore::suggestions {
namespace {

using postgres::TestDatabase;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Book book(const std::string& id) {
  return {id, "Title " + id, {"Author"}, {"fiction"}, "Text."};
}

class SuggestionsStore : public testing::Test {
 protected:
  void SetUp() override {
    if (!TestDatabase::available()) GTEST_SKIP() << TestDatabase::kSkipReason;
    catalogue_.emplace(TestDatabase::shared());
    store_.emplace(TestDatabase::shared().pool(), "model.1");
  }
  static base::Deadline deadline() { return TestDatabase::shared().deadline(); }

  std::vector<Store::Pending> pending(Store& store, size_t limit = 100) {
    auto found = store.pending("", limit, deadline());
    EXPECT_TRUE(found.ok()) << found.status();
    return found.value_or(std::vector<Store::Pending>{});
  }
  // What the indexer does, with a vector of our choice.
  void index(const Book& book, std::vector<float> vector, int64_t stock = 5) {
    catalogue_->put(book, stock);
    const int64_t revision = revision_of(book.id);
    const Store::Embedded row{book.id, revision, text_hash(book_text(book)), std::move(vector)};
    ASSERT_TRUE(store_->save({&row, 1}, deadline()).ok());
  }
  int64_t revision_of(const std::string& id) {
    for (const auto& next : pending(*store_)) {
      if (next.book.id == id) return next.book_revision;
    }
    return 0;
  }
  std::vector<std::string> candidate_ids(const std::vector<std::string>& cart, size_t per_book) {
    const auto near = store_->near(cart, per_book, deadline());
    EXPECT_TRUE(near.ok()) << near.status();
    std::vector<std::string> ids;
    for (const Candidate& candidate : near->candidates) ids.push_back(candidate.book.id);
    return ids;
  }

  std::optional<TestCatalogue> catalogue_;
  std::optional<Store> store_;
};

TEST_F(SuggestionsStore, WhatIsMissingChangedOrOfAnotherModelIsPending) {
  catalogue_->put(book("a"));
  ASSERT_EQ(pending(*store_).size(), 1u);
  EXPECT_EQ(pending(*store_)[0].book, book("a"));
  EXPECT_EQ(pending(*store_)[0].stored_hash, "");
  index(book("a"), TestCatalogue::direction(0));
  EXPECT_THAT(pending(*store_), IsEmpty());

  catalogue_->change_price("a");
  ASSERT_EQ(pending(*store_).size(), 1u);
  EXPECT_EQ(pending(*store_)[0].stored_hash, text_hash(book_text(book("a"))));
  const Store::Unchanged same{"a", pending(*store_)[0].book_revision};
  ASSERT_TRUE(store_->confirm({&same, 1}, deadline()).ok());
  EXPECT_THAT(pending(*store_), IsEmpty());

  Store other(TestDatabase::shared().pool(), "model.2");
  ASSERT_EQ(pending(other).size(), 1u);
  EXPECT_EQ(pending(other)[0].stored_hash, "") << "a hash of another model's vector says nothing";
}

TEST_F(SuggestionsStore, AnOldVectorNeverReplacesANewerOne) {
  index(book("a"), TestCatalogue::direction(0));
  index(book("b"), TestCatalogue::direction(0));
  index(book("c"), TestCatalogue::direction(1));
  const Store::Embedded late{"b", 1, std::string(16, '0'), TestCatalogue::direction(5)};
  ASSERT_TRUE(store_->save({&late, 1}, deadline()).ok());
  const auto near = store_->near({"a"}, 1, deadline());
  ASSERT_TRUE(near.ok());
  EXPECT_EQ(near->candidates.at(0).book.id, "b");
  EXPECT_NEAR(near->candidates.at(0).similarities.at(0).second, 1, 1e-6);
}

TEST_F(SuggestionsStore, TheNearestOfEachBookOfTheCartAreFoundWithAllTheirSimilarities) {
  index(book("sea"), TestCatalogue::direction(0));
  index(book("cats"), TestCatalogue::direction(100));
  index(book("near_sea"), TestCatalogue::direction(0, 0.2f));
  index(book("nearer_sea"), TestCatalogue::direction(0, 0.1f));
  index(book("near_cats"), TestCatalogue::direction(100, 0.1f));
  index(book("far"), TestCatalogue::direction(200));
  EXPECT_THAT(candidate_ids({"sea", "cats"}, 1), ElementsAre("near_cats", "nearer_sea"));
  const auto near = store_->near({"sea", "cats"}, 2, deadline());
  ASSERT_TRUE(near.ok()) << near.status();
  for (const Candidate& candidate : near->candidates) {
    ASSERT_EQ(candidate.similarities.size(), 2u) << candidate.book.id;
    EXPECT_EQ(candidate.similarities[0].first, "cats");
    EXPECT_EQ(candidate.free, 5);
  }
  EXPECT_EQ(near->cart.size(), 2u);
}

TEST_F(SuggestionsStore, TheCartAndWhatIsSoldOutStayOutAndOthersMoveUp) {
  index(book("a"), TestCatalogue::direction(0));
  index(book("b"), TestCatalogue::direction(0, 0.1f));
  index(book("c"), TestCatalogue::direction(0, 0.2f), /*stock=*/0);
  index(book("d"), TestCatalogue::direction(0, 0.3f));
  EXPECT_THAT(candidate_ids({"a", "b"}, 1), ElementsAre("d"));
  catalogue_->set_stock("c", 1);
  EXPECT_THAT(candidate_ids({"a", "b"}, 1), ElementsAre("c"));
}

TEST_F(SuggestionsStore, ACartOfManyBooksIsSpokenForByTheFirst) {
  std::vector<std::string> cart;
  for (size_t i = 0; i <= Store::kAnchorsMax; ++i) {
    cart.push_back("cart_" + std::to_string(i));
    index(book(cart.back()), TestCatalogue::direction(10 * i));
  }
  index(book("near_last"), TestCatalogue::direction(10 * Store::kAnchorsMax, 0.1f));
  const auto near = store_->near(cart, 1, deadline());
  ASSERT_TRUE(near.ok()) << near.status();
  ASSERT_EQ(near->candidates.size(), 1u);
  EXPECT_EQ(near->candidates[0].similarities.size(), Store::kAnchorsMax);
}

TEST_F(SuggestionsStore, SaysWhetherACartIsUnknownOrOnlyNotIndexedYet) {
  catalogue_->put(book("a"));
  const auto unknown = store_->near({"nobody"}, 5, deadline());
  ASSERT_TRUE(unknown.ok());
  EXPECT_TRUE(unknown->unknown);
  const auto unindexed = store_->near({"a"}, 5, deadline());
  ASSERT_TRUE(unindexed.ok());
  EXPECT_FALSE(unindexed->unknown);
  EXPECT_TRUE(unindexed->unindexed);
}

TEST_F(SuggestionsStore, CountsWhatIsIndexedAndDropsWhatTheCatalogueDropped) {
  index(book("a"), TestCatalogue::direction(0));
  catalogue_->put(book("b"));
  auto status = store_->index_status(deadline());
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->books, 2u);
  EXPECT_EQ(status->indexed, 1u);
  catalogue_->remove("a");
  ASSERT_TRUE(store_->drop_orphans(deadline()).ok());
  catalogue_->put(book("a"));
  EXPECT_EQ(store_->index_status(deadline())->indexed, 0u);
}

TEST_F(SuggestionsStore, RefusesAnOldPgvectorUnlessItIsAccepted) {
  const auto rename = [&](const std::string& version) {
    // Only the version's name is looked at; nothing else of the extension changes.
    return TestDatabase::shared().pool().query(
        {"UPDATE pg_extension SET extversion = $1 WHERE extname = 'vector'"}, {version},
        deadline());
  };
  const auto row = TestDatabase::shared().pool().query(
      {"SELECT extversion FROM pg_extension WHERE extname = 'vector'"}, {}, deadline());
  ASSERT_TRUE(row.ok()) << row.status();
  const std::string here = (*row)[0].text("extversion");
  for (const auto& [version, accepted, good] :
       std::initializer_list<std::tuple<const char*, const char*, bool>>{
           {"0.8.6", "", true},
           {"0.9", "", true},
           {"1.0.0", "", true},
           {"0.8.0", "", false},
           {"0.8.0", "0.8.0", true},
           {"0.8.0", "0.8.2", false},
           {"0.8.0", "nonsense", false}}) {
    ASSERT_TRUE(rename(version).ok());
    const absl::Status status = store_->check_pgvector(accepted, deadline());
    EXPECT_EQ(status.ok(), good) << version << ' ' << accepted << ' ' << status;
    if (good) continue;
    EXPECT_THAT(std::string(status.message()), HasSubstr("--accept-pgvector 0.8.0"));
  }
  ASSERT_TRUE(rename(here).ok());
}

}  // namespace
}  // namespace bookstore::suggestions
