#pragma once

#include <cstddef>

// The parts of the encoder that oneDNN's matmul does not do. One source (kernels_impl.inc) is
// compiled once for each instruction set; best_kernels() takes the widest this processor has.
// This header and the .inc include nothing with inline functions: the linker might otherwise keep
// a copy of one that was compiled for a wider instruction set.
namespace bookstore::embedding {

// Widths that the kernels need: a head is a multiple of the first, a row of the second.
inline constexpr size_t kHeadWidthStep = 32;
inline constexpr size_t kRowWidthStep = 16;

struct AttentionShape {
  size_t tokens;
  size_t heads;
  size_t head_width;
};

// Floats of scratch that attention() needs.
constexpr size_t attention_scratch(size_t tokens, size_t head_width) {
  const size_t padded = (tokens + 31) / 32 * 32;
  return padded * (head_width + 4);
}

struct Kernels {
  const char* name;

  // softmax(Q Kᵀ / √head_width) V of one text. A row of `qkv` is [Q of all heads | K | V], rows lie
  // one after another; a row of `out` is all heads.
  void (*attention)(const float* qkv, const AttentionShape& shape, float* scratch, float* out);

  // Each row to mean 0 and variance 1, then times weight plus bias; in place.
  void (*layer_norm)(float* rows, size_t row_count, size_t width, const float* weight,
                     const float* bias, float epsilon);

  // e to each of `count` values (a multiple of 16), none above 0; for tests. At most 2e-7 off,
  // relatively; 0 below -87.
  void (*exp_of_negative)(float* values, size_t count);
};

extern const Kernels kBaselineKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
#endif

const Kernels& best_kernels();

}  // namespace bookstore::embedding
