#include "embedding/safetensors.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status.h"
#include "json/json.h"

namespace bookstore::embedding {
namespace {

constexpr size_t kLengthBytes = 8;
// The header of a model with a hundred layers is below 1 MiB; the format's own limit is 100 MB.
constexpr uint64_t kHeaderBytesMax = 16 << 20;
constexpr size_t kRankMax = 16;
constexpr std::string_view kMetadata = "__metadata__";

absl::Status refuse(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a safetensors file: ", base::absl_view(what)));
}

absl::Status refuse(std::string_view tensor, std::string_view what) {
  return refuse(absl::StrCat("tensor ", base::absl_view(tensor), ": ", base::absl_view(what)));
}

std::optional<uint64_t> dtype_bytes(std::string_view dtype) {
  constexpr std::pair<std::string_view, uint64_t> kSizes[] = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1},
      {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},
      {"U32", 4},  {"F32", 4}, {"I64", 8}, {"U64", 8},     {"F64", 8}};
  for (const auto& [name, size] : kSizes) {
    if (name == dtype) return size;
  }
  return std::nullopt;
}

std::optional<uint64_t> as_unsigned(const json::Value& value) {
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_int64() && value.get_int64() >= 0) return static_cast<uint64_t>(value.get_int64());
  return std::nullopt;
}

std::optional<std::vector<uint64_t>> as_list(const json::Value* value, size_t length_max) {
  if (value == nullptr || !value->is_array() || value->get_array().size() > length_max) return {};
  std::vector<uint64_t> result;
  for (const json::Value& item : value->get_array()) {
    const auto number = as_unsigned(item);
    if (!number) return std::nullopt;
    result.push_back(*number);
  }
  return result;
}

// The bytes that shape and dtype ask for; empty on overflow.
std::optional<uint64_t> needed_bytes(const std::vector<uint64_t>& shape, uint64_t item_bytes) {
  uint64_t total = item_bytes;
  for (const uint64_t dimension : shape) {
    if (__builtin_mul_overflow(total, dimension, &total)) return std::nullopt;
  }
  return total;
}

absl::StatusOr<SafeTensors::Tensor> parse_tensor(std::string_view name, const json::Value& value,
                                                 std::string_view buffer) {
  if (!value.is_object() || value.get_object().size() != 3) {
    return refuse(name, "not an object of dtype, shape and data_offsets");
  }
  const json::Object& object = value.get_object();
  SafeTensors::Tensor tensor;
  const json::Value* dtype = object.if_contains("dtype");
  if (dtype == nullptr || !dtype->is_string()) return refuse(name, "dtype is not a string");
  tensor.dtype = std::string(dtype->get_string());
  const auto item_bytes = dtype_bytes(tensor.dtype);
  if (!item_bytes) return refuse(name, "unknown dtype");
  auto shape = as_list(object.if_contains("shape"), kRankMax);
  if (!shape) return refuse(name, "shape is not a list of whole numbers");
  tensor.shape = std::move(*shape);
  const auto offsets = as_list(object.if_contains("data_offsets"), 2);
  if (!offsets || offsets->size() != 2)
    return refuse(name, "data_offsets is not two whole numbers");
  const uint64_t begin = (*offsets)[0], end = (*offsets)[1];
  if (begin > end || end > buffer.size()) return refuse(name, "data_offsets leave the file");
  const auto needed = needed_bytes(tensor.shape, *item_bytes);
  if (!needed || *needed != end - begin) return refuse(name, "span and shape do not agree");
  tensor.bytes = buffer.substr(begin, end - begin);
  return tensor;
}

absl::Status check_metadata(const json::Value& value) {
  if (!value.is_object()) return refuse("__metadata__ is not an object");
  for (const auto& member : value.get_object()) {
    if (!member.value().is_string()) return refuse("__metadata__ has a value that is no string");
  }
  return absl::OkStatus();
}

absl::Status check_coverage(const std::map<std::string, SafeTensors::Tensor, std::less<>>& tensors,
                            std::string_view buffer) {
  std::vector<std::pair<const char*, const char*>> spans;
  spans.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) {
    spans.emplace_back(tensor.bytes.data(), tensor.bytes.data() + tensor.bytes.size());
  }
  std::sort(spans.begin(), spans.end());
  const char* covered = buffer.data();
  for (const auto& [begin, end] : spans) {
    if (begin < covered) return refuse("two tensors overlap");
    if (begin > covered) return refuse("there is a hole between tensors");
    covered = end;
  }
  if (covered != buffer.data() + buffer.size()) return refuse("bytes are left over at the end");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SafeTensors> SafeTensors::parse(std::string_view file) {
  if (file.size() < kLengthBytes) return refuse("shorter than its length field");
  const uint64_t header_bytes = base::ByteReader(file).u64();
  if (header_bytes > kHeaderBytesMax) return refuse("the header is longer than 16 MiB");
  if (header_bytes > file.size() - kLengthBytes)
    return refuse("the header is longer than the file");
  const std::string_view header = file.substr(kLengthBytes, header_bytes);
  const std::string_view buffer = file.substr(kLengthBytes + header_bytes);
  if (!header.starts_with('{')) return refuse("the header does not begin with a brace");
  auto parsed = json::parse(header, {.bytes_max = kHeaderBytesMax, .depth_max = 4});
  if (!parsed.ok()) return refuse(absl::StrCat("header: ", parsed.status().message()));
  if (!parsed->is_object()) return refuse("the header is not an object");
  SafeTensors result;
  for (const auto& member : parsed->get_object()) {
    const std::string name(member.key());
    if (name == kMetadata) {
      BOOKSTORE_RETURN_IF_ERROR(check_metadata(member.value()));
      continue;
    }
    BOOKSTORE_ASSIGN_OR_RETURN(result.tensors_[name], parse_tensor(name, member.value(), buffer));
  }
  BOOKSTORE_RETURN_IF_ERROR(check_coverage(result.tensors_, buffer));
  return result;
}

const SafeTensors::Tensor* SafeTensors::find(std::string_view name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

absl::StatusOr<std::span<const float>> SafeTensors::floats(
    std::string_view name, const std::vector<uint64_t>& shape) const {
  const auto wrong = [&](std::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", base::absl_view(name), " ", base::absl_view(what)));
  };
  const Tensor* tensor = find(name);
  if (tensor == nullptr) return wrong("is missing");
  if (tensor->dtype != "F32") return wrong("is not F32");
  if (tensor->shape != shape) return wrong("has another shape than the config says");
  if (reinterpret_cast<uintptr_t>(tensor->bytes.data()) % alignof(float) != 0) {
    return wrong("is not aligned to its type");
  }
  return std::span(reinterpret_cast<const float*>(tensor->bytes.data()),
                   tensor->bytes.size() / sizeof(float));
}

}  // namespace bookstore::embedding
