#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <span>

#include "absl/status/statusor.h"

namespace bookstore::embedding {

// y = after(x Wᵀ + b), for matrices of rows. The only file that knows oneDNN (2.6 and 3.x).
//
// The weights are reordered once into the layout that oneDNN likes on this processor; the caller's
// copy is not needed after make(). Rows are computed with a primitive for each row count, made at
// its first use, so calls hand over rows rounded up by padded_rows(): what is in the extra rows
// does not matter but must be finite. Any thread; the calling thread does all the work.
class Linear {
 public:
  enum class After { kNothing, kGelu, kAddToDestination };
  struct Shape {
    size_t in;
    size_t out;
    After after;
  };

  // `weight` is [out × in], `bias` is [out]. Internal when oneDNN refuses.
  static absl::StatusOr<Linear> make(const Shape& shape, std::span<const float> weight,
                                     std::span<const float> bias);
  Linear(Linear&&) noexcept;
  Linear& operator=(Linear&&) noexcept;
  ~Linear();

  void run(const float* source, size_t padded_rows, float* destination) const;

  // What computes this shape, in oneDNN's words: "brg:avx512_core", "gemm:jit".
  const char* implementation() const;

 private:
  struct Impl;
  explicit Linear(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// The next of a few row counts (20 up to 512), so that few primitives are made.
size_t padded_rows(size_t rows);

}  // namespace bookstore::embedding
