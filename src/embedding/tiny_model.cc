#include "embedding/tiny_model.h"

#include <stdlib.h>

#include <cmath>
#include <fstream>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/bytes.h"
#include "base/check.h"

namespace bookstore::embedding {

TinyModel::TinyModel(Names names) {
  std::string pattern = (std::filesystem::temp_directory_path() / "tiny-model-XXXXXX").string();
  BOOKSTORE_CHECK(::mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  vocabulary_ = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "book", "shop", "##s", "."};
  add_tensor("embeddings.word_embeddings.weight", {vocabulary_.size(), kWidth}, 1, 0);
  add_tensor("embeddings.position_embeddings.weight", {kPositions, kWidth}, 1, 0);
  add_tensor("embeddings.token_type_embeddings.weight", {2, kWidth}, 1, 0);
  const auto add_norm = [&](const std::string& name) {
    add_tensor(name + ".weight", {kWidth}, 0.2f, 1);
    add_tensor(name + ".bias", {kWidth}, 0.2f, 0);
  };
  const auto add_linear = [&](const std::string& name, size_t in, size_t out) {
    add_tensor(name + ".weight", {out, in}, 0.3f, 0);
    add_tensor(name + ".bias", {out}, 0.3f, 0);
  };
  add_norm("embeddings.LayerNorm");
  for (size_t i = 0; i < kLayers; ++i) {
    const std::string layer = absl::StrCat("encoder.layer.", i, ".");
    for (const char* part : {"query", "key", "value"}) {
      add_linear(layer + "attention.self." + part, kWidth, kWidth);
    }
    add_linear(layer + "attention.output.dense", kWidth, kWidth);
    add_norm(layer + "attention.output.LayerNorm");
    add_linear(layer + "intermediate.dense", kWidth, kInner);
    add_linear(layer + "output.dense", kInner, kWidth);
    add_norm(layer + "output.LayerNorm");
  }
  write_files(names);
}

TinyModel::~TinyModel() {
  std::filesystem::remove_all(folder_);
}

void TinyModel::add_tensor(const std::string& name, std::vector<size_t> shape, float scale,
                           float offset) {
  size_t count = 1;
  for (const size_t dimension : shape) count *= dimension;
  std::mt19937 engine(static_cast<uint32_t>(base::hash64(name)));
  std::normal_distribution<float> distribution(offset, scale);
  Tensor tensor{std::move(shape), std::vector<float>(count)};
  for (float& value : tensor.values) value = distribution(engine);
  tensors_[name] = std::move(tensor);
}

void TinyModel::write_files(Names names) const {
  std::ofstream(folder_ / "vocab.txt") << absl::StrJoin(vocabulary_, "\n") << "\n";
  std::ofstream(folder_ / "config.json")
      << R"({"model_type":"bert","hidden_act":"gelu","layer_norm_eps":1e-12,"type_vocab_size":2,)"
      << absl::StrCat("\"vocab_size\":", vocabulary_.size(), ",\"hidden_size\":", kWidth,
                      ",\"num_hidden_layers\":", kLayers, ",\"num_attention_heads\":", kHeads,
                      ",\"intermediate_size\":", kInner,
                      ",\"max_position_embeddings\":", kPositions, "}");
  std::string header, buffer;
  for (const auto& [plain_name, tensor] : tensors_) {
    std::string name = names == Names::kPlain ? plain_name : "bert." + plain_name;
    if (names == Names::kOld) {
      name = absl::StrReplaceAll(
          name, {{"LayerNorm.weight", "LayerNorm.gamma"}, {"LayerNorm.bias", "LayerNorm.beta"}});
    }
    const size_t bytes = tensor.values.size() * sizeof(float);
    absl::StrAppend(&header, header.empty() ? "{" : ",", "\"", name,
                    "\":{\"dtype\":\"F32\",\"shape\":[", absl::StrJoin(tensor.shape, ","),
                    "],\"data_offsets\":[", buffer.size(), ",", buffer.size() + bytes, "]}");
    buffer.append(reinterpret_cast<const char*>(tensor.values.data()), bytes);
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  base::ByteWriter length;
  length.u64(header.size());
  std::ofstream(folder_ / "model.safetensors", std::ios::binary)
      << length.bytes() << header << buffer;
}

TinyModel::Matrix TinyModel::linear(const Matrix& rows, const std::string& name, size_t out) const {
  Matrix result;
  for (const auto& row : rows) {
    std::vector<double>& values = result.emplace_back(out);
    for (size_t o = 0; o < out; ++o) {
      values[o] = at(name + ".bias", o);
      for (size_t i = 0; i < row.size(); ++i) {
        values[o] += row[i] * at(name + ".weight", o * row.size() + i);
      }
    }
  }
  return result;
}

void TinyModel::norm(Matrix& rows, const std::string& name) const {
  for (auto& row : rows) {
    double mean = 0, variance = 0;
    for (const double x : row) mean += x / kWidth;
    for (const double x : row) variance += (x - mean) * (x - mean) / kWidth;
    for (size_t i = 0; i < kWidth; ++i) {
      row[i] = (row[i] - mean) / std::sqrt(variance + 1e-12) * at(name + ".weight", i) +
               at(name + ".bias", i);
    }
  }
}

TinyModel::Matrix TinyModel::attend(const Matrix& q, const Matrix& k, const Matrix& v) const {
  constexpr size_t kHeadWidth = kWidth / kHeads;
  Matrix result(q.size(), std::vector<double>(kWidth));
  for (size_t row = 0; row < q.size(); ++row) {
    for (size_t first = 0; first < kWidth; first += kHeadWidth) {
      std::vector<double> weights;
      double total = 0;
      for (size_t other = 0; other < k.size(); ++other) {
        double score = 0;
        for (size_t d = first; d < first + kHeadWidth; ++d) score += q[row][d] * k[other][d];
        weights.push_back(std::exp(score / std::sqrt(double{kHeadWidth})));
        total += weights.back();
      }
      for (size_t other = 0; other < k.size(); ++other) {
        for (size_t d = first; d < first + kHeadWidth; ++d) {
          result[row][d] += weights[other] / total * v[other][d];
        }
      }
    }
  }
  return result;
}

std::vector<double> TinyModel::encode(const std::vector<int32_t>& ids) const {
  Matrix rows;
  const auto add = [](Matrix& to, const Matrix& what) {
    for (size_t r = 0; r < to.size(); ++r) {
      for (size_t i = 0; i < kWidth; ++i) to[r][i] += what[r][i];
    }
  };
  for (size_t position = 0; position < ids.size(); ++position) {
    auto& row = rows.emplace_back(kWidth);
    for (size_t i = 0; i < kWidth; ++i) {
      row[i] = at("embeddings.word_embeddings.weight", ids[position] * kWidth + i) +
               at("embeddings.position_embeddings.weight", position * kWidth + i) +
               at("embeddings.token_type_embeddings.weight", i);
    }
  }
  norm(rows, "embeddings.LayerNorm");
  for (size_t i = 0; i < kLayers; ++i) {
    const std::string layer = absl::StrCat("encoder.layer.", i, ".");
    const std::string self = layer + "attention.self.";
    const Matrix context =
        attend(linear(rows, self + "query", kWidth), linear(rows, self + "key", kWidth),
               linear(rows, self + "value", kWidth));
    add(rows, linear(context, layer + "attention.output.dense", kWidth));
    norm(rows, layer + "attention.output.LayerNorm");
    Matrix inner = linear(rows, layer + "intermediate.dense", kInner);
    for (auto& row : inner) {
      for (double& x : row) x = 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    }
    add(rows, linear(inner, layer + "output.dense", kWidth));
    norm(rows, layer + "output.LayerNorm");
  }
  std::vector<double> mean(kWidth);
  double squares = 0;
  for (const auto& row : rows) {
    for (size_t i = 0; i < kWidth; ++i) mean[i] += row[i] / double(rows.size());
  }
  for (const double x : mean) squares += x * x;
  for (double& x : mean) x /= std::sqrt(squares);
  return mean;
}

}  // namespace bookstore::embedding
