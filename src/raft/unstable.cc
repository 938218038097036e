#include "raft/unstable.h"

#include <algorithm>

#include "base/check.h"

namespace bookstore::raft {

void Unstable::check() const {
  BOOKSTORE_CHECK(offset_ <= in_progress_ && in_progress_ <= next(), offset_, ", ", in_progress_,
                  ", ", next());
}

std::optional<Index> Unstable::first_index() const {
  if (snapshot_ == nullptr) return std::nullopt;
  return snapshot_->at.index + 1;
}

std::optional<Index> Unstable::last_index() const {
  if (!entries_.empty()) return next() - 1;
  if (snapshot_ != nullptr) return snapshot_->at.index;
  return std::nullopt;
}

std::optional<Term> Unstable::term(Index index) const {
  if (index >= offset_ && index < next()) return entries_[index - offset_].term;
  if (snapshot_ != nullptr && snapshot_->at.index == index) return snapshot_->at.term;
  return std::nullopt;
}

std::span<const Entry> Unstable::slice(Index from, Index to) const {
  BOOKSTORE_CHECK(offset_ <= from && from <= to && to <= next(), "[", from, ", ", to, ") of [",
                  offset_, ", ", next(), ")");
  return std::span(entries_).subspan(from - offset_, to - from);
}

void Unstable::accept() {
  in_progress_ = next();
  snapshot_in_progress_ = snapshot_ != nullptr;
}

void Unstable::stable_to(EntryId id) {
  if (id.index < offset_ || id.index >= next()) return;
  if (entries_[id.index - offset_].term != id.term) return;
  const auto durable = static_cast<std::ptrdiff_t>(id.index + 1 - offset_);
  entries_.erase(entries_.begin(), entries_.begin() + durable);
  offset_ = id.index + 1;
  in_progress_ = std::max(in_progress_, offset_);
  check();
}

void Unstable::stable_snapshot(Index index) {
  if (snapshot_ == nullptr || snapshot_->at.index != index) return;
  snapshot_ = nullptr;
  snapshot_in_progress_ = false;
}

void Unstable::restore(SnapshotPtr snapshot) {
  offset_ = snapshot->at.index + 1;
  in_progress_ = offset_;
  entries_.clear();
  snapshot_ = std::move(snapshot);
  snapshot_in_progress_ = false;
}

void Unstable::truncate_and_append(std::span<const Entry> entries) {
  const Index from = entries.front().index;
  BOOKSTORE_CHECK(from <= next(), "a gap from ", next(), " to ", from);
  if (from <= offset_) {
    entries_.clear();
    offset_ = from;
    in_progress_ = from;
  } else {
    entries_.resize(from - offset_);
    in_progress_ = std::min(in_progress_, from);
  }
  entries_.insert(entries_.end(), entries.begin(), entries.end());
  check();
}

}  // namespace bookstore::raft
