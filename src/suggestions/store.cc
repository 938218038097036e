#include "suggestions/store.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"

namespace bookstore::suggestions {
namespace {

using Version = std::array<int, 3>;
// Before it: lost rows and damaged indexes in HNSW, a buffer overflow in its parallel build.
constexpr Version kPgvectorMin = {0, 8, 6};

constexpr postgres::Statement kPgvector{
    "SELECT extversion FROM pg_extension WHERE extname = 'vector'"};

constexpr postgres::Statement kPending{
    "SELECT b.book_id, b.title, b.authors, b.subjects, b.description, b.revision, "
    " CASE WHEN e.model_revision = $1 THEN e.text_hash ELSE '' END AS stored_hash "
    "FROM catalogue.published_books b "
    "LEFT JOIN suggestions.book_embedding e ON e.book_id = b.book_id "
    "WHERE b.book_id > $2 AND (e.book_id IS NULL OR e.model_revision <> $1 "
    " OR e.book_revision <> b.revision) "
    "ORDER BY b.book_id LIMIT $3"};

constexpr postgres::Statement kSave{
    "INSERT INTO suggestions.book_embedding AS e "
    "(book_id, model_revision, book_revision, text_hash, embedding) "
    "SELECT book_id, $1, book_revision, text_hash, embedding::vector "
    "FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[]) "
    " AS row(book_id, book_revision, text_hash, embedding) "
    "ORDER BY book_id "
    "ON CONFLICT (book_id) DO UPDATE SET model_revision = excluded.model_revision, "
    " book_revision = excluded.book_revision, text_hash = excluded.text_hash, "
    " embedding = excluded.embedding, embedded_at = now() "
    "WHERE e.model_revision <> excluded.model_revision "
    " OR e.book_revision <= excluded.book_revision"};

constexpr postgres::Statement kConfirm{
    "UPDATE suggestions.book_embedding e SET book_revision = row.book_revision "
    "FROM unnest($2::text[], $3::bigint[]) AS row(book_id, book_revision) "
    "WHERE e.book_id = row.book_id AND e.model_revision = $1 "
    " AND e.book_revision < row.book_revision"};

constexpr postgres::Statement kDropOrphans{
    "DELETE FROM suggestions.book_embedding e WHERE NOT EXISTS "
    "(SELECT FROM catalogue.published_books b WHERE b.book_id = e.book_id)"};

constexpr postgres::Statement kIndexStatus{
    "SELECT count(*) AS books, count(e.book_id) AS indexed "
    "FROM catalogue.published_books b "
    "LEFT JOIN suggestions.book_embedding e ON e.book_id = b.book_id "
    " AND e.model_revision = $1 AND e.book_revision = b.revision"};

constexpr postgres::Statement kCart{
    "SELECT b.book_id, b.title, b.authors, b.subjects, e.book_id IS NOT NULL AS indexed "
    "FROM catalogue.published_books b "
    "LEFT JOIN suggestions.book_embedding e ON e.book_id = b.book_id AND e.model_revision = $1 "
    "WHERE b.book_id = ANY($2::text[])"};

// For each book of the cart its nearest, then every distance between those and the cart.
// <#> is the negative inner product.
constexpr postgres::Statement kNear{
    "WITH anchor AS MATERIALIZED ("
    " SELECT book_id, embedding FROM suggestions.book_embedding "
    " WHERE model_revision = $1 AND book_id = ANY($2::text[])), "
    "near AS MATERIALIZED ("
    " SELECT DISTINCT n.book_id FROM anchor a CROSS JOIN LATERAL ("
    "  SELECT e.book_id FROM suggestions.book_embedding e "
    "  JOIN inventory.published_stock s ON s.book_id = e.book_id "
    "  WHERE e.model_revision = $1 AND s.free > 0 AND e.book_id <> ALL($3::text[]) "
    "  ORDER BY e.embedding <#> a.embedding, e.book_id LIMIT $4) n) "
    "SELECT b.book_id, b.title, b.authors, b.subjects, s.free, a.book_id AS cart_id, "
    " -(e.embedding <#> a.embedding) AS similarity "
    "FROM near JOIN suggestions.book_embedding e ON e.book_id = near.book_id "
    "JOIN catalogue.published_books b ON b.book_id = near.book_id "
    "JOIN inventory.published_stock s ON s.book_id = near.book_id "
    "CROSS JOIN anchor a ORDER BY b.book_id, a.book_id"};

std::optional<Version> parse_version(const std::string& text) {
  Version version = {0, 0, 0};
  const char* at = text.data();
  const char* end = at + text.size();
  for (int& part : version) {
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc() || part < 0) return std::nullopt;
    if (next == end) return version;
    if (*next != '.') return std::nullopt;
    at = next + 1;
  }
  return std::nullopt;
}

Book read_book(const postgres::Row& row) {
  return {row.text("book_id"), row.text("title"), row.texts("authors"), row.texts("subjects"), ""};
}

// pgvector's text form, exact for a float.
std::string vector_text(const std::vector<float>& vector) {
  std::string text = "[";
  char digits[32];
  for (const float value : vector) {
    if (text.size() > 1) text += ',';
    text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  text += ']';
  return text;
}

}  // namespace

absl::Status Store::check_pgvector(const std::string& accepted, base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kPgvector, {}, deadline));
  if (rows.empty()) {
    return absl::FailedPreconditionError("the database has no extension vector: migrate it first");
  }
  const std::string here = rows[0].text("extversion");
  const auto version = parse_version(here);
  if (version && *version >= kPgvectorMin) return absl::OkStatus();
  const auto floor = parse_version(accepted);
  if (version && floor && *version >= *floor) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("pgvector ", here,
                   " is older than 0.8.6, which fixes lost rows and damaged indexes; install a "
                   "newer one or start with --accept-pgvector ",
                   here));
}

absl::StatusOr<std::vector<Store::Pending>> Store::pending(const std::string& after, size_t limit,
                                                           base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(
      const auto rows,
      pool_.query(kPending, {model_revision_, after, static_cast<int64_t>(limit)}, deadline));
  std::vector<Pending> result;
  for (const postgres::Row& row : rows) {
    Pending next{read_book(row), row.int64("revision"), row.text("stored_hash")};
    next.book.description = row.text("description");
    result.push_back(std::move(next));
  }
  return result;
}

absl::Status Store::save(std::span<const Embedded> books, base::Deadline deadline) {
  if (books.empty()) return absl::OkStatus();
  std::vector<std::string> ids, hashes, vectors;
  std::vector<int64_t> revisions;
  for (const Embedded& book : books) {
    BOOKSTORE_CHECK(book.vector.size() == kWidth, book.vector.size());
    ids.push_back(book.book_id);
    revisions.push_back(book.book_revision);
    hashes.push_back(book.text_hash);
    vectors.push_back(vector_text(book.vector));
  }
  return pool_.query(kSave, {model_revision_, ids, revisions, hashes, vectors}, deadline).status();
}

absl::Status Store::confirm(std::span<const Unchanged> books, base::Deadline deadline) {
  if (books.empty()) return absl::OkStatus();
  std::vector<std::string> ids;
  std::vector<int64_t> revisions;
  for (const Unchanged& book : books) {
    ids.push_back(book.book_id);
    revisions.push_back(book.book_revision);
  }
  return pool_.query(kConfirm, {model_revision_, ids, revisions}, deadline).status();
}

absl::Status Store::drop_orphans(base::Deadline deadline) {
  return pool_.query(kDropOrphans, {}, deadline).status();
}

absl::StatusOr<Store::IndexStatus> Store::index_status(base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows,
                             pool_.query(kIndexStatus, {model_revision_}, deadline));
  return IndexStatus{static_cast<uint64_t>(rows[0].int64("books")),
                     static_cast<uint64_t>(rows[0].int64("indexed"))};
}

absl::StatusOr<Store::Neighbourhood> Store::near(const std::vector<std::string>& cart,
                                                 size_t per_book, base::Deadline deadline) {
  const std::vector<std::string> anchors(
      cart.begin(), cart.begin() + static_cast<ptrdiff_t>(std::min(cart.size(), kAnchorsMax)));
  BOOKSTORE_ASSIGN_OR_RETURN(auto lease, pool_.acquire(deadline));
  postgres::Batch batch(*lease);
  const size_t cart_at = batch.add(kCart, {model_revision_, cart});
  const size_t near_at =
      batch.add(kNear, {model_revision_, anchors, cart, static_cast<int64_t>(per_book)});
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(deadline));
  Neighbourhood result;
  result.unknown = results[cart_at].empty();
  result.unindexed = true;
  for (const postgres::Row& row : results[cart_at]) {
    result.cart.push_back(read_book(row));
    result.unindexed = result.unindexed && !row.boolean("indexed");
  }
  for (const postgres::Row& row : results[near_at]) {
    if (result.candidates.empty() || result.candidates.back().book.id != row.text("book_id")) {
      result.candidates.push_back({read_book(row), row.int64("free"), {}});
    }
    result.candidates.back().similarities.emplace_back(row.text("cart_id"), row.real("similarity"));
  }
  return result;
}

}  // namespace bookstore::suggestions
