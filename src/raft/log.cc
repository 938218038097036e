#include "raft/log.h"

#include <algorithm>

#include "base/check.h"

namespace bookstore::raft {

Log::Log(const Storage& storage, uint64_t max_applying_bytes)
    : storage_(storage),
      unstable_(storage.last_index() + 1),
      committed_(storage.first_index() - 1),
      applying_(committed_),
      applied_(committed_),
      max_applying_bytes_(max_applying_bytes) {
  check();
}

void Log::check() const {
  BOOKSTORE_CHECK(applied_ <= applying_ && applying_ <= committed_ && committed_ <= last_index(),
                  "applied ", applied_, ", applying ", applying_, ", committed ", committed_,
                  ", last ", last_index());
}

Index Log::first_index() const {
  return unstable_.first_index().value_or(storage_.first_index());
}

Index Log::last_index() const {
  const std::optional<Index> last = unstable_.last_index();
  return last.has_value() ? *last : storage_.last_index();
}

EntryId Log::last_id() const {
  const Index last = last_index();
  const std::optional<Term> last_term = term(last);
  BOOKSTORE_CHECK(last_term.has_value(), "the last entry ", last, " has no term");
  return {*last_term, last};
}

std::optional<Term> Log::term(Index index) const {
  if (const auto found = unstable_.term(index)) return found;
  if (index + 1 < first_index() || index > last_index()) return std::nullopt;
  return storage_.term(index);
}

bool Log::is_up_to_date(EntryId theirs) const {
  const EntryId ours = last_id();
  return theirs.term > ours.term || (theirs.term == ours.term && theirs.index >= ours.index);
}

SnapshotPtr Log::snapshot() const {
  return unstable_.snapshot() != nullptr ? unstable_.snapshot() : storage_.snapshot();
}

bool Log::read(Index from, Index to, uint64_t max_bytes, std::vector<Entry>* out) const {
  BOOKSTORE_CHECK(from <= to && to <= last_index() + 1, "[", from, ", ", to, ")");
  if (from < first_index()) return false;
  if (from == to) return true;
  const size_t before = out->size();
  uint64_t used = 0;
  if (from < unstable_.offset()) {
    const Index cut = std::min(to, unstable_.offset());
    if (!storage_.read(from, cut, max_bytes, out)) return false;
    const std::span<const Entry> got(out->data() + before, out->size() - before);
    used = entries_bytes(got);
    if (got.size() < cut - from || used >= max_bytes) return true;
    from = cut;
    if (from == to) return true;
  }
  std::span<const Entry> rest = unstable_.slice(from, to);
  rest = rest.first(count_within(rest, max_bytes - used));
  // The one entry that is always given was given already.
  if (used > 0 && entries_bytes(rest) > max_bytes - used) return true;
  out->insert(out->end(), rest.begin(), rest.end());
  return true;
}

std::optional<Index> Log::follow(EntryId before, std::span<const Entry> entries, Index commit) {
  if (!holds(before)) return std::nullopt;
  const Index last = before.index + entries.size();
  const auto conflict = std::find_if(entries.begin(), entries.end(),
                                     [this](const Entry& entry) { return !holds(entry.id()); });
  if (conflict != entries.end()) {
    BOOKSTORE_CHECK(conflict->index > committed_, "entry ", conflict->index,
                    " contradicts a committed one (up to ", committed_, ")");
    append({conflict, entries.end()});
  }
  commit_to(std::min(commit, last));
  return last;
}

void Log::append(std::span<const Entry> entries) {
  if (entries.empty()) return;
  BOOKSTORE_CHECK(entries.front().index > committed_, entries.front().index,
                  " would cut what is committed up to ", committed_);
  unstable_.truncate_and_append(entries);
}

EntryId Log::last_not_above(Index index, Term limit) const {
  for (; index > 0; --index) {
    const std::optional<Term> ours = term(index);
    // Compacted: a match is possible, its term is not known.
    if (!ours.has_value()) return {0, index};
    if (*ours <= limit) return {*ours, index};
  }
  return {};
}

void Log::commit_to(Index index) {
  if (index <= committed_) return;
  BOOKSTORE_CHECK(index <= last_index(), "commit ", index, " is beyond the log's end ",
                  last_index(), ": was it damaged, cut or lost?");
  committed_ = index;
}

bool Log::commit_own(Index index, Term term) {
  if (term == 0 || index <= committed_ || !holds({term, index})) return false;
  commit_to(index);
  return true;
}

void Log::applied_to(Index index, uint64_t bytes) {
  BOOKSTORE_CHECK(index >= applied_ && index <= committed_, index, " of ", applied_, "…",
                  committed_);
  applied_ = index;
  applying_ = std::max(applying_, index);
  applying_bytes_ -= std::min(applying_bytes_, bytes);
  applying_paused_ = applying_bytes_ >= max_applying_bytes_;
  check();
}

void Log::restore(SnapshotPtr snapshot) {
  committed_ = snapshot->at.index;
  unstable_.restore(std::move(snapshot));
  check();
}

bool Log::has_unapplied_conf_change() const {
  for (Index from = applied_ + 1; from <= committed_;) {
    std::vector<Entry> page;
    const bool readable = read(from, committed_ + 1, max_applying_bytes_, &page);
    BOOKSTORE_CHECK(readable && !page.empty(), from, " is committed, not applied and not there");
    if (std::any_of(page.begin(), page.end(), [](const Entry& e) { return e.is_conf_change(); })) {
      return true;
    }
    from += page.size();
  }
  return false;
}

Index Log::max_appliable(bool allow_unstable) const {
  return allow_unstable ? committed_ : std::min(committed_, unstable_.offset() - 1);
}

bool Log::has_next_committed(bool allow_unstable) const {
  // Entries after a snapshot wait until that is applied.
  return !applying_paused_ && unstable_.snapshot() == nullptr &&
         applying_ < max_appliable(allow_unstable);
}

std::vector<Entry> Log::next_committed(bool allow_unstable) const {
  std::vector<Entry> entries;
  if (!has_next_committed(allow_unstable)) return entries;
  const bool readable = read(applying_ + 1, max_appliable(allow_unstable) + 1,
                             max_applying_bytes_ - applying_bytes_, &entries);
  BOOKSTORE_CHECK(readable, applying_ + 1, " is compacted and was never applied");
  return entries;
}

void Log::accept_applying(Index index, uint64_t bytes, bool allow_unstable) {
  BOOKSTORE_CHECK(index <= committed_, index, " is beyond ", committed_);
  applying_ = index;
  applying_bytes_ += bytes;
  // Cut short by the limit, or at it.
  applying_paused_ =
      applying_bytes_ >= max_applying_bytes_ || index < max_appliable(allow_unstable);
  check();
}

}  // namespace bookstore::raft
