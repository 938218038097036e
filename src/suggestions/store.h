#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/deadline.h"
#include "postgres/pool.h"
#include "suggestions/book.h"
#include "suggestions/ranking.h"

namespace bookstore::suggestions {

// The vectors of the catalogue in PostgreSQL (schema suggestions, pgvector), seen with one model
// revision: rows of another one do not exist for the reader. Reads the catalogue and the stock
// through their published views. Any thread; blocks in the database.
class Store {
 public:
  static constexpr size_t kWidth = 384;      // of the column
  static constexpr size_t kAnchorsMax = 10;  // of a cart; bounds the work of one question

  Store(postgres::Pool& pool, std::string model_revision)
      : pool_(pool), model_revision_(std::move(model_revision)) {}

  // FailedPrecondition with one sentence when the pgvector here is older than 0.8.6 and than
  // `accepted` (a version, or empty).
  absl::Status check_pgvector(const std::string& accepted, base::Deadline deadline);

  // A book whose vector is missing, of another model, or of an earlier revision of the book.
  struct Pending {
    Book book;
    int64_t book_revision = 0;
    std::string stored_hash;  // of this model's vector; empty when there is none
  };
  // In the order of ids, beginning after `after`.
  absl::StatusOr<std::vector<Pending>> pending(const std::string& after, size_t limit,
                                               base::Deadline deadline);

  struct Embedded {
    std::string book_id;
    int64_t book_revision = 0;
    std::string text_hash;
    std::vector<float> vector;
  };
  // Replaces what is there, unless that is of a later revision of the book.
  absl::Status save(std::span<const Embedded> books, base::Deadline deadline);
  // The book changed and its text did not: the vector is good for this revision too.
  struct Unchanged {
    std::string book_id;
    int64_t book_revision = 0;
  };
  absl::Status confirm(std::span<const Unchanged> books, base::Deadline deadline);
  // Drops vectors of books that the catalogue no longer has.
  absl::Status drop_orphans(base::Deadline deadline);

  struct IndexStatus {
    uint64_t books = 0;
    uint64_t indexed = 0;  // with this model, at the book's present revision
  };
  absl::StatusOr<IndexStatus> index_status(base::Deadline deadline);

  // What rank() needs for a cart, in one round trip. `unknown` when no book of the cart is in the
  // catalogue, `unindexed` when none that is has a vector yet. The first kAnchorsMax books of the
  // cart speak for it, with their `per_book` nearest; all of it is kept out of the answer.
  struct Neighbourhood {
    std::vector<Book> cart;
    std::vector<Candidate> candidates;
    bool unknown = false;
    bool unindexed = false;
  };
  absl::StatusOr<Neighbourhood> near(const std::vector<std::string>& cart, size_t per_book,
                                     base::Deadline deadline);

  const std::string& model_revision() const { return model_revision_; }

 private:
  postgres::Pool& pool_;
  const std::string model_revision_;
};

}  // namespace bookstore::suggestions
