#pragma once

#include <algorithm>
#include <array>
#include <string>

#include "base/check.h"
#include "tests/models/replicated_log.h"
#include "tests/models/state.h"

namespace bookstore::models {

// A handful of numbers, without allocation.
template <class Number>
class Few {
 public:
  void push_back(Number number) {
    BOOKSTORE_CHECK(count_ < numbers_.size(), "more numbers than the model has room for");
    numbers_[count_++] = number;
  }
  template <class Unwanted>
  void erase_if(Unwanted unwanted) {
    count_ = static_cast<size_t>(std::remove_if(begin(), end(), unwanted) - begin());
  }
  void sort_unique() {
    std::sort(begin(), end());
    count_ = static_cast<size_t>(std::unique(begin(), end()) - begin());
  }
  const Number* begin() const { return numbers_.data(); }
  const Number* end() const { return numbers_.data() + count_; }

 private:
  Number* begin() { return numbers_.data(); }
  Number* end() { return numbers_.data() + count_; }

  std::array<Number, 48> numbers_;
  size_t count_ = 0;
};

// The bytes by which two states count as one. They behave alike when they differ only in
//   absolute time: what is past counts by its order, what is to come by its distance;
//   log indexes: they are compared with one another only, so their order counts;
//   attempt numbers: a worker's equals its row's or never will again;
//   which orchestrator does what, and in which order unordered things are stored;
//   what nothing can read any more.
class Canonical {
 public:
  Canonical(const Scope& scope, const ReplicatedLog& log, const State& state, std::string& bytes)
      : scope_(scope), log_(log), state_(state), bytes_(bytes) {}

  void write();

 private:
  void gather();
  void gather_log(uint32_t log);
  void put(int value) { bytes_.push_back(static_cast<char>(value)); }
  void put_number(uint32_t value);
  void put_time(int16_t time);
  void put_index(uint16_t index);
  void put_log(uint32_t log);
  void put_row(int order);
  void put_leader(const Leader& leader);
  void put_slot(const CallSlot& slot);
  void put_command(uint16_t number);
  void put_late();
  void put_participants();
  void put_faults();
  template <class Has, class Put>
  void put_sorted(size_t count, Has has, Put put_one);
  void put_worker(const Worker& worker);
  bool row_lives(const Row& row) const;
  bool time_matters(const Row& row) const;
  bool submit_matters(const LateSubmit& late) const;

  const Scope& scope_;
  const ReplicatedLog& log_;
  const State& state_;
  std::string& bytes_;
  Few<int16_t> past_;
  Few<uint16_t> indexes_;
};

}  // namespace bookstore::models
