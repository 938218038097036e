#include <map>

#include "base/check.h"
#include "base/status.h"
#include "causality/vector_clock.h"
#include "orders/rows.h"
#include "orders/store.h"

namespace bookstore::orders {
namespace {

using postgres::Param;
using postgres::Row;
using postgres::Statement;

// A transition that skips `accepted` counts for two: revision 3 is `accepted` for every order that
// was not in review, as its stored answer says.
constexpr Statement kProject{
    "WITH t AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], "
    " $6::bytea[]) AS t(order_id, state, reason, index, clock)), "
    "moved AS (UPDATE orders.orders o SET state = t.state, reason = nullif(t.reason, ''), "
    " executor_index = t.index, clock = t.clock, updated_at = now(), revision = o.revision + "
    " CASE WHEN o.state = 'submitting' AND t.state <> 'accepted' THEN 2 ELSE 1 END "
    " FROM t WHERE o.order_id = t.order_id AND o.executor_index < t.index "
    " AND o.state || '>' || t.state = ANY($5::text[]) RETURNING o.order_id) "
    "SELECT t.order_id, moved.order_id IS NOT NULL AS applied, o.state, o.executor_index, "
    " (extract(epoch FROM o.accept_before) * 1000)::bigint AS accept_before_ms "
    "FROM t LEFT JOIN moved USING (order_id) LEFT JOIN orders.orders o USING (order_id)"};

constexpr Statement kUnfinished{
    "SELECT order_id, state, executor_index FROM orders.orders "
    "WHERE state IN ('submitting', 'accepted', 'executing', 'needs_attention') "
    "AND order_id > $1 ORDER BY order_id LIMIT $2"};

// Locks the rows in the order in which every projector does.
constexpr Statement kClocks{
    "SELECT order_id, clock FROM orders.orders WHERE order_id = ANY($1::text[]) "
    "ORDER BY order_id FOR UPDATE"};

// The newest transition of each order, by id: the order in which every projector locks rows.
std::map<std::string, Transition> newest(std::span<const Transition> transitions) {
  std::map<std::string, Transition> by_id;
  for (const Transition& transition : transitions) {
    Transition& kept = by_id[transition.order_id.value];
    if (transition.index >= kept.index) kept = transition;
  }
  return by_id;
}

// What both know; the row's own when the other is empty, unreadable, or has no room.
std::string join_clocks(const std::string& row, const std::string& transition) {
  auto known = row.empty() ? causality::VectorClock() : causality::VectorClock::decode(row);
  const auto other = causality::VectorClock::decode(transition);
  if (!known || !other || !known->merge(*other)) return row;
  return known->encode();
}

// The clocks that the rows will have, by order id.
absl::StatusOr<std::map<std::string, std::string>> joined_clocks(
    postgres::Transaction& transaction, const std::map<std::string, Transition>& by_id) {
  std::vector<std::string> ids;
  for (const auto& [id, transition] : by_id) ids.push_back(id);
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, transaction.query(kClocks, {ids}));
  std::map<std::string, std::string> clocks;
  for (const Row& row : rows) {
    const std::string id = row.text("order_id");
    clocks[id] = join_clocks(row.bytes("clock"), by_id.at(id).clock);
  }
  return clocks;
}

// What the row says after a terminal transition is final; it was read before.
bool settles(Projection verdict, const Row& row) {
  switch (verdict) {
    case Projection::kApply:
    case Projection::kKnown:
      return true;
    case Projection::kOlder:
      return terminal(state_of(row));
    case Projection::kIllegal:
      break;
  }
  return false;
}

std::vector<Param> projection_params(const std::map<std::string, Transition>& by_id,
                                     std::map<std::string, std::string> joined) {
  std::vector<std::string> ids, states, reasons;
  std::vector<int64_t> indexes;
  std::vector<postgres::Bytes> clocks;
  for (const auto& [id, transition] : by_id) {
    ids.push_back(id);
    states.emplace_back(to_text(transition.state));
    reasons.push_back(transition.reason);
    indexes.push_back(static_cast<int64_t>(transition.index));
    clocks.push_back({std::move(joined[id])});
  }
  const std::vector<std::string> paths(paths_text().begin(), paths_text().end());
  return {ids, states, reasons, indexes, paths, clocks};
}

}  // namespace

absl::StatusOr<ProjectionReport> Store::project(std::span<const Transition> transitions,
                                                base::Deadline deadline) {
  BOOKSTORE_CHECK(transitions.size() <= kBatchMax, "batch of ", transitions.size());
  ProjectionReport report;
  if (transitions.empty()) return report;
  const auto by_id = newest(transitions);
  postgres::Result rows;
  BOOKSTORE_RETURN_IF_ERROR(postgres::in_transaction(
      pool_, deadline, [&](postgres::Transaction& transaction) -> absl::Status {
        BOOKSTORE_ASSIGN_OR_RETURN(auto clocks, joined_clocks(transaction, by_id));
        BOOKSTORE_ASSIGN_OR_RETURN(
            rows, transaction.query(kProject, projection_params(by_id, std::move(clocks))));
        // The rows are answered as they were before. One that could have moved and did not was
        // moved by somebody else in between: look again.
        for (const Row& row : rows) {
          if (row.is_null("state") || row.boolean("applied")) continue;
          const Transition& transition = by_id.at(row.text("order_id"));
          if (judge_projection({state_of(row), static_cast<uint64_t>(row.int64("executor_index"))},
                               {transition.state, transition.index}) == Projection::kApply) {
            return absl::AbortedError("a projected row moved meanwhile");
          }
        }
        return absl::OkStatus();
      }));
  for (const Row& row : rows) {
    if (row.is_null("state")) {
      ++report.unknown;
      continue;
    }
    const Transition& transition = by_id.at(row.text("order_id"));
    const Projection verdict =
        judge_projection({state_of(row), static_cast<uint64_t>(row.int64("executor_index"))},
                         {transition.state, transition.index});
    if (terminal(transition.state) && settles(verdict, row)) {
      report.settled.push_back(
          {transition.order_id, row.maybe_int64("accept_before_ms").value_or(0)});
    }
    switch (verdict) {
      case Projection::kApply:
        ++report.applied;
        break;
      case Projection::kKnown:
        ++report.known;
        break;
      case Projection::kOlder:
        ++report.older;
        break;
      case Projection::kIllegal:
        ++report.illegal;
        break;
    }
  }
  illegal_moves_ += report.illegal;
  return report;
}

absl::StatusOr<std::vector<Unfinished>> Store::unfinished(const std::string& after, size_t limit,
                                                          base::Deadline deadline) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, pool_.query(kUnfinished, {after, limit}, deadline));
  std::vector<Unfinished> all;
  for (const Row& row : rows) {
    all.push_back({{row.text("order_id")},
                   state_of(row),
                   static_cast<uint64_t>(row.int64("executor_index"))});
  }
  return all;
}

}  // namespace bookstore::orders
