#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"

namespace bookstore::embedding {

// What config.json of a BERT sentence-transformers folder says about the network's form.
struct ModelConfig {
  size_t vocabulary = 0;
  size_t positions = 0;
  size_t width = 0;
  size_t layers = 0;
  size_t heads = 0;
  size_t inner_width = 0;
  size_t token_types = 0;
  float epsilon = 0;

  size_t head_width() const { return width / heads; }
};

// InvalidArgument with one sentence when it is not a BERT that our encoder runs: erf-GELU, absolute
// positions, heads of 32 or 64.
absl::StatusOr<ModelConfig> parse_model_config(std::string_view json_text);

}  // namespace bookstore::embedding
