#include "inventory/store.h"

#include <limits>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/crash_point.h"
#include "base/ids.h"
#include "base/status.h"

namespace bookstore::inventory {
namespace {

using postgres::Bytes;
using postgres::Param;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr int64_t kQuantityMax = 1'000'000;
constexpr size_t kLinesMax = 100;

// Raises the fence if this term is new. A call that does not raise it locks nothing here.
constexpr Statement kRaiseFence{
    "UPDATE inventory.fence SET highest = $1::bigint WHERE highest < $1::bigint"};
constexpr Statement kLockFence{"SELECT highest FROM inventory.fence FOR SHARE"};
constexpr Statement kLockOrders{
    "SELECT order_id, state, reason, book_ids, quantities, clock FROM inventory.participant "
    "WHERE order_id = ANY ($1::text[]) ORDER BY order_id FOR UPDATE"};
constexpr Statement kLockStock{
    "SELECT book_id, free FROM inventory.stock WHERE book_id = ANY ($1::text[]) "
    "ORDER BY book_id FOR UPDATE"};
// Commit and Abort touch the books of the orders that hold some.
constexpr Statement kLockHeldStock{
    "SELECT book_id, free FROM inventory.stock WHERE book_id IN ("
    "  SELECT unnest(book_ids) FROM inventory.participant"
    "  WHERE order_id = ANY ($1::text[]) AND state = 'prepared') "
    "ORDER BY book_id FOR UPDATE"};
constexpr Statement kMoveStock{
    "UPDATE inventory.stock SET held = stock.held + delta.held, sold = stock.sold + delta.sold "
    "FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS delta (book_id, held, sold) "
    "WHERE stock.book_id = delta.book_id"};
// Both move any number of rows, each with its state, fence and clock, in one statement, and none
// when a higher fence is there. The lines of an order travel as the text of an array.
constexpr Statement kInsertOrders{
    "INSERT INTO inventory.participant "
    "(order_id, state, reason, fence, book_ids, quantities, clock) "
    "SELECT order_id, state, reason, $1::bigint, book_ids::text[], quantities::bigint[], clock "
    "FROM inventory.fence, unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[],"
    "  $7::bytea[]) AS made (order_id, state, reason, book_ids, quantities, clock) "
    "WHERE highest <= $1::bigint ORDER BY order_id COLLATE \"C\" ON CONFLICT DO NOTHING"};
constexpr Statement kMoveOrders{
    "UPDATE inventory.participant AS row SET state = moved.to_state, fence = $1::bigint,"
    "  clock = moved.clock, changed_at = now() "
    "FROM inventory.fence, unnest($2::text[], $3::text[], $4::text[], $5::bytea[])"
    "  AS moved (order_id, from_state, to_state, clock) "
    "WHERE row.order_id = moved.order_id AND row.state = moved.from_state "
    "AND row.fence <= $1::bigint AND highest <= $1::bigint "
    "AND inventory.legal_move(moved.from_state, moved.to_state)"};

// What the locked row of an order says.
struct Known {
  State state = State::kNone;
  std::string reason;
  std::vector<Line> lines;
  causality::VectorClock clock;
};

// Everything a call needs to decide, locked until its transaction ends.
struct Locked {
  bool stale = false;
  std::map<std::string, Known> orders;
  Stock stock;
};

absl::Status check_shape(Ask ask, uint64_t fence, const std::vector<OrderCall>& orders) {
  if (orders.size() > kBatchOrdersMax) {
    return absl::InvalidArgumentError(absl::StrCat("at most ", kBatchOrdersMax, " orders a call"));
  }
  if (fence == 0 || fence > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return absl::InvalidArgumentError("the fence is not a leader's term");
  }
  std::set<std::string_view> seen;
  for (const OrderCall& order : orders) {
    if (!base::parse_order_id(order.order_id)) {
      return absl::InvalidArgumentError("an order id is not well formed");
    }
    if (!seen.insert(order.order_id).second) {
      return absl::InvalidArgumentError(absl::StrCat("order twice in a call: ", order.order_id));
    }
    if (ask != Ask::kPrepare) continue;
    if (order.lines.empty() || order.lines.size() > kLinesMax) {
      return absl::InvalidArgumentError(absl::StrCat("1 to ", kLinesMax, " lines an order"));
    }
    for (const Line& line : order.lines) {
      if (!base::valid_book_id(line.book_id) || line.quantity < 1 || line.quantity > kQuantityMax) {
        return absl::InvalidArgumentError("a line is not well formed");
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Known> read_order(const Row& row) {
  Known known;
  const auto state = state_named(row.raw("state"));
  const auto clock = causality::VectorClock::decode(row.bytes("clock"));
  if (!state || !clock) {
    return absl::DataLossError(absl::StrCat("the row of ", row.text("order_id"), " is damaged"));
  }
  known.state = *state;
  known.reason = row.text("reason");
  known.clock = *clock;
  const auto book_ids = row.texts("book_ids");
  const auto quantities = row.int64s("quantities");
  for (size_t i = 0; i < book_ids.size(); ++i) {
    known.lines.push_back({book_ids[i], quantities[i]});
  }
  return known;
}

absl::StatusOr<Locked> lock_rows(Transaction& transaction, Ask ask, int64_t fence,
                                 const std::vector<OrderCall>& orders) {
  std::vector<std::string> order_ids;
  std::set<std::string> book_ids;
  for (const OrderCall& order : orders) {
    order_ids.push_back(order.order_id);
    for (const Line& line : order.lines) book_ids.insert(line.book_id);
  }
  auto batch = transaction.batch();
  batch.add(kRaiseFence, {fence});
  const size_t fence_at = batch.add(kLockFence, {});
  const size_t orders_at = batch.add(kLockOrders, {order_ids});
  const size_t stock_at =
      ask == Ask::kPrepare
          ? batch.add(kLockStock, {std::vector<std::string>(book_ids.begin(), book_ids.end())})
          : batch.add(kLockHeldStock, {order_ids});
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(transaction.deadline()));

  Locked locked;
  locked.stale = results[fence_at][0].int64("highest") > fence;
  for (const Row row : results[orders_at]) {
    BOOKSTORE_ASSIGN_OR_RETURN(locked.orders[row.text("order_id")], read_order(row));
  }
  for (const Row row : results[stock_at]) {
    locked.stock.add(row.raw("book_id"), row.int64("free"));
  }
  return locked;
}

// The rows that a call writes, gathered so that each kind of write is one statement.
class OrderWrites {
 public:
  void make(const OrderCall& order, const Decision& decision, const std::vector<Line>& lines,
            const causality::VectorClock& clock) {
    std::vector<std::string_view> book_ids;
    std::vector<int64_t> quantities;
    for (const Line& line : lines) {
      book_ids.push_back(line.book_id);
      quantities.push_back(line.quantity);
    }
    made_.order_ids.push_back(order.order_id);
    made_.states.push_back(name_of(decision.next));
    made_.reasons.push_back(decision.reason);
    made_.book_ids.push_back(Param(book_ids).wire());
    made_.quantities.push_back(Param(quantities).wire());
    made_.clocks.push_back({clock.encode()});
  }
  void move(const OrderCall& order, State from, State to, const causality::VectorClock& clock) {
    moved_.order_ids.push_back(order.order_id);
    moved_.from_states.push_back(name_of(from));
    moved_.to_states.push_back(name_of(to));
    moved_.clocks.push_back({clock.encode()});
  }

  // Writes the rows and the stock, and proves that each was written: a row that another call made
  // meanwhile makes the whole transaction start again.
  absl::Status run(Transaction& transaction, int64_t fence, const Stock& stock) const;

 private:
  struct {
    std::vector<std::string> order_ids;
    std::vector<std::string_view> states, reasons;
    std::vector<std::string> book_ids, quantities;  // array literals
    std::vector<Bytes> clocks;
  } made_;
  struct {
    std::vector<std::string> order_ids;
    std::vector<std::string_view> from_states, to_states;
    std::vector<Bytes> clocks;
  } moved_;
};

void record(OrderAnswer& answer, const std::string& host, Ask ask, const OrderCall& order,
            const Known& known, const Decision& decision) {
  const std::string method(name_of(ask));
  causality::Recorder recorder(host, known.clock);
  recorder.receive("recv " + method, order.clock);
  if (decision.next != known.state) recorder.local(name_of(decision.next));
  answer.clock = recorder.send("send " + method + " reply");
  answer.events = recorder.events();
}

void add_stock_moves(postgres::Batch& batch, const Stock& stock) {
  std::vector<std::string> book_ids;
  std::vector<int64_t> held;
  std::vector<int64_t> sold;
  for (const auto& [book_id, delta] : stock.deltas()) {
    book_ids.push_back(book_id);
    held.push_back(delta.held);
    sold.push_back(delta.sold);
  }
  batch.add(kMoveStock, {book_ids, held, sold});
}

constexpr base::DurableWrite write_of(Ask ask) {
  using base::DurableWrite;
  if (ask == Ask::kPrepare) return DurableWrite::kHold;
  return ask == Ask::kCommit ? DurableWrite::kConsume : DurableWrite::kRelease;
}

absl::Status OrderWrites::run(Transaction& transaction, int64_t fence, const Stock& stock) const {
  auto batch = transaction.batch();
  std::vector<size_t> expected;
  if (const size_t rows = made_.order_ids.size(); rows > 0) {
    batch.add(kInsertOrders, {fence, made_.order_ids, made_.states, made_.reasons, made_.book_ids,
                              made_.quantities, made_.clocks});
    expected.push_back(rows);
  }
  if (const size_t rows = moved_.order_ids.size(); rows > 0) {
    batch.add(kMoveOrders,
              {fence, moved_.order_ids, moved_.from_states, moved_.to_states, moved_.clocks});
    expected.push_back(rows);
  }
  const size_t books = stock.deltas().size();
  if (books > 0) add_stock_moves(batch, stock);
  if (batch.empty()) return absl::OkStatus();
  BOOKSTORE_ASSIGN_OR_RETURN(const auto results, batch.run(transaction.deadline()));
  for (size_t i = 0; i < expected.size(); ++i) {
    if (results[i].affected() != static_cast<int64_t>(expected[i])) {
      return absl::AbortedError("an order's row was made meanwhile");
    }
  }
  BOOKSTORE_CHECK(books == 0 || results.back().affected() == static_cast<int64_t>(books),
                  "a locked stock row is gone");
  return absl::OkStatus();
}

// Decides every order over the locked rows, in the order of the call.
std::vector<OrderAnswer> decide_all(Locked& locked, const std::string& host, Ask ask,
                                    const std::vector<OrderCall>& orders, OrderWrites& writes) {
  std::vector<OrderAnswer> answers;
  for (const OrderCall& order : orders) {
    OrderAnswer& answer = answers.emplace_back();
    answer.order_id = order.order_id;
    if (locked.stale) {
      answer.answer = Answer::kStaleFence;
      continue;
    }
    const Known known = locked.orders[order.order_id];
    const bool is_new = known.state == State::kNone;
    const std::vector<Line> lines =
        is_new && ask == Ask::kPrepare ? merge_lines(order.lines) : known.lines;
    const Decision decision = decide(known.state, ask, is_new ? locked.stock.shortage(lines) : "");
    locked.stock.apply(decision.effect, lines);
    answer.answer = decision.answer;
    answer.reason = decision.reason.empty() ? known.reason : std::string(decision.reason);
    if (decision.next == State::kNone) continue;
    record(answer, host, ask, order, known, decision);
    if (is_new) writes.make(order, decision, lines, answer.clock);
    if (!is_new) writes.move(order, known.state, decision.next, answer.clock);
  }
  return answers;
}

}  // namespace

Store::Store(postgres::Pool& pool, std::string host) : pool_(pool), host_(std::move(host)) {
  BOOKSTORE_CHECK(causality::valid_host(host_), host_);
}

absl::StatusOr<std::vector<OrderAnswer>> Store::call(Ask ask, uint64_t fence,
                                                     const std::vector<OrderCall>& orders,
                                                     base::Deadline deadline) {
  BOOKSTORE_RETURN_IF_ERROR(check_shape(ask, fence, orders));
  const auto term = static_cast<int64_t>(fence);
  std::vector<OrderAnswer> answers;
  if (orders.empty()) return answers;
  BOOKSTORE_CRASH_BEFORE_ONE(write_of(ask));
  const absl::Status done =
      postgres::in_transaction(pool_, deadline, [&](Transaction& transaction) -> absl::Status {
        BOOKSTORE_ASSIGN_OR_RETURN(Locked locked, lock_rows(transaction, ask, term, orders));
        OrderWrites writes;
        answers = decide_all(locked, host_, ask, orders, writes);
        return writes.run(transaction, term, locked.stock);
      });
  if (!done.ok()) return done;
  BOOKSTORE_CRASH_AFTER_ONE(write_of(ask));
  return answers;
}

}  // namespace bookstore::inventory
