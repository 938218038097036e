// The executor with the real inventory and payment on a real PostgreSQL: what the rows and the
// provider's ledger say when all is at rest.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <future>
#include <set>

#include "inventory/service.h"
#include "order_executor/posix_disk.h"
#include "order_executor/projector.h"
#include "order_executor/rpc_participants.h"
#include "order_executor/service.h"
#include "payment/service.h"
#include "payment/test_fixture.h"

namespace bookstore::order_executor {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);

// One life of the executor's process.
class Life {
 public:
  Life(const std::string& folder, const RpcParticipants::Config& peers, orders::Store& store,
       base::Clock& clock, base::Random& random)
      : projector_(
            {},
            [&store](const auto& batch, auto deadline) { return store.project(batch, deadline); },
            clock),
        participants_(peers, clock, random),
        node_(config(), *PosixDisk::open_directory(folder), participants_, clock) {
    std::vector<std::string> notes;
    const auto started = node_.start([this](const auto& moved) { projector_.add(moved); },
                                     [](const auto& reason) { ADD_FAILURE() << reason; }, notes);
    EXPECT_TRUE(started.ok()) << started;
    projector_.start([this](auto ids) {
      node_.projected(ids);
      const std::lock_guard lock(mutex_);
      for (const auto& order : ids) durable_.insert(order.id.value);
      changed_.notify_all();
    });
  }
  ~Life() {
    node_.stop();
    projector_.stop();
  }

  Node::Submitted submit(const Submit& submit) {
    std::promise<absl::StatusOr<Node::Submitted>> answer;
    node_.submit(submit, [&](auto result) { answer.set_value(std::move(result)); });
    return answer.get_future().get().value();
  }
  // Until their terminal rows are durable.
  bool finishes(const std::set<std::string>& ids) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] {
      return std::includes(durable_.begin(), durable_.end(), ids.begin(), ids.end());
    });
  }
  Node& node() { return node_; }

 private:
  // Snapshots are taken, and the log is truncated, in the middle of it all.
  static Node::Config config() {
    Node::Config config;
    config.replica.snapshot_every = 15;
    config.replica.wal.segment_size = 4'096;
    config.on_snapshot = [](const auto& report) { EXPECT_TRUE(report.status.ok()); };
    return config;
  }

  std::mutex mutex_;  // guards durable_
  std::condition_variable changed_;
  std::set<std::string> durable_;
  Projector projector_;
  RpcParticipants participants_;
  Node node_;
};

class ExecutionTest : public payment::PaymentFixture {
 protected:
  void SetUp() override {
    PaymentFixture::SetUp();
    if (IsSkipped()) return;
    sql({"TRUNCATE inventory.stock, inventory.participant"});
    sql({"UPDATE inventory.fence SET highest = 0"});
    sql({"TRUNCATE orders.orders CASCADE"});
    sql({"SELECT inventory.import_stock($1, $2) AS n"},
        {std::vector<std::string>{"plenty", "rare"}, std::vector<int64_t>{1'000, 3}});
    std::string pattern = (std::filesystem::temp_directory_path() / "execution_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    stock_ = std::make_unique<inventory::Store>(*pool_, "inventory");
    payments_ = std::make_unique<payment::Payments>(*pool_, *sandbox_, payment::Payments::Config{});
    vault_ = std::make_unique<payment::Vault>(*pool_, *sandbox_, random_,
                                              crypto::Secret(std::string(32, 'p')), "payment");
    rows_ = std::make_unique<orders::Store>(*pool_);
    peers_.payment = {serve_payment("127.0.0.1:0")};
    peers_.inventory = {serve_inventory("127.0.0.1:0")};
  }
  void TearDown() override {
    life_.reset();
    stop(payment_server_);
    stop(inventory_server_);
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string serve_inventory(const std::string& listen) {
    inventory_server_ =
        std::make_unique<rpc::Server>(rpc::Server::Config{.listen = listen}, clock_);
    inventory::add_service(*inventory_server_, *stock_, metrics_);
    return "127.0.0.1:" + std::to_string(inventory_server_->start().value());
  }
  std::string serve_payment(const std::string& listen) {
    payment_server_ = std::make_unique<rpc::Server>(rpc::Server::Config{.listen = listen}, clock_);
    payment::add_service(*payment_server_, *vault_, *payments_, metrics_);
    return "127.0.0.1:" + std::to_string(payment_server_->start().value());
  }
  void stop(std::unique_ptr<rpc::Server>& server) {
    if (server) server->shutdown(base::Deadline::after(clock_, 5'000));
    server.reset();
  }
  void restart() {
    life_.reset();
    life_ = std::make_unique<Life>(folder_ + "/log", peers_, *rows_, clock_, random_);
  }

  // A priced order whose row is `submitting`, with its card in the vault.
  Submit order(const std::string& book, uint32_t quantity,
               const std::string& card = "4242424242424242") {
    orders::Claim claim;
    claim.order_id = base::make_order_id(clock_, random_);
    claim.key = {std::string(32, 's'), absl::StrCat(claim.order_id.value, "..")};
    claim.fingerprint = claim.customer_key = std::string(32, 'f');
    claim.customer = {"Ada Lovelace", "ada@example.org"};
    claim.billing_address = {"12 St James's Square", "", "London", "", "SW1Y 4JH", "GB"};
    claim.lines = {{book, book, quantity, 1'000}};
    claim.total = {"EUR", 1'000 * static_cast<int64_t>(quantity)};
    claim.lease_ms = 5'000;
    const auto held = rows_->claim(claim, deadline());
    EXPECT_TRUE(held.ok()) << held.status();
    orders::Outcome outcome;
    outcome.order_id = claim.order_id;
    outcome.attempt = 1;
    outcome.to = State::kSubmitting;
    outcome.answer = {202, "{}"};
    outcome.submit_bytes = "bytes";
    outcome.accept_before_ms = clock_.wall_ms() + 120'000;
    EXPECT_TRUE(rows_->write_outcome(outcome, deadline()).value_or(false));
    return {claim.order_id,
            {{book, quantity}},
            claim.total,
            vault_card(claim.order_id.value, card),
            ShippingClass::kStandard,
            causality::VectorClock().encode(),
            outcome.accept_before_ms};
  }
  orders::Order row(const Submit& submit) { return rows_->read(submit.id, deadline()).value(); }
  int64_t segments() {
    int64_t count = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder_ + "/log")) {
      count += segment_number(file.path().filename().string()).has_value() ? 1 : 0;
    }
    return count;
  }
  int64_t count(std::string_view query) { return sql({query})[0].int64("n"); }

  telemetry::Registry metrics_;
  std::string folder_;
  std::unique_ptr<inventory::Store> stock_;
  std::unique_ptr<payment::Payments> payments_;
  std::unique_ptr<payment::Vault> vault_;
  std::unique_ptr<orders::Store> rows_;
  std::unique_ptr<rpc::Server> inventory_server_;
  std::unique_ptr<rpc::Server> payment_server_;
  RpcParticipants::Config peers_;
  std::unique_ptr<Life> life_;
};

constexpr std::string_view kCaptures =
    "SELECT count(*) AS n FROM sandbox.operation WHERE kind = 'capture' AND outcome = 'approved'";
constexpr std::string_view kCompleted =
    "SELECT count(*) AS n FROM orders.orders WHERE state = 'completed'";
constexpr std::string_view kSold = "SELECT sum(sold)::bigint AS n FROM inventory.stock";
constexpr std::string_view kHeld = "SELECT sum(held)::bigint AS n FROM inventory.stock";

TEST_F(ExecutionTest, GoodDeclinedAndSoldOutOrdersEndAsTheirRowsAndLedgersSay) {
  restart();
  const Submit good = order("plenty", 2);
  const Submit declined = order("plenty", 1, "4000000000000002");
  const Submit too_many = order("rare", 4);
  for (const Submit& submit : {good, declined, too_many}) {
    EXPECT_EQ(life_->submit(submit).outcome, Node::Outcome::kAccepted);
  }
  ASSERT_TRUE(life_->finishes({good.id.value, declined.id.value, too_many.id.value}));
  EXPECT_EQ(row(good).state, State::kCompleted);
  const auto clock = causality::VectorClock::decode(row(good).clock);
  ASSERT_TRUE(clock.has_value());
  EXPECT_GT(clock->at("executor-1.1"), 3u);
  EXPECT_GT(clock->at("inventory"), 2u);
  EXPECT_GT(clock->at("payment"), 2u);
  EXPECT_EQ(row(declined).state, State::kFailed);
  EXPECT_EQ(row(declined).reason, "card_declined");
  EXPECT_EQ(row(too_many).state, State::kFailed);
  EXPECT_EQ(row(too_many).reason, "out_of_stock");
  EXPECT_EQ(count(kCaptures), 1);
  EXPECT_EQ(count(kSold), 2);
  EXPECT_EQ(count(kHeld), 0);
  EXPECT_EQ(count("SELECT count(*) AS n FROM payment.participant"), 2)
      << "a stock refusal must not touch the card";
}

TEST_F(ExecutionTest, OrdersWaitForInventoryAndAreNeverParked) {
  const std::string address = peers_.inventory[0];
  stop(inventory_server_);
  restart();
  const Submit waiting = order("plenty", 1);
  EXPECT_EQ(life_->submit(waiting).outcome, Node::Outcome::kAccepted);
  serve_inventory(address);
  ASSERT_TRUE(life_->finishes({waiting.id.value}));
  EXPECT_EQ(row(waiting).state, State::kCompleted);
}

TEST_F(ExecutionTest, OverManyRestartsEveryOrderIsDoneOnce) {
  std::set<std::string> ids;
  for (int life = 0; life < 6; ++life) {
    restart();
    for (int i = 0; i < 5; ++i) {
      const Submit submit = order("plenty", 1, i == 0 ? "4000000000000002" : "4242424242424242");
      EXPECT_EQ(life_->submit(submit).outcome, Node::Outcome::kAccepted);
      ids.insert(submit.id.value);
    }
    // No waiting: the restart comes in the middle of whatever is under way.
  }
  restart();
  std::set<std::string> open;
  for (const std::string& id : ids) {
    if (!orders::terminal(rows_->read({id}, deadline()).value().state)) open.insert(id);
  }
  ASSERT_TRUE(life_->finishes(open));
  EXPECT_EQ(count(kCompleted), 24);
  EXPECT_EQ(count(kCaptures), 24);
  EXPECT_EQ(count(kSold), 24);
  EXPECT_EQ(count(kHeld), 0);
  EXPECT_EQ(life_->node().snapshot().term, 7u);
  EXPECT_GT(life_->node().snapshot().snapshot_index, 0u);
  EXPECT_LT(segments(), 8) << "the log is truncated";
  EXPECT_EQ(life_->node().snapshot().illegal, 0u);
}

}  // namespace
}  // namespace bookstore::order_executor
