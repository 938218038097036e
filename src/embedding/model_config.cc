#include "embedding/model_config.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "embedding/kernels.h"
#include "json/json.h"

namespace bookstore::embedding {
namespace {

absl::Status refuse(const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("config.json: ", what));
}

// Larger than any BERT; keeps every product of two sizes far from overflow.
constexpr int64_t kSizeMax = 1 << 20;

absl::Status read_size(const json::Object& object, const char* key, size_t& out) {
  const json::Value* value = object.if_contains(key);
  if (value == nullptr || !value->is_int64() || value->get_int64() < 1 ||
      value->get_int64() > kSizeMax) {
    return refuse(absl::StrCat(key, " is not a whole number from 1 to ", kSizeMax));
  }
  out = static_cast<size_t>(value->get_int64());
  return absl::OkStatus();
}

absl::Status require(const json::Object& object, const char* key, const char* wanted) {
  const json::Value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string() || value->get_string() != wanted) {
    return refuse(absl::StrCat(key, " is not \"", wanted, "\""));
  }
  return absl::OkStatus();
}

absl::Status check_form(const ModelConfig& config) {
  if (config.width % config.heads != 0) return refuse("the heads do not divide hidden_size");
  const size_t head_width = config.head_width();
  if (head_width % kHeadWidthStep != 0 || head_width > 64) {
    return refuse(absl::StrCat("heads of ", head_width, " are not 32 or 64"));
  }
  if (config.inner_width % kRowWidthStep != 0) {
    return refuse("intermediate_size is not a multiple of 16");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ModelConfig> parse_model_config(std::string_view json_text) {
  auto parsed = json::parse(json_text);
  if (!parsed.ok()) return base::annotate(parsed.status(), "config.json");
  if (!parsed->is_object()) return refuse("not an object");
  const json::Object& object = parsed->get_object();
  BOOKSTORE_RETURN_IF_ERROR(require(object, "model_type", "bert"));
  BOOKSTORE_RETURN_IF_ERROR(require(object, "hidden_act", "gelu"));
  if (object.contains("position_embedding_type")) {
    BOOKSTORE_RETURN_IF_ERROR(require(object, "position_embedding_type", "absolute"));
  }
  ModelConfig config;
  BOOKSTORE_RETURN_IF_ERROR(read_size(object, "vocab_size", config.vocabulary));
  BOOKSTORE_RETURN_IF_ERROR(read_size(object, "max_position_embeddings", config.positions));
  BOOKSTORE_RETURN_IF_ERROR(read_size(object, "hidden_size", config.width));
  BOOKSTORE_RETURN_IF_ERROR(read_size(object, "num_hidden_layers", config.layers));
  BOOKSTORE_RETURN_IF_ERROR(read_size(object, "num_attention_heads", config.heads));
  BOOKSTORE_RETURN_IF_ERROR(read_size(object, "intermediate_size", config.inner_width));
  BOOKSTORE_RETURN_IF_ERROR(read_size(object, "type_vocab_size", config.token_types));
  const json::Value* epsilon = object.if_contains("layer_norm_eps");
  if (epsilon == nullptr || !epsilon->is_double() || !(epsilon->get_double() > 0) ||
      epsilon->get_double() > 1e-3) {
    return refuse("layer_norm_eps is not a number above 0 and at most 0.001");
  }
  config.epsilon = static_cast<float>(epsilon->get_double());
  BOOKSTORE_RETURN_IF_ERROR(check_form(config));
  return config;
}

}  // namespace bookstore::embedding
