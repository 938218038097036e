#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace bookstore::embedding {

// The safetensors format (https://github.com/huggingface/safetensors): eight bytes with the length
// of a JSON header, the header, then one buffer that the tensors cover from end to end. Points into
// the caller's bytes, which must outlive it. Immutable; any thread.
class SafeTensors {
 public:
  struct Tensor {
    std::string dtype;
    std::vector<uint64_t> shape;
    std::string_view bytes;
  };

  // InvalidArgument with one sentence unless everything holds: a length within the file, an object
  // of nothing but tensors and string metadata, no name twice, known dtypes, spans that fit shape
  // and dtype without overflow, no overlap, no hole and nothing left over.
  static absl::StatusOr<SafeTensors> parse(std::string_view file);

  // Null when there is none of this name.
  const Tensor* find(std::string_view name) const;
  // The values of a F32 tensor of exactly this shape; InvalidArgument names what is wrong.
  absl::StatusOr<std::span<const float>> floats(std::string_view name,
                                                const std::vector<uint64_t>& shape) const;

  const std::map<std::string, Tensor, std::less<>>& tensors() const { return tensors_; }

 private:
  std::map<std::string, Tensor, std::less<>> tensors_;
};

}  // namespace bookstore::embedding
