#include "order_executor/fake_participants.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace bookstore::order_executor {

std::vector<Answer> FakeParticipants::call(const Send& send, const OrderMachine& machine,
                                           uint64_t fence) {
  std::vector<Answer> answers;
  const bool stale = fence < highest_fence_;
  if (!stale) highest_fence_ = fence;
  const bool payment = send.participant == Participant::kPayment;
  for (const base::OrderId& id : send.ids) {
    const Order* order = machine.order(id);
    BOOKSTORE_CHECK(order != nullptr, "a call for an order that is not there: ", id.value);
    if (stale) {
      answers.push_back({id, ParticipantState::kStaleFence, ""});
    } else if (send.call != Call::kPrepare) {
      answers.push_back(finish(payment, send.call, id, fence));
    } else {
      answers.push_back(payment ? prepare_payment(*order, fence)
                                : prepare_inventory(*order, fence));
    }
  }
  return answers;
}

Answer FakeParticipants::prepare_inventory(const Order& order, uint64_t fence) {
  const auto found = inventory_.find(order.id);
  if (found != inventory_.end()) return {order.id, found->second.state, found->second.reason};
  bool enough = true;
  for (const Line& line : order.lines) enough = enough && free_[line.book_id] >= line.quantity;
  Row row{ParticipantState::kRefused, "out_of_stock", order.lines, 0, fence};
  if (enough) {
    for (const Line& line : order.lines) free_[line.book_id] -= line.quantity;
    row.state = ParticipantState::kPrepared;
    row.reason = "";
    ++effects_[absl::StrCat("hold ", order.id.value)];
  }
  inventory_[order.id] = row;
  return {order.id, row.state, row.reason};
}

Answer FakeParticipants::prepare_payment(const Order& order, uint64_t fence) {
  const auto found = payment_.find(order.id);
  if (found != payment_.end()) return {order.id, found->second.state, found->second.reason};
  if (order.card_token == "pending" && !settled_) {
    return {order.id, ParticipantState::kPending, ""};
  }
  Row row{ParticipantState::kPrepared, "", {}, order.amount.minor, fence};
  if (order.card_token == "declined")
    row = {ParticipantState::kRefused, "card_declined", {}, 0, fence};
  if (order.card_token == "no_capture") row.reason = "no_capture";
  if (row.state == ParticipantState::kPrepared) {
    ++effects_[absl::StrCat("authorise ", order.id.value)];
  }
  payment_[order.id] = row;
  return {order.id, row.state, row.state == ParticipantState::kRefused ? row.reason : ""};
}

Answer FakeParticipants::finish(bool payment, Call call, const base::OrderId& id, uint64_t fence) {
  auto& rows = payment ? payment_ : inventory_;
  const auto [found, unknown] = rows.try_emplace(id);
  Row& row = found->second;
  if (unknown && call == Call::kCommit) {
    rows.erase(found);
    return {id, ParticipantState::kContradiction, "unknown_order"};
  }
  if (unknown) row.state = ParticipantState::kAborted;
  row.fence = fence;
  if (call == Call::kCommit) {
    if (payment && row.reason == "no_capture" && row.state == ParticipantState::kPrepared) {
      return {id, ParticipantState::kContradiction, "capture_refused"};
    }
    if (row.state == ParticipantState::kPrepared) {
      row.state = ParticipantState::kCommitted;
      for (const Line& line : row.lines) sold_[line.book_id] += line.quantity;
      ++effects_[absl::StrCat(payment ? "capture " : "consume ", id.value)];
    }
    if (row.state != ParticipantState::kCommitted) {
      return {id, ParticipantState::kContradiction, "not_prepared"};
    }
    return {id, row.state, ""};
  }
  if (row.state == ParticipantState::kPrepared) {
    row.state = ParticipantState::kAborted;
    for (const Line& line : row.lines) free_[line.book_id] += line.quantity;
    if (payment) ++effects_[absl::StrCat("void ", id.value)];
  }
  if (row.state == ParticipantState::kCommitted) {
    return {id, ParticipantState::kContradiction, "committed"};
  }
  return {id, row.state, ""};
}

std::string FakeParticipants::audit() const {
  std::map<std::string, int64_t> held;
  for (const auto& [id, row] : inventory_) {
    if (row.state != ParticipantState::kPrepared) continue;
    for (const Line& line : row.lines) held[line.book_id] += line.quantity;
  }
  for (const auto& [book, initial] : initial_) {
    const int64_t free = free_.at(book);
    const auto sold = sold_.find(book);
    const int64_t gone = sold == sold_.end() ? 0 : sold->second;
    if (free < 0) return absl::StrCat(book, " has ", free, " free");
    if (free + held[book] + gone != initial) {
      return absl::StrCat(book, ": free ", free, " held ", held[book], " sold ", gone, " of ",
                          initial);
    }
  }
  for (const auto& [effect, count] : effects_) {
    if (count != 1) return absl::StrCat(effect, " happened ", count, " times");
  }
  return "";
}

}  // namespace bookstore::order_executor
