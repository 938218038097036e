// Random call sequences: the SQL must answer and leave rows as the pure table says. Each order
// lives through a sequence of its own: Prepare, Commit and Abort in any order and batch, repeated,
// under fences that rise and fall. BOOKSTORE_SEQUENCES sets how many, BOOKSTORE_SEED replays one
// run.
#include <cstdlib>
#include <map>
#include <set>

#include "inventory/test_fixture.h"

namespace bookstore::inventory {
namespace {

uint64_t number_of(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct ModelRow {
  State state = State::kNone;
  std::string reason;
  uint64_t fence = 0;
  std::vector<Line> lines;  // merged
  causality::VectorClock clock;
};

// The pure table and a naive stock, one order at a time.
class Model {
 public:
  explicit Model(std::map<std::string, int64_t> free) : free_(std::move(free)) {}

  OrderAnswer ask(Ask what, uint64_t fence, const OrderCall& call) {
    OrderAnswer answer{.order_id = call.order_id};
    highest_ = std::max(highest_, fence);
    if (fence < highest_) {
      answer.answer = Answer::kStaleFence;
      return answer;
    }
    const auto found = rows.find(call.order_id);
    ModelRow row = found == rows.end() ? ModelRow{} : found->second;
    if (row.state == State::kNone && what == Ask::kPrepare) row.lines = merge_lines(call.lines);
    const Decision decision = decide(row.state, what, shortage(row.lines));
    answer.answer = decision.answer;
    if (decision.next == State::kRefused && row.state == State::kNone) row.reason = decision.reason;
    answer.reason = decision.reason.empty() ? row.reason : std::string(decision.reason);
    if (decision.next == State::kNone) return answer;
    move_stock(decision.effect, row.lines);
    causality::Recorder recorder("inventory", row.clock);
    recorder.receive("recv", call.clock);
    if (decision.next != row.state) recorder.local("moved");
    answer.clock = row.clock = recorder.send("reply");
    row.state = decision.next;
    row.fence = fence;
    rows[call.order_id] = row;
    return answer;
  }
  std::map<std::string, ModelRow> rows;
  int64_t free(const std::string& book) { return free_[book]; }
  int64_t held(const std::string& book) { return held_[book]; }
  int64_t sold(const std::string& book) { return sold_[book]; }

 private:
  std::string_view shortage(const std::vector<Line>& lines) {
    for (const Line& line : lines) {
      if (!free_.contains(line.book_id)) return "unknown_book";
    }
    for (const Line& line : lines) {
      if (free_[line.book_id] < line.quantity) return "out_of_stock";
    }
    return "";
  }
  void move_stock(Effect effect, const std::vector<Line>& lines) {
    for (const auto& [book, quantity] : lines) {
      if (effect == Effect::kHold) free_[book] -= quantity, held_[book] += quantity;
      if (effect == Effect::kRelease) free_[book] += quantity, held_[book] -= quantity;
      if (effect == Effect::kConsume) held_[book] -= quantity, sold_[book] += quantity;
    }
  }

  uint64_t highest_ = 0;
  std::map<std::string, int64_t> free_, held_, sold_;
};

class InventorySequences : public InventoryFixture {
 protected:
  // What the database has of these orders, in the model's form.
  std::map<std::string, ModelRow> rows_of(const std::vector<OrderCall>& batch) {
    std::vector<std::string> ids;
    for (const OrderCall& call : batch) ids.push_back(call.order_id);
    std::map<std::string, ModelRow> rows;
    const auto found = sql({"SELECT order_id, state, reason, fence, book_ids, quantities, clock "
                            "FROM inventory.participant WHERE order_id = ANY ($1::text[])"},
                           {ids});
    for (const auto row : found) {
      ModelRow& out = rows[row.text("order_id")];
      out.state = state_named(row.raw("state")).value_or(State::kNone);
      out.reason = row.text("reason");
      out.fence = static_cast<uint64_t>(row.int64("fence"));
      const auto books = row.texts("book_ids");
      const auto quantities = row.int64s("quantities");
      for (size_t i = 0; i < books.size(); ++i) out.lines.push_back({books[i], quantities[i]});
      out.clock =
          causality::VectorClock::decode(row.bytes("clock")).value_or(causality::VectorClock());
    }
    return rows;
  }
  void expect_same_rows(Model& model, const std::vector<OrderCall>& batch) {
    const auto rows = rows_of(batch);
    for (const OrderCall& call : batch) {
      const auto expected = model.rows.find(call.order_id);
      ASSERT_EQ(rows.contains(call.order_id), expected != model.rows.end()) << call.order_id;
      if (expected == model.rows.end()) continue;
      const ModelRow& row = rows.at(call.order_id);
      ASSERT_EQ(name_of(row.state), name_of(expected->second.state)) << call.order_id;
      ASSERT_EQ(row.reason, expected->second.reason);
      ASSERT_EQ(row.fence, expected->second.fence);
      ASSERT_EQ(row.lines, expected->second.lines);
      ASSERT_EQ(row.clock.to_json(), expected->second.clock.to_json());
    }
  }
};

TEST_F(InventorySequences, SqlAndThePureTableAgree) {
  const uint64_t seed = number_of("BOOKSTORE_SEED", 20261122);
  const uint64_t sequences = number_of("BOOKSTORE_SEQUENCES", 1'000);
  SCOPED_TRACE(absl::StrCat("BOOKSTORE_SEED=", seed, " BOOKSTORE_SEQUENCES=", sequences));
  base::SeededRandom random(seed);
  constexpr size_t kAtOnce = 24;  // orders that are alive together
  const std::map<std::string, int64_t> stock_of = {{"emma", static_cast<int64_t>(sequences / 2)},
                                                   {"ulysses", 300},
                                                   {"walden", 60},
                                                   {"beloved", 0}};
  std::vector<std::string> books;
  for (const auto& [book, quantity] : stock_of) {
    books.push_back(book);
    import({book}, {quantity});
  }
  Model model(stock_of);
  causality::Recorder leader("executor-1.1");

  std::vector<OrderCall> alive, last_batch;
  Ask last_ask = Ask::kPrepare;
  uint64_t made = 0;
  uint64_t term = 1;
  std::map<State, int> ends;
  std::map<Answer, int> given;
  while (made < sequences || !alive.empty()) {
    while (made < sequences && alive.size() < kAtOnce) {
      OrderCall order{base::make_order_id(clock_, random).value, {}, {}};
      for (uint64_t i = 0; i <= random.below(3); ++i) {
        const uint64_t pick = random.below(60);
        order.lines.push_back({pick == 0 ? "nobody-wrote-this" : books[pick % books.size()],
                               static_cast<int64_t>(1 + random.below(4))});
      }
      alive.push_back(order);
      ++made;
    }
    if (random.below(40) == 0) ++term;
    const uint64_t fence = random.below(12) == 0 && term > 1 ? term - 1 : term;
    const bool retry = !last_batch.empty() && random.below(6) == 0;
    std::vector<OrderCall> batch = last_batch;
    if (!retry) {
      batch.clear();
      for (const OrderCall& order : alive) {
        if (random.below(3) == 0 && batch.size() < kBatchOrdersMax) batch.push_back(order);
      }
      for (OrderCall& call : batch) call.clock = leader.send("send");
      last_ask = static_cast<Ask>(random.below(3));
    }
    last_batch = batch;
    if (random.below(20) == 0) continue;  // the request was lost
    const auto answers = ask(last_ask, fence, batch);
    const bool reply_lost = random.below(20) == 0;
    for (size_t i = 0; i < batch.size(); ++i) {
      const OrderAnswer expected = model.ask(last_ask, fence, batch[i]);
      ++given[expected.answer];
      if (reply_lost) continue;
      ASSERT_EQ(name_of(answers[i].answer), name_of(expected.answer))
          << name_of(last_ask) << " of " << batch[i].order_id;
      ASSERT_EQ(answers[i].reason, expected.reason);
      ASSERT_EQ(answers[i].clock.to_json(), expected.clock.to_json());
    }
    ASSERT_NO_FATAL_FAILURE(expect_same_rows(model, batch));
    // Sequences end at random, in any state.
    std::erase_if(alive, [&](const OrderCall& order) {
      if (random.below(8) != 0) return false;
      const auto row = model.rows.find(order.order_id);
      ++ends[row == model.rows.end() ? State::kNone : row->second.state];
      return true;
    });
  }
  for (const std::string& book : books) {
    EXPECT_EQ(stock(book).free, model.free(book)) << book;
    EXPECT_EQ(stock(book).held, model.held(book)) << book;
    EXPECT_EQ(stock(book).sold, model.sold(book)) << book;
  }
  // Every state is an end, and every answer was given.
  EXPECT_EQ(ends.size(), 5u);
  EXPECT_EQ(given.size(), kAnswers.size());
}

}  // namespace
}  // namespace bookstore::inventory
