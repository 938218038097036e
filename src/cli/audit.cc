#include "cli/audit.h"

#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

using postgres::Statement;
using postgres::Transaction;

constexpr base::DurationMs kLookAgainMs = 50;

// What each owner says is wrong in its own house.
constexpr Statement kStock{
    "SELECT name, subject, expected, found, count(*) OVER () AS wrong "
    "FROM inventory.published_audit ORDER BY name, subject LIMIT $1"};
constexpr Statement kMoney{
    "SELECT name, subject, expected, found, count(*) OVER () AS wrong "
    "FROM payment.published_audit ORDER BY name, subject LIMIT $1"};

// What they must agree on: the order's end, what became of its books and of its money. An order
// that is parked, or under way, may be anywhere between; one that is under way is a finding itself.
constexpr Statement kOrders{
    "WITH captures AS ("
    "  SELECT split_part(authorisation, ':', 1) AS order_id, count(*) AS n,"
    "         sum(amount_minor) AS minor, min(currency) AS currency"
    "  FROM sandbox.published_ledger WHERE kind = 'capture' AND outcome = 'approved' GROUP BY 1), "
    "counted AS ("
    "  SELECT order_id, coalesce(o.state, 'no order') AS state, o.reason, o.total_minor,"
    "         o.currency, coalesce(h.state, 'none') AS hold, coalesce(p.state, 'none') AS payment,"
    "         coalesce(c.n, 0) AS captures, c.minor, c.currency AS captured_currency"
    "  FROM orders.published_order_states o"
    "  FULL JOIN inventory.published_holds h USING (order_id)"
    "  FULL JOIN payment.published_payments p USING (order_id)"
    "  FULL JOIN captures c USING (order_id)), "
    "wrong AS ("
    "  SELECT 'ended' AS name, order_id AS subject, 'an end, or parked with a reason' AS expected,"
    "         state AS found FROM counted"
    "  WHERE state IN ('submitting', 'accepted', 'executing')"
    "     OR (state = 'needs_attention' AND coalesce(reason, '') = '')"
    "  UNION ALL"
    "  SELECT 'charged', order_id,"
    "         CASE WHEN state = 'completed' THEN format('1 capture of %s', total_minor)"
    "              ELSE '0 captures' END,"
    "         format('%s of %s; order %s', captures, coalesce(minor, 0), state) FROM counted"
    "  WHERE captures > 1"
    "     OR (captures = 1 AND (minor, captured_currency) IS DISTINCT FROM (total_minor, currency))"
    "     OR (captures <> (state = 'completed')::int"
    "         AND state NOT IN ('submitting', 'accepted', 'executing', 'needs_attention'))"
    "  UNION ALL"
    "  SELECT 'executed', order_id,"
    "         CASE WHEN state = 'completed' THEN 'books and payment committed'"
    "              ELSE 'books and payment given up, or never asked for' END,"
    "         format('books %s, payment %s; order %s', hold, payment, state) FROM counted"
    "  WHERE state NOT IN ('submitting', 'accepted', 'executing', 'needs_attention')"
    "    AND NOT CASE WHEN state = 'completed' THEN (hold, payment) = ('committed', 'committed')"
    "                 ELSE hold IN ('none', 'refused', 'aborted')"
    "                      AND payment IN ('none', 'refused', 'aborted') END) "
    "SELECT name, subject, expected, found, count(*) OVER () AS wrong FROM wrong "
    "ORDER BY name, subject LIMIT $1"};

constexpr Statement kAccepted{
    "SELECT 'promised' AS name, promised AS subject, 'an accepted order' AS expected,"
    "       coalesce(state || ' ' || coalesce(reason, ''), 'no order') AS found,"
    "       count(*) OVER () AS wrong "
    "FROM unnest($2::text[]) AS promised "
    "LEFT JOIN orders.published_order_states ON order_id = promised "
    "WHERE state IS NULL OR state = 'received' OR (state = 'rejected' AND NOT was_in_review) "
    "ORDER BY promised LIMIT $1"};

constexpr Statement kFigures{
    "SELECT 'orders ' || state AS name, count(*) AS n FROM orders.published_order_states "
    "GROUP BY state "
    "UNION ALL SELECT 'payments ' || state, count(*) FROM payment.published_payments "
    "GROUP BY state "
    "UNION ALL SELECT 'holds ' || state, count(*) FROM inventory.published_holds GROUP BY state "
    "UNION ALL SELECT 'provider ' || kind || ' ' || outcome, count(*) "
    "FROM sandbox.published_ledger GROUP BY kind, outcome "
    "UNION ALL SELECT 'copies free', coalesce(sum(free), 0) FROM inventory.published_stock"};

constexpr Statement kUnderWay{
    "SELECT state, count(*) AS n FROM orders.published_order_states "
    "WHERE state IN ('submitting', 'accepted', 'executing') GROUP BY state ORDER BY state"};

absl::Status look(Transaction& transaction, const Statement& question,
                  std::vector<postgres::Param> params, AuditReport& report) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto rows, transaction.query(question, std::move(params)));
  if (!rows.empty()) report.wrong += rows[0].int64("wrong");
  for (const auto row : rows) {
    report.findings.push_back(
        {row.text("name"), row.text("subject"), row.text("expected"), row.text("found")});
  }
  return absl::OkStatus();
}

}  // namespace

std::string AuditReport::to_string() const {
  std::string text = absl::StrCat(wrong, wrong == 1 ? " thing is" : " things are", " wrong\n");
  for (const AuditFinding& finding : findings) {
    absl::StrAppend(&text, finding.name, " ", finding.subject, ": expected ", finding.expected,
                    ", found ", finding.found, "\n");
  }
  for (const auto& [name, n] : figures) absl::StrAppend(&text, n, " ", name, "\n");
  return text;
}

json::Object AuditReport::to_json() const {
  json::Array wrong_things;
  for (const AuditFinding& finding : findings) {
    wrong_things.push_back(json::Object{{"name", finding.name},
                                        {"subject", finding.subject},
                                        {"expected", finding.expected},
                                        {"found", finding.found}});
  }
  json::Object counts;
  for (const auto& [name, n] : figures) counts[name] = n;
  return {{"ok", ok()}, {"wrong", wrong}, {"findings", wrong_things}, {"figures", counts}};
}

absl::StatusOr<AuditReport> audit(postgres::Pool& pool, base::Deadline deadline,
                                  const std::vector<std::string>& accepted) {
  AuditReport report;
  const auto questions = [&](Transaction& transaction) -> absl::Status {
    report = {};
    const int64_t most = AuditReport::kFindingsMax;
    BOOKSTORE_RETURN_IF_ERROR(look(transaction, kStock, {most}, report));
    BOOKSTORE_RETURN_IF_ERROR(look(transaction, kMoney, {most}, report));
    BOOKSTORE_RETURN_IF_ERROR(look(transaction, kOrders, {most}, report));
    BOOKSTORE_RETURN_IF_ERROR(look(transaction, kAccepted, {most, accepted}, report));
    BOOKSTORE_ASSIGN_OR_RETURN(const auto figures, transaction.query(kFigures));
    for (const auto row : figures) report.figures[row.text("name")] = row.int64("n");
    return absl::OkStatus();
  };
  BOOKSTORE_RETURN_IF_ERROR(postgres::in_transaction(
      pool, deadline, questions, {.isolation = postgres::Isolation::kRepeatableRead}));
  return report;
}

absl::Status wait_for_rest(postgres::Pool& pool, base::Deadline deadline) {
  for (;;) {
    BOOKSTORE_ASSIGN_OR_RETURN(const auto under_way, pool.query(kUnderWay, {}, deadline));
    if (under_way.empty()) return absl::OkStatus();
    if (deadline.remaining_ms(pool.clock()) <= kLookAgainMs) {
      std::string left;
      for (const auto row : under_way) {
        absl::StrAppend(&left, left.empty() ? "" : ", ", row.int64("n"), " ", row.text("state"));
      }
      return absl::DeadlineExceededError("orders are still under way: " + left);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(kLookAgainMs));
  }
}

}  // namespace bookstore::cli
