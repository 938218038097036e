#include "cli/chaos_book.h"

#include <algorithm>

#include "json/json.h"

namespace bookstore::cli {
namespace {

constexpr int64_t kUsPerMs = 1'000;

int64_t mean_ready_us(const ChaosBook::Row& row) {
  return row.kills > 0 ? row.ready_us_sum / row.kills : 0;
}

}  // namespace

const ChaosBook::Kill* ChaosBook::before(int64_t at_us) const {
  const auto after = std::upper_bound(kills_.begin(), kills_.end(), at_us,
                                      [](int64_t at, const Kill& kill) { return at < kill.at_us; });
  return after == kills_.begin() ? nullptr : &*std::prev(after);
}

ChaosBook::Row* ChaosBook::row(const Kill* kill) {
  const std::string process = kill != nullptr ? kill->process : "before any";
  for (Row& row : rows_)
    if (row.process == process) return &row;
  return &*rows_.insert(std::prev(rows_.end()), Row{.process = process});
}

void ChaosBook::killed(const std::string& process, int64_t at_us) {
  const std::lock_guard lock(mutex_);
  kills_.push_back({process, at_us});
  ++row(&kills_.back())->kills;
}

void ChaosBook::ready(int64_t at_us) {
  const std::lock_guard lock(mutex_);
  Kill& kill = kills_.back();
  kill.ready_us = at_us;
  Row& entry = *row(&kill);
  entry.ready_us_sum += at_us - kill.at_us;
  entry.ready_us_max = std::max(entry.ready_us_max, at_us - kill.at_us);
}

void ChaosBook::accepted(const std::string& order_id, int64_t begun_us, int64_t at_us) {
  const std::lock_guard lock(mutex_);
  begun_us_[order_id] = begun_us;
  const Kill* const kill = before(at_us);
  if (kill != nullptr && (kill->ready_us == 0 || at_us < kill->ready_us)) ++row(kill)->accepted;
}

void ChaosBook::refused(const std::string& what, int64_t at_us) {
  const std::lock_guard lock(mutex_);
  ++refusals_[what];
  const Kill* const kill = before(at_us);
  if (kill != nullptr && (kill->ready_us == 0 || at_us < kill->ready_us)) ++row(kill)->refused;
}

void ChaosBook::violate(int64_t begun_us, const std::string& what) {
  ++row(before(begun_us))->violations;
  violations_.push_back(what);
}

void ChaosBook::violation_of(const std::string& order_id, const std::string& what) {
  const std::lock_guard lock(mutex_);
  const auto begun = begun_us_.find(order_id);
  violate(begun != begun_us_.end() ? begun->second : 0, what);
}

void ChaosBook::violation_at(int64_t begun_us, const std::string& what) {
  const std::lock_guard lock(mutex_);
  violate(begun_us, what);
}

std::vector<ChaosBook::Row> ChaosBook::rows() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

std::vector<std::string> ChaosBook::accepted_ids() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [id, begun_us] : begun_us_) ids.push_back(id);
  return ids;
}

std::map<std::string, int64_t> ChaosBook::refusals() const {
  const std::lock_guard lock(mutex_);
  return refusals_;
}

std::vector<std::string> ChaosBook::violations() const {
  const std::lock_guard lock(mutex_);
  return violations_;
}

std::vector<std::vector<Cell>> chaos_cells(const std::vector<ChaosBook::Row>& rows) {
  std::vector<std::vector<Cell>> cells;
  for (const ChaosBook::Row& row : rows) {
    const bool died = row.kills > 0;
    if (!died && row.violations == 0) continue;
    cells.push_back(
        {{row.process},
         {std::to_string(row.kills)},
         {died ? format_duration(mean_ready_us(row) / kUsPerMs) : "-"},
         {died ? format_duration(row.ready_us_max / kUsPerMs) : "-"},
         {std::to_string(row.accepted)},
         {std::to_string(row.refused)},
         {std::to_string(row.violations), row.violations > 0 ? Colour::kRed : Colour::kGreen}});
  }
  return cells;
}

json::Array chaos_json(const std::vector<ChaosBook::Row>& rows) {
  json::Array array;
  for (const ChaosBook::Row& row : rows)
    array.push_back(json::Object{{"process", row.process},
                                 {"kills", row.kills},
                                 {"ready_again_ms_mean", mean_ready_us(row) / kUsPerMs},
                                 {"ready_again_ms_max", row.ready_us_max / kUsPerMs},
                                 {"accepted_meanwhile", row.accepted},
                                 {"refused_meanwhile", row.refused},
                                 {"violations", row.violations}});
  return array;
}

}  // namespace bookstore::cli
