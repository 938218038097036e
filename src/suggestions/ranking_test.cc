#include "suggestions/ranking.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "suggestions/book_text.h"

namespace bookstore::suggestions {
namespace {

const Book kDune{"dune", "Dune", {"Frank Herbert"}, {"science fiction", "ecology", "politics"}, ""};
const Book kEmma{"emma", "Emma", {"Jane Austen"}, {"classic", "romance"}, ""};

Candidate candidate(const std::string& id, std::vector<std::pair<std::string, double>> near,
                    int64_t free = 1) {
  return {{id, "Title of " + id, {"Somebody"}, {}, ""}, free, std::move(near)};
}

std::vector<std::string> ids(const std::vector<Suggestion>& suggestions) {
  std::vector<std::string> result;
  for (const Suggestion& suggestion : suggestions) result.push_back(suggestion.book.id);
  return result;
}

TEST(Ranking, TheNearestComeFirstAndTheLimitHolds) {
  const auto ranked = rank({kDune},
                           {candidate("far", {{"dune", 0.1}}), candidate("near", {{"dune", 0.9}}),
                            candidate("middle", {{"dune", 0.5}})},
                           2);
  EXPECT_EQ(ids(ranked), (std::vector<std::string>{"near", "middle"}));
}

TEST(Ranking, NeverABookOfTheCartNorOneThatIsSoldOut) {
  Candidate sold_out = candidate("gone", {{"dune", 0.99}}, 0);
  Candidate in_cart{kDune, 5, {{"dune", 1.0}}};
  EXPECT_TRUE(rank({kDune}, {sold_out, in_cart}, 10).empty());
}

TEST(Ranking, OneGoodFitBeatsTwoMediocreOnes) {
  const auto ranked = rank({kDune, kEmma},
                           {candidate("both", {{"dune", 0.5}, {"emma", 0.5}}),
                            candidate("one", {{"dune", 0.8}, {"emma", 0.1}})},
                           10);
  EXPECT_EQ(ids(ranked), (std::vector<std::string>{"one", "both"}));
}

TEST(Ranking, TheReasonNamesTheNearestBookAndWhatBothShare) {
  Candidate similar = candidate("hyperion", {{"emma", 0.2}, {"dune", 0.7}});
  similar.book.subjects = {"Ecology", "war", "science fiction", "ecology"};
  EXPECT_EQ(rank({kEmma, kDune}, {similar}, 1)[0].reason,
            "similar to Dune: Ecology, science fiction");
  similar.book.subjects = {"war"};
  EXPECT_EQ(rank({kEmma, kDune}, {similar}, 1)[0].reason, "similar to Dune");
  similar.book.authors = {"Frank Herbert"};
  EXPECT_EQ(rank({kEmma, kDune}, {similar}, 1)[0].reason, "by Frank Herbert, like Dune");
}

TEST(Ranking, NothingIsSaidOfABookThatIsNearToNothingKnown) {
  EXPECT_TRUE(rank({kDune}, {candidate("x", {}), candidate("y", {{"emma", 0.9}})}, 10).empty());
  EXPECT_TRUE(rank({}, {candidate("x", {{"dune", 0.9}})}, 10).empty());
}

// Few ids and subjects, so that carts and candidates meet often.
Book any_book() {
  const auto word = [](const char* kind, int bound) {
    return kind + std::to_string(*rc::gen::inRange(0, bound));
  };
  Book book{word("b", 12), "", {word("author", 4)}, {}, ""};
  book.title = "The " + book.id;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) book.subjects.push_back(word("s", 6));
  return book;
}

RC_GTEST_PROP(Ranking, WhateverComesInTheListIsSellableOrderedAndItsReasonsAreTrue, ()) {
  std::vector<Book> cart;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) cart.push_back(any_book());
  std::vector<Candidate> candidates;
  for (int i = *rc::gen::inRange(0, 20); i > 0; --i) {
    Candidate next{any_book(), *rc::gen::inRange<int64_t>(-1, 3), {}};
    for (const Book& book : cart) {
      next.similarities.emplace_back(book.id, *rc::gen::inRange(-100, 101) / 100.0);
    }
    candidates.push_back(std::move(next));
  }
  const auto limit = *rc::gen::inRange<size_t>(0, 8);
  const auto ranked = rank(cart, candidates, limit);
  RC_ASSERT(ranked.size() <= limit);
  std::set<std::string> seen;
  double last = 1;
  for (const Suggestion& suggestion : ranked) {
    RC_ASSERT(seen.insert(suggestion.book.id).second);
    RC_ASSERT(suggestion.score >= 0 && suggestion.score <= last);
    last = suggestion.score;
    const auto sellable = [&](const Candidate& c) {
      return c.free > 0 && c.book == suggestion.book;
    };
    RC_ASSERT(std::any_of(candidates.begin(), candidates.end(), sellable));
    for (const Book& book : cart) RC_ASSERT(book.id != suggestion.book.id);
    // True: it names a book of the cart, and every subject it names is one of both.
    const auto said = [&](const Book& book) {
      if (!suggestion.reason.starts_with("similar to " + book.title)) return false;
      for (const std::string& subject : suggestion.book.subjects) {
        const bool named = suggestion.reason.find(" " + subject) != std::string::npos;
        const auto& others = book.subjects;
        if (named && std::find(others.begin(), others.end(), subject) == others.end()) return false;
      }
      return true;
    };
    const bool by_author = suggestion.reason.starts_with("by " + suggestion.book.authors[0]);
    RC_ASSERT(by_author || std::any_of(cart.begin(), cart.end(), said));
  }
}

TEST(BookText, HasOneDocumentedForm) {
  Book book = kDune;
  book.description = "A desert planet.";
  EXPECT_EQ(book_text(book),
            "Dune by Frank Herbert. science fiction, ecology, politics. A desert planet.");
  EXPECT_EQ(book_text({"x", "Alone", {}, {}, ""}), "Alone");
  EXPECT_EQ(book_text({"x", "T", {"A", "B"}, {}, "D"}), "T by A, B. D");
}

TEST(BookText, TheHashTellsTextsApart) {
  EXPECT_EQ(text_hash("a").size(), 16u);
  EXPECT_EQ(text_hash("a"), text_hash("a"));
  EXPECT_NE(text_hash("a"), text_hash("b"));
}

}  // namespace
}  // namespace bookstore::suggestions
