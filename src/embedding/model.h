#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "embedding/manifest.h"

namespace bookstore::embedding {

// Tokens of a text that the model sees, [CLS] and [SEP] included; what is longer is cut.
inline constexpr size_t kTokensMax = 256;

// Texts to unit vectors: a sentence-transformers BERT with mean pooling, run on the CPU in fp32.
// Immutable after load(); any thread may call, and each call computes on its own thread alone.
class Model {
 public:
  // Reads model.safetensors, vocab.txt and config.json of `folder`. FailedPrecondition with one
  // sentence when a file is not the manifest's; NotFound and the like when it cannot be read.
  static absl::StatusOr<Model> load(const std::filesystem::path& folder,
                                    const Manifest& manifest = kAllMiniLmL6V2);
  // Any folder of the same form, for those who bring their own model.
  static absl::StatusOr<Model> load_unpinned(const std::filesystem::path& folder);
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  // One vector of width() a text, of length 1: the inner product is the cosine. On one core some
  // 4 ms for a short query and 65 ms for kTokensMax tokens. Texts are computed some 500 tokens at a
  // time, so the batch does not decide the memory.
  std::vector<std::vector<float>> encode(std::span<const std::string> texts) const;
  std::vector<float> encode(const std::string& text) const;

  // The ids that encode() feeds to the network: [CLS] … [SEP], at most kTokensMax.
  std::vector<int32_t> tokenise(std::string_view text) const;

  size_t width() const;
  // Names the weights, the vocabulary and our way of using them. Vectors of two revisions are not
  // comparable: it is stored beside each.
  const std::string& revision() const;
  // Which instruction sets are used, for the log.
  std::string implementation() const;

 private:
  struct Impl;
  explicit Model(std::unique_ptr<const Impl> impl);

  std::unique_ptr<const Impl> impl_;
};

}  // namespace bookstore::embedding
