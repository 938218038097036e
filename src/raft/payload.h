#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>
#include <utility>

namespace bookstore::raft {

// The immutable bytes of an entry, shared by every copy of it: the log's, the messages', the
// storage's. One allocation for the bytes and their counter, none when there are no bytes.
// Copies may be used and dropped on any thread.
class Payload {
 public:
  Payload() = default;
  explicit Payload(std::string_view bytes);
  Payload(const Payload& other) : block_(other.block_) { share(); }
  Payload(Payload&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Payload& operator=(Payload other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Payload() { drop(); }

  std::string_view bytes() const;
  size_t size() const { return block_ == nullptr ? 0 : block_->size; }
  bool empty() const { return size() == 0; }

  friend bool operator==(const Payload& a, const Payload& b) { return a.bytes() == b.bytes(); }

 private:
  struct Block {
    std::atomic<size_t> uses;
    size_t size;  // of the bytes, which follow the block
  };
  void share() const {
    if (block_ != nullptr) block_->uses.fetch_add(1, std::memory_order_relaxed);
  }
  void drop();

  Block* block_ = nullptr;  // null: no bytes
};

}  // namespace bookstore::raft
