#include "embedding/encoder.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"

namespace bookstore::embedding {
namespace {

// Tokens of one pass through the network: bounds the memory of a call (4 MB for MiniLM) and is
// enough rows for the matrix products to run at full speed.
constexpr size_t kPassTokens = 512;
// A call of so many passes has mapped most of the word table (45 MB of MiniLM), which a query does
// not need; mapping it again costs such a call a few milliseconds.
constexpr size_t kBulkPasses = 2;
// Buffers kept for the next calls; more calls at once than this make their own and drop them.
constexpr size_t kIdleWorkspacesMax = 4;

}  // namespace

// Buffers of one running pass. They start as zeros, so rows beyond the texts' are always finite.
struct Encoder::Workspace {
  std::vector<float> rows;     // [rows × width], the residual stream
  std::vector<float> middle;   // [rows × 3·width] and [rows × width], or [rows × inner_width]
  std::vector<float> scratch;  // of attention

  void grow(const ModelConfig& config, size_t row_count, size_t text_tokens_max) {
    const size_t middle_width = std::max(4 * config.width, config.inner_width);
    const auto at_least = [](std::vector<float>& buffer, size_t size) {
      if (buffer.size() < size) buffer.resize(size);
    };
    at_least(rows, row_count * config.width);
    at_least(middle, row_count * middle_width);
    at_least(scratch, attention_scratch(text_tokens_max, config.head_width()));
  }
};

// Finds tensors under the names that BERT checkpoints use.
class Encoder::Weights {
 public:
  explicit Weights(const SafeTensors& tensors)
      : tensors_(tensors),
        prefix_(tensors.find("embeddings.word_embeddings.weight") == nullptr ? "bert." : "") {}

  absl::StatusOr<std::span<const float>> get(const std::string& name,
                                             const std::vector<uint64_t>& shape) const {
    return tensors_.floats(prefix_ + name, shape);
  }

  absl::StatusOr<Norm> norm(const std::string& name, uint64_t width) const {
    // Checkpoints converted from TensorFlow say gamma and beta.
    const bool old_names = tensors_.find(prefix_ + name + ".gamma") != nullptr;
    BOOKSTORE_ASSIGN_OR_RETURN(const auto weight,
                               get(name + (old_names ? ".gamma" : ".weight"), {width}));
    BOOKSTORE_ASSIGN_OR_RETURN(const auto bias,
                               get(name + (old_names ? ".beta" : ".bias"), {width}));
    return Norm{{weight.begin(), weight.end()}, {bias.begin(), bias.end()}};
  }

  absl::StatusOr<Linear> linear(const std::string& name, const Linear::Shape& shape) const {
    BOOKSTORE_ASSIGN_OR_RETURN(const auto weight, get(name + ".weight", {shape.out, shape.in}));
    BOOKSTORE_ASSIGN_OR_RETURN(const auto bias, get(name + ".bias", {shape.out}));
    return Linear::make(shape, weight, bias);
  }

  // Query, key and value as one layer: one product instead of three.
  absl::StatusOr<Linear> qkv(const std::string& name, uint64_t width) const {
    std::vector<float> weight, bias;
    for (const char* part : {"query", "key", "value"}) {
      BOOKSTORE_ASSIGN_OR_RETURN(const auto w, get(name + part + ".weight", {width, width}));
      BOOKSTORE_ASSIGN_OR_RETURN(const auto b, get(name + part + ".bias", {width}));
      weight.insert(weight.end(), w.begin(), w.end());
      bias.insert(bias.end(), b.begin(), b.end());
    }
    return Linear::make({width, 3 * width, Linear::After::kNothing}, weight, bias);
  }

  absl::StatusOr<Layer> layer(size_t index, const ModelConfig& config) const {
    const std::string name = absl::StrCat("encoder.layer.", index, ".");
    const uint64_t width = config.width, inner = config.inner_width;
    using After = Linear::After;
    BOOKSTORE_ASSIGN_OR_RETURN(auto together, qkv(name + "attention.self.", width));
    BOOKSTORE_ASSIGN_OR_RETURN(
        auto attention_out,
        linear(name + "attention.output.dense", {width, width, After::kAddToDestination}));
    BOOKSTORE_ASSIGN_OR_RETURN(auto attention_norm,
                               norm(name + "attention.output.LayerNorm", width));
    BOOKSTORE_ASSIGN_OR_RETURN(auto up,
                               linear(name + "intermediate.dense", {width, inner, After::kGelu}));
    BOOKSTORE_ASSIGN_OR_RETURN(
        auto down, linear(name + "output.dense", {inner, width, After::kAddToDestination}));
    BOOKSTORE_ASSIGN_OR_RETURN(auto inner_norm, norm(name + "output.LayerNorm", width));
    return Layer{std::move(together), std::move(attention_out),  std::move(up),
                 std::move(down),     std::move(attention_norm), std::move(inner_norm)};
  }

 private:
  const SafeTensors& tensors_;
  const std::string prefix_;
};

Encoder::Encoder(const ModelConfig& config, MappedFile file)
    : config_(config),
      kernels_(&best_kernels()),
      file_(std::move(file)),
      mutex_(std::make_unique<std::mutex>()) {}
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder::~Encoder() = default;

absl::StatusOr<Encoder> Encoder::make(const ModelConfig& config, MappedFile file) {
  BOOKSTORE_ASSIGN_OR_RETURN(const SafeTensors tensors, SafeTensors::parse(file.bytes()));
  const Weights weights(tensors);
  Encoder encoder(config, std::move(file));
  const uint64_t width = config.width;
  const auto table = [&](const char* name, uint64_t rows) {
    return weights.get(absl::StrCat("embeddings.", name, "_embeddings.weight"), {rows, width});
  };
  BOOKSTORE_ASSIGN_OR_RETURN(encoder.words_, table("word", config.vocabulary));
  BOOKSTORE_ASSIGN_OR_RETURN(encoder.positions_, table("position", config.positions));
  BOOKSTORE_ASSIGN_OR_RETURN(encoder.token_type_, table("token_type", config.token_types));
  BOOKSTORE_ASSIGN_OR_RETURN(encoder.embedding_norm_, weights.norm("embeddings.LayerNorm", width));
  for (size_t index = 0; index < config.layers; ++index) {
    BOOKSTORE_ASSIGN_OR_RETURN(auto layer, weights.layer(index, config));
    encoder.layers_.push_back(std::move(layer));
  }
  // The layers are copied now; of the mapped pages only the embedding rows that are used come back.
  encoder.file_.release_pages();
  return encoder;
}

std::unique_ptr<Encoder::Workspace> Encoder::borrow() const {
  const std::lock_guard lock(*mutex_);
  if (idle_.empty()) return std::make_unique<Workspace>();
  auto workspace = std::move(idle_.back());
  idle_.pop_back();
  return workspace;
}

void Encoder::give_back(std::unique_ptr<Workspace> workspace) const {
  const std::lock_guard lock(*mutex_);
  if (idle_.size() < kIdleWorkspacesMax) idle_.push_back(std::move(workspace));
}

std::vector<std::vector<float>> Encoder::encode(std::span<const std::vector<TokenId>> texts) const {
  std::vector<std::vector<float>> result;
  result.reserve(texts.size());
  auto workspace = borrow();
  size_t passes = 0;
  for (; !texts.empty(); ++passes) {
    size_t count = 0, tokens = 0;
    do {
      tokens += texts[count++].size();
    } while (count < texts.size() && tokens + texts[count].size() <= kPassTokens);
    encode_pass(texts.first(count), tokens, *workspace, result);
    texts = texts.subspan(count);
  }
  give_back(std::move(workspace));
  if (passes >= kBulkPasses) file_.release_pages();
  return result;
}

void Encoder::encode_pass(std::span<const std::vector<TokenId>> texts, size_t tokens,
                          Workspace& workspace, std::vector<std::vector<float>>& out) const {
  size_t text_tokens_max = 0;
  for (const auto& text : texts) {
    BOOKSTORE_CHECK(!text.empty() && text.size() <= config_.positions, text.size());
    text_tokens_max = std::max(text_tokens_max, text.size());
  }
  const size_t rows = padded_rows(tokens);
  workspace.grow(config_, rows, text_tokens_max);
  embed(texts, workspace.rows.data());
  for (const Layer& layer : layers_) run_layer(layer, texts, rows, workspace);
  const float* first = workspace.rows.data();
  for (const auto& text : texts) {
    out.push_back(pool(first, text.size()));
    first += text.size() * config_.width;
  }
}

void Encoder::embed(std::span<const std::vector<TokenId>> texts, float* rows) const {
  const size_t width = config_.width;
  float* row = rows;
  for (const auto& text : texts) {
    for (size_t position = 0; position < text.size(); ++position, row += width) {
      const size_t id = static_cast<size_t>(text[position]);
      BOOKSTORE_CHECK(id < config_.vocabulary, id);
      const float* word = &words_[id * width];
      const float* place = &positions_[position * width];
      for (size_t i = 0; i < width; ++i) row[i] = word[i] + place[i] + token_type_[i];
    }
  }
  kernels_->layer_norm(rows, static_cast<size_t>(row - rows) / width, width,
                       embedding_norm_.weight.data(), embedding_norm_.bias.data(), config_.epsilon);
}

void Encoder::run_layer(const Layer& layer, std::span<const std::vector<TokenId>> texts,
                        size_t rows, Workspace& workspace) const {
  const size_t width = config_.width;
  float* x = workspace.rows.data();
  float* middle = workspace.middle.data();
  const auto normalise = [&](const Norm& norm) {
    kernels_->layer_norm(x, rows, width, norm.weight.data(), norm.bias.data(), config_.epsilon);
  };
  float* context = middle + rows * 3 * width;
  layer.qkv.run(x, rows, middle);
  size_t row = 0;
  for (const auto& text : texts) {
    kernels_->attention(middle + row * 3 * width,
                        {text.size(), config_.heads, config_.head_width()},
                        workspace.scratch.data(), context + row * width);
    row += text.size();
  }
  layer.attention_out.run(context, rows, x);
  normalise(layer.attention_norm);
  layer.inner.run(x, rows, middle);
  layer.inner_out.run(middle, rows, x);
  normalise(layer.inner_norm);
}

std::vector<float> Encoder::pool(const float* rows, size_t tokens) const {
  std::vector<double> mean(config_.width);
  for (size_t token = 0; token < tokens; ++token) {
    for (size_t i = 0; i < config_.width; ++i) mean[i] += rows[token * config_.width + i];
  }
  double squares = 0;
  for (double& value : mean) {
    value /= static_cast<double>(tokens);
    squares += value * value;
  }
  const double length = std::max(std::sqrt(squares), 1e-12);
  std::vector<float> result(config_.width);
  for (size_t i = 0; i < result.size(); ++i) result[i] = static_cast<float>(mean[i] / length);
  return result;
}

std::string Encoder::implementation() const {
  return absl::StrCat(kernels_->name, ", ", layers_.front().qkv.implementation());
}

}  // namespace bookstore::embedding
