#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "suggestions/book.h"

namespace bookstore::suggestions {

// A book that may be suggested, and how near it is to books of the cart.
struct Candidate {
  Book book;
  int64_t free = 0;  // copies that can be sold
  // Cart book id and cosine, for the cart's books that have a vector.
  std::vector<std::pair<std::string, double>> similarities;
};

struct Suggestion {
  Book book;
  double score = 0;    // 0..1, larger is nearer
  std::string reason;  // true of this book: "similar to Dune: science fiction, ecology"
};

// The nearest books to the cart, best first, ids break ties. Never one of the cart, never one
// without a free copy, never one twice.
//
// The score is the cosine to the nearest book of the cart, with a quarter of the weight on the mean
// over the cart: a book that fits one of them well comes first, and among those the one that suits
// the rest too. The reason names that nearest book and what both share.
std::vector<Suggestion> rank(const std::vector<Book>& cart,
                             const std::vector<Candidate>& candidates, size_t limit);

}  // namespace bookstore::suggestions
