#include "cli/import.h"

#include <algorithm>
#include <unordered_map>

#include "base/status.h"
#include "catalogue/book.h"
#include "catalogue/store.h"
#include "cli/csv.h"
#include "postgres/transaction.h"

namespace bookstore::cli {
namespace {

// Large enough to be quick, small enough that a checkout that waits for a stock row waits little.
constexpr size_t kBatchRows = 100;
constexpr base::DurationMs kBatchMs = 30'000;

constexpr postgres::Statement kImportStock{
    "SELECT inventory.import_stock($1::text[], $2::bigint[]) AS changed"};

absl::Status check_header(CsvReader& reader) {
  std::string expected;
  for (const std::string_view column : catalogue::kColumns)
    expected += (expected.empty() ? "" : ",") + std::string(column);
  CsvRecord header;
  if (!reader.next(header) || !header.error.empty() ||
      !std::equal(header.fields.begin(), header.fields.end(), std::begin(catalogue::kColumns),
                  std::end(catalogue::kColumns)))
    return absl::InvalidArgumentError("the first line must be: " + expected);
  return absl::OkStatus();
}

class Importer {
 public:
  Importer(postgres::Pool& pool, const base::Clock& clock) : pool_(pool), clock_(clock) {}

  absl::Status add(const CsvRecord& record) {
    if (!record.error.empty()) {
      reject(record.line, record.error);
      return absl::OkStatus();
    }
    auto row = catalogue::read_row(record.fields);
    if (const auto* bad = std::get_if<catalogue::BadRow>(&row)) {
      reject(record.line, bad->column.empty() ? bad->reason : bad->column + ": " + bad->reason);
      return absl::OkStatus();
    }
    auto& book = std::get<catalogue::Book>(row);
    const auto [first, is_new] = lines_.try_emplace(book.id, record.line);
    if (!is_new) {
      reject(record.line, "id: the same as in line " + std::to_string(first->second));
      return absl::OkStatus();
    }
    batch_.push_back(std::move(book));
    return batch_.size() < kBatchRows ? absl::OkStatus() : flush();
  }

  absl::Status flush() {
    if (batch_.empty()) return absl::OkStatus();
    BOOKSTORE_ASSIGN_OR_RETURN(
        const ImportedBooks done,
        import_books(batch_, pool_, base::Deadline::after(clock_, kBatchMs)));
    report_.inserted += done.books.inserted;
    report_.changed += done.books.changed;
    report_.unchanged += done.books.unchanged;
    report_.stock_changed += done.stock_changed;
    batch_.clear();
    return absl::OkStatus();
  }

  ImportReport take_report() { return std::move(report_); }
  uint64_t rows() const { return lines_.size() + report_.bad.size(); }

 private:
  void reject(size_t line, std::string reason) { report_.bad.push_back({line, std::move(reason)}); }

  postgres::Pool& pool_;
  const base::Clock& clock_;
  std::vector<catalogue::Book> batch_;
  ImportReport report_;
  std::unordered_map<std::string, size_t> lines_;  // id → its first line
};

// How many rows there will be, judged by the size of those read so far: exact at the end.
uint64_t estimate_rows(uint64_t rows, size_t position, size_t size) {
  if (position >= size || position == 0) return rows;
  return std::max<uint64_t>(rows + 1, rows * size / position);
}

}  // namespace

absl::StatusOr<ImportedBooks> import_books(std::span<const catalogue::Book> books,
                                           postgres::Pool& pool, base::Deadline deadline) {
  std::vector<std::string> ids;
  std::vector<int64_t> quantities;
  for (const catalogue::Book& book : books) {
    ids.push_back(book.id);
    quantities.push_back(book.initial_stock);
  }
  ImportedBooks done;
  BOOKSTORE_RETURN_IF_ERROR(postgres::in_transaction(
      pool, deadline, [&](postgres::Transaction& transaction) -> absl::Status {
        BOOKSTORE_ASSIGN_OR_RETURN(done.books, catalogue::Store::upsert(transaction, books));
        BOOKSTORE_ASSIGN_OR_RETURN(const auto stock,
                                   transaction.query(kImportStock, {ids, quantities}));
        done.stock_changed = stock[0].int64("changed");
        return absl::OkStatus();
      }));
  return done;
}

absl::StatusOr<ImportReport> import_csv(std::string_view text, postgres::Pool& pool,
                                        const base::Clock& clock,
                                        const std::function<void(const Progress&)>& progress) {
  CsvReader reader(text);
  BOOKSTORE_RETURN_IF_ERROR(check_header(reader));
  Importer importer(pool, clock);
  const base::SteadyMs started_ms = clock.steady_ms();
  for (CsvRecord record; reader.next(record);) {
    BOOKSTORE_RETURN_IF_ERROR(importer.add(record));
    const uint64_t total = estimate_rows(importer.rows(), reader.position(), text.size());
    if (importer.rows() % kBatchRows == 0 && importer.rows() < total)
      progress({"catalogue", importer.rows(), total, clock.steady_ms() - started_ms});
  }
  BOOKSTORE_RETURN_IF_ERROR(importer.flush());
  progress({"catalogue", importer.rows(), importer.rows(), clock.steady_ms() - started_ms});
  return importer.take_report();
}

}  // namespace bookstore::cli
