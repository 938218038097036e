#include "tests/models/canonical.h"

#include <algorithm>

#include "tests/models/participants.h"
#include "tests/models/words.h"

namespace bookstore::models {
namespace {

using order_executor::Command;

template <class Few, class Number>
int rank(const Few& sorted, Number number) {
  return static_cast<int>(std::lower_bound(sorted.begin(), sorted.end(), number) - sorted.begin());
}

bool alive(const Leader& leader) {
  return leader.status == LeaderStatus::kLeads || leader.status == LeaderStatus::kDeposed;
}

bool submits(const Worker& worker) {
  return worker.pc == Pc::kStart || worker.pc == Pc::kProbe || worker.pc == Pc::kSubmit;
}

bool knows(const Worker& worker) {
  return worker.pc == Pc::kRecord;
}

}  // namespace

// A row whose accept_before somebody may still read.
bool Canonical::time_matters(const Row& row) const {
  return row.exists && row.state != orders::State::kReceived &&
         row.state != orders::State::kInReview && row.state != orders::State::kRejected;
}

bool Canonical::submit_matters(const LateSubmit& late) const {
  return late.order >= 0 && log_.machine(state_.log).time_ms() <= late.accept_before;
}

void Canonical::gather_log(uint32_t log) {
  const ReplicatedLog::Node& node = log_[log];
  for (const int16_t time : node.times) past_.push_back(time);
  for (const uint16_t index : node.indexes) indexes_.push_back(index);
}

void Canonical::gather() {
  gather_log(state_.log);
  for (const Row& row : state_.rows) {
    if (time_matters(row)) past_.push_back(row.accept_before);
    indexes_.push_back(row.index);
  }
  for (const Worker& worker : state_.workers) {
    if (submits(worker)) past_.push_back(worker.accept_before);
    if (knows(worker)) indexes_.push_back(worker.known_index);
  }
  for (const LateSubmit& late : state_.late_submits) {
    if (submit_matters(late)) past_.push_back(late.accept_before);
  }
  for (const Leader& leader : state_.leaders) {
    if (!alive(leader)) continue;
    if (leader.log != state_.log) gather_log(leader.log);
    for (int i = 0; i < leader.pending_count; ++i) {
      const Command& command = log_.command(leader.pending[static_cast<size_t>(i)]);
      if (const auto* retire = std::get_if<order_executor::Retire>(&command)) {
        for (const auto& retired : retire->orders) {
          past_.push_back(static_cast<int16_t>(retired.accept_before_ms));
        }
      }
    }
    for (const Waiting& waiting : leader.waiting) {
      if (waiting.present) indexes_.push_back(waiting.index);
    }
  }
  past_.erase_if([&](int16_t time) { return time >= state_.now; });
  past_.sort_unique();
  indexes_.sort_unique();
}

void Canonical::put_number(uint32_t value) {
  for (int shift = 0; shift < 24; shift += 8) put(static_cast<int>(value >> shift));
}

void Canonical::put_time(int16_t time) {
  put(time >= state_.now ? 64 + (time - state_.now) : rank(past_, time));
}

void Canonical::put_index(uint16_t index) {
  put(rank(indexes_, index));
}

void Canonical::put_log(uint32_t log) {
  const ReplicatedLog::Node& node = log_[log];
  put_number(node.shape);
  for (const int16_t time : node.times) put_time(time);
  for (const uint16_t index : node.indexes) put_index(index);
}

void Canonical::put_row(int order) {
  const Row& row = state_.rows[static_cast<size_t>(order)];
  put(row.exists);
  if (!row.exists) return;
  put(static_cast<int>(row.state));
  put(static_cast<int>(row.reason));
  const bool leased =
      row.state == orders::State::kReceived || row.state == orders::State::kSubmitting;
  put(leased && row.lease_until > state_.now ? 1 : 0);
  if (time_matters(row)) put_time(row.accept_before);
  put_index(row.index);
  put(row.was_in_review);
  put(static_cast<int>(row.answer));
  put(row.key);
}

// What there is of it, in an order that does not depend on where each is stored.
template <class Has, class Put>
void Canonical::put_sorted(size_t count, Has has, Put put_one) {
  std::array<std::string, 4> all;  // short: no allocation
  size_t present = 0;
  const size_t start = bytes_.size();
  for (size_t i = 0; i < count; ++i) {
    if (!has(i)) continue;
    put_one(i);
    all[present++].assign(bytes_, start);
    bytes_.resize(start);
  }
  std::sort(all.begin(), all.begin() + static_cast<ptrdiff_t>(present));
  put(static_cast<int>(present));
  for (size_t i = 0; i < present; ++i) {
    put(static_cast<int>(all[i].size()));
    bytes_ += all[i];
  }
}

void Canonical::put_worker(const Worker& worker) {
  put(static_cast<int>(worker.pc));
  put(worker.key);
  put(worker.order);
  if (worker.order >= 0) {
    put(worker.attempt == state_.rows[static_cast<size_t>(worker.order)].attempt);
  }
  put(worker.lease_running);
  put(worker.first);
  if (submits(worker)) put_time(worker.accept_before);
  put(worker.submission.count);
  for (int i = 0; i < worker.submission.count; ++i) {
    put(worker.submission.events[static_cast<size_t>(i)]);
  }
  put(worker.member);
  if (knows(worker)) {
    put(static_cast<int>(worker.known));
    put_index(worker.known_index);
  }
  put(static_cast<int>(worker.refusal));
}

void Canonical::put_slot(const CallSlot& slot) {
  put(static_cast<int>(slot.status));
  put(slot.participant);
  put(slot.call);
  put(slot.orders);
  for (const uint8_t answer : slot.answers) put(answer);
  for (const uint8_t reason : slot.reasons) put(reason);
}

void Canonical::put_leader(const Leader& leader) {
  put(static_cast<int>(leader.status));
  if (!alive(leader)) return;
  put_number(leader.coordinator);
  if (leader.log == state_.log) {
    put(0);
  } else {
    put(1);
    put_log(leader.log);
  }
  put_sorted(
      kSlots, [&](size_t at) { return leader.slots[at].status != SlotStatus::kFree; },
      [&](size_t at) { put_slot(leader.slots[at]); });
  put(leader.pending_count);
  for (int i = 0; i < leader.pending_count; ++i) {
    put_command(leader.pending[static_cast<size_t>(i)]);
  }
  for (const Waiting& waiting : leader.waiting) {
    put(waiting.present);
    if (!waiting.present) continue;
    put(static_cast<int>(waiting.state));
    put_index(waiting.index);
  }
}

// A Retire names times; what else is proposed does not.
void Canonical::put_command(uint16_t number) {
  const auto* retire = std::get_if<order_executor::Retire>(&log_.command(number));
  put(retire != nullptr);
  if (retire == nullptr) return put_number(number);
  put(static_cast<int>(retire->orders.size()));
  for (const auto& [id, newest_ms] : retire->orders) {
    put(order_number(id));
    put_time(static_cast<int16_t>(newest_ms));
  }
}

void Canonical::put_late() {
  put_sorted(
      kLateMax, [&](size_t at) { return state_.late_calls[at].orders != 0; },
      [&](size_t at) {
        const LateCall& late = state_.late_calls[at];
        put(late.orders);
        put(late.leader);
        put(late.participant);
        put(late.call);
      });
  put_sorted(
      kLateMax, [&](size_t at) { return submit_matters(state_.late_submits[at]); },
      [&](size_t at) {
        put(state_.late_submits[at].order);
        put_time(state_.late_submits[at].accept_before);
      });
}

void Canonical::put_participants() {
  const Inventory& stock = state_.inventory;
  put(stock.fence);
  put(stock.held);
  put(stock.sold);
  put(stock.newest_leader);
  put(state_.payment.fence);
  put(state_.payment.newest_leader);
  for (size_t order = 0; order < static_cast<size_t>(scope_.orders); ++order) {
    put(static_cast<int>(stock.rows[order]));
    put(stock.reasons[order]);
    put(stock.fences[order]);
    const PaymentRow& row = state_.payment.rows[order];
    put(static_cast<int>(row.state));
    put(row.reason);
    put(row.fence);
    put(row.intents);
    for (const uint8_t fact : row.facts) put(fact);
    for (const Job& job : row.jobs) {
      put(job.active);
      if (!job.active) continue;
      put(job.asked_before);
      put(job.count);
      for (int i = 0; i < job.count; ++i) put(job.answers[static_cast<size_t>(i)]);
    }
    const ProviderOrder& ledger = state_.provider[order];
    for (const Effect effect : ledger.authorised) put(static_cast<int>(effect));
    put(ledger.closed[0]);
    put(static_cast<int>(ledger.captured));
    put(static_cast<int>(ledger.voided));
    put(Participants::late_effects(ledger));
  }
}

void Canonical::put_faults() {
  const std::array limits = {scope_.orchestrator_crashes, scope_.payment_crashes,
                             scope_.lost_submits, scope_.lost_calls, scope_.silent_calls};
  for (size_t fault = 0; fault < limits.size(); ++fault) {
    if (limits[fault] != 255) put(state_.faults[fault]);
  }
}

void Canonical::write() {
  gather();
  put_log(state_.log);
  for (int order = 0; order < scope_.orders; ++order) put_row(order);
  for (size_t key = 0; key < static_cast<size_t>(scope_.keys); ++key) {
    put(state_.keys[key]);
    put(static_cast<int>(state_.heard[key]));
    put(state_.heard_order[key]);
  }
  put_sorted(
      kWorkers, [&](size_t at) { return state_.workers[at].pc != Pc::kIdle; },
      [&](size_t at) { put_worker(state_.workers[at]); });
  for (int leader = 0; leader < scope_.terms; ++leader) {
    put_leader(state_.leaders[static_cast<size_t>(leader)]);
  }
  put_late();
  put_participants();
  for (const Observed& observed : state_.observed) {
    put(observed.accepted);
    put(static_cast<int>(observed.ended));
  }
  put_faults();
  put(state_.violated != nullptr);
}

}  // namespace bookstore::models
