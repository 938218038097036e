#include "tests/models/replicated_log.h"

#include "base/bytes.h"
#include "base/check.h"
#include "tests/models/words.h"

namespace bookstore::models {
namespace {

using order_executor::Command;
using order_executor::Entry;
using order_executor::OrderMachine;

bool decides(const Entry& entry, const base::OrderId& id) {
  const auto* decide = std::get_if<order_executor::Decide>(&entry.command);
  return decide != nullptr && decide->id == id;
}

bool begins(const Entry& entry, const base::OrderId& id) {
  const auto* begin = std::get_if<order_executor::Begin>(&entry.command);
  return begin != nullptr &&
         std::find(begin->ids.begin(), begin->ids.end(), id) != begin->ids.end();
}

}  // namespace

ReplicatedLog::ReplicatedLog(const order_executor::Configure& configure, Mutant mutant)
    : mutant_(mutant) {
  auto root = std::make_unique<Node>();
  root->applied = root->machine.apply(1, {0, configure});
  root->index = 1;
  root->command = number(configure);
  describe(*root);
  nodes_.push_back(std::move(root));
}

uint16_t ReplicatedLog::number(const Command& command) {
  return static_cast<uint16_t>(
      commands_.intern(order_executor::encode_entry({0, command}), [&] { return command; }));
}

uint32_t ReplicatedLog::append(uint32_t log, uint16_t command, int16_t time) {
  const auto [child, fresh] =
      children_.try_emplace({log, command, time}, static_cast<uint32_t>(nodes_.size()));
  if (fresh) nodes_.push_back(std::make_unique<Node>(grow(log, command, time)));
  return child->second;
}

ReplicatedLog::Node ReplicatedLog::grow(uint32_t log, uint16_t command, int16_t time) {
  const Node& before = *nodes_[log];
  Node node{before.machine, {}, log, command, time};
  node.index = static_cast<uint16_t>(before.index + 1);
  auto entry =
      order_executor::decode_entry(order_executor::encode_entry({time, commands_[command]}));
  BOOKSTORE_CHECK(entry.has_value(), "an entry that its own codec cannot read");
  mutate(log, node, *entry);
  node.applied = node.machine.apply(node.index, *entry);
  describe(node);
  return node;
}

void ReplicatedLog::describe(Node& node) {
  base::ByteWriter shape;
  const OrderMachine& machine = node.machine;
  shape.varint(machine.dispatched());
  node.times.push_back(static_cast<int16_t>(machine.time_ms()));
  for (int number = 0; number < kOrdersMax; ++number) {
    const base::OrderId& id = order_id(number);
    const auto known = machine.find(id);
    shape.u8(known.has_value());
    if (!known) continue;
    shape.u8(static_cast<uint8_t>(known->state));
    shape.string(known->reason);
    node.indexes.push_back(static_cast<uint16_t>(known->index));
    const order_executor::Order* order = machine.order(id);
    shape.u8(order != nullptr);
    node.times.push_back(static_cast<int16_t>(machine.accept_before_ms(id)));
    if (order == nullptr) continue;
    shape.u8(static_cast<uint8_t>(order->decision));
    shape.u8(static_cast<uint8_t>(order->abort_scope));
    shape.u8(static_cast<uint8_t>(order->park_kind));
    node.indexes.push_back(static_cast<uint16_t>(order->accepted_index));
  }
  node.shape = shapes_.intern(shape.bytes(), [] { return char{}; });
}

OrderMachine ReplicatedLog::rewritten(uint32_t log, const base::OrderId& id,
                                      const Command* replacement) {
  std::vector<const Node*> history;
  for (uint32_t at = log;; at = nodes_[at]->parent) {
    history.push_back(nodes_[at].get());
    if (at == root_) break;
  }
  OrderMachine machine;
  for (auto node = history.rbegin(); node != history.rend(); ++node) {
    Entry entry{(*node)->time, commands_[(*node)->command]};
    if (replacement != nullptr && decides(entry, id)) entry.command = *replacement;
    if (replacement == nullptr && begins(entry, id)) entry.command = order_executor::Time{};
    machine.apply((*node)->index, entry);
  }
  return machine;
}

void ReplicatedLog::mutate(uint32_t log, Node& node, Entry& entry) {
  if (auto* submit = std::get_if<order_executor::Submit>(&entry.command)) {
    if (mutant_ == Mutant::kExpiredAccepted) {
      submit->accept_before_ms = std::max(submit->accept_before_ms, node.machine.time_ms());
      submit->accept_before_ms = std::max<base::WallMs>(submit->accept_before_ms, entry.time_ms);
    }
  }
  if (auto* decide = std::get_if<order_executor::Decide>(&entry.command)) {
    const order_executor::Order* order = node.machine.order(decide->id);
    if (mutant_ == Mutant::kSecondDecideWins && order != nullptr &&
        order->state == orders::State::kExecuting &&
        order->decision != order_executor::Decision::kNone) {
      node.machine = rewritten(log, decide->id, &entry.command);
    }
  }
  if (auto* cancel = std::get_if<order_executor::Cancel>(&entry.command)) {
    const order_executor::Order* order = node.machine.order(cancel->id);
    if (mutant_ == Mutant::kCancelAfterBegin && order != nullptr &&
        order->state == orders::State::kExecuting &&
        order->decision == order_executor::Decision::kNone) {
      node.machine = rewritten(log, cancel->id, nullptr);
    }
  }
}

}  // namespace bookstore::models
