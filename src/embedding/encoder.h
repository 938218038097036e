#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "embedding/kernels.h"
#include "embedding/linear.h"
#include "embedding/mapped_file.h"
#include "embedding/model_config.h"
#include "embedding/safetensors.h"
#include "embedding/vocabulary.h"

namespace bookstore::embedding {

// The BERT network with mean pooling and L2 normalising, in fp32.
//
// Tokens of several texts lie one after another in one matrix, so that no row is padding and each
// linear layer is one product; only attention looks at one text at a time. The three embedding
// tables are read where they lie in the mapped file, everything else is copied once.
// Any thread; a call computes on the calling thread alone.
class Encoder {
 public:
  // Takes the weights from `file`, which it keeps. InvalidArgument when a tensor that `config` asks
  // for is missing or has another shape.
  static absl::StatusOr<Encoder> make(const ModelConfig& config, MappedFile file);
  Encoder(Encoder&&) noexcept;
  ~Encoder();

  // One unit vector a text. Each text has 1 … positions ids below the vocabulary's size (CHECKed).
  std::vector<std::vector<float>> encode(std::span<const std::vector<TokenId>> texts) const;

  const ModelConfig& config() const { return config_; }
  // The instruction sets in use, for the log: "avx512, brg:avx512_core".
  std::string implementation() const;

 private:
  struct Norm {
    std::vector<float> weight, bias;
  };
  struct Layer {
    Linear qkv, attention_out, inner, inner_out;
    Norm attention_norm, inner_norm;
  };
  struct Workspace;
  class Weights;

  Encoder(const ModelConfig& config, MappedFile file);

  std::unique_ptr<Workspace> borrow() const;
  void give_back(std::unique_ptr<Workspace> workspace) const;
  void encode_pass(std::span<const std::vector<TokenId>> texts, size_t tokens, Workspace& workspace,
                   std::vector<std::vector<float>>& out) const;
  void embed(std::span<const std::vector<TokenId>> texts, float* rows) const;
  void run_layer(const Layer& layer, std::span<const std::vector<TokenId>> texts, size_t rows,
                 Workspace& workspace) const;
  std::vector<float> pool(const float* rows, size_t tokens) const;

  ModelConfig config_;
  const Kernels* kernels_;
  MappedFile file_;  // holds what the three spans point to
  std::span<const float> words_, positions_, token_type_;
  Norm embedding_norm_;
  std::vector<Layer> layers_;
  std::unique_ptr<std::mutex> mutex_;  // guards idle_
  mutable std::vector<std::unique_ptr<Workspace>> idle_;
};

}  // namespace bookstore::embedding
