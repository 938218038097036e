#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace bookstore::crypto {

// Overwrites memory in a way that the compiler may not leave out.
void secure_zero(void* memory, size_t size);
// The same for the whole buffer of a string, which is empty afterwards.
void secure_zero(std::string& text);

// Compares without telling by its time where the difference is (sizes are no secret).
bool equal_constant_time(std::string_view a, std::string_view b);

// Bytes that are zeroed when they die: keys, card numbers. Move-only, so that no copy is made by
// accident, and with no operator<< and no conversion, so that none is logged by accident.
class Secret {
 public:
  Secret() = default;
  // Takes the bytes over and zeroes what the move left behind (short strings are copied).
  explicit Secret(std::string&& bytes) : bytes_(std::move(bytes)) { secure_zero(bytes); }
  explicit Secret(std::string_view bytes) : bytes_(bytes) {}
  ~Secret() { secure_zero(bytes_); }
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { secure_zero(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      secure_zero(bytes_);
      bytes_ = std::move(other.bytes_);
      secure_zero(other.bytes_);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  // The bytes themselves; the name is there to be seen in review.
  std::string_view reveal() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
};

}  // namespace bookstore::crypto
