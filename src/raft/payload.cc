#include "raft/payload.h"

#include <cstring>
#include <new>

namespace bookstore::raft {

Payload::Payload(std::string_view bytes) {
  if (bytes.empty()) return;
  void* memory = ::operator new(sizeof(Block) + bytes.size());
  block_ = new (memory) Block{1, bytes.size()};
  std::memcpy(static_cast<void*>(block_ + 1), bytes.data(), bytes.size());
}

std::string_view Payload::bytes() const {
  if (block_ == nullptr) return {};
  return {reinterpret_cast<const char*>(block_ + 1), block_->size};
}

void Payload::drop() {
  if (block_ == nullptr || block_->uses.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  block_->~Block();
  ::operator delete(block_);
}

}  // namespace bookstore::raft
