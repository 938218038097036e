#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace bookstore::models {

// Values by their canonical bytes: equal bytes, one number and one object. A state of the model
// then holds numbers, however large the production objects behind them are.
template <class Value>
class Interner {
 public:
  // The number of `bytes`; `make()` gives the value when they are new.
  template <class Make>
  uint32_t intern(const std::string& bytes, Make make) {
    const auto [found, fresh] = numbers_.try_emplace(bytes, static_cast<uint32_t>(values_.size()));
    if (fresh) values_.push_back(std::make_unique<const Value>(make()));
    return found->second;
  }
  const Value& operator[](uint32_t number) const { return *values_[number]; }
  size_t size() const { return values_.size(); }

 private:
  std::unordered_map<std::string, uint32_t> numbers_;
  std::vector<std::unique_ptr<const Value>> values_;
};

}  // namespace bookstore::models
