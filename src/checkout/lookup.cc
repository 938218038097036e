#include "checkout/lookup.h"

#include "base/status.h"

namespace bookstore::checkout {

absl::StatusOr<Lookup> look_up(postgres::Pool& pool, const orders::Key& key,
                               const std::string& fingerprint,
                               const std::vector<std::string>& book_ids, base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto lease, pool.acquire(deadline));
  postgres::Batch batch(*lease);
  const size_t key_at = orders::Store::add_find_key(batch, key, fingerprint);
  const size_t prices_at = catalogue::Store::add_prices(batch, book_ids);
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(deadline));
  return Lookup{orders::Store::read_key(results[key_at]),
                catalogue::Store::read_prices(results[prices_at])};
}

}  // namespace bookstore::checkout
