#include "embedding/linear.h"

#include <dlfcn.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace bookstore::embedding {
namespace {

using Dims = dnnl::memory::dims;
using Layout = dnnl::memory::format_tag;
constexpr auto kFloat = dnnl::memory::data_type::f32;

// The shape that decides the layout of the weights; the layout is then used for every row count.
constexpr size_t kLayoutRows = 256;

// oneDNN would fork a team of OpenMP threads beside the pool that called us. Its runtime is asked
// by name, because which one it is (libgomp, libomp) is oneDNN's choice, not ours. The setting
// belongs to the calling thread.
void use_one_thread() {
  using SetThreads = void (*)(int);
  static const auto set_threads =
      reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set_threads != nullptr) set_threads(1);
}

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::primitive_attr attributes(Linear::After after) {
  dnnl::post_ops post_ops;
  if (after == Linear::After::kGelu) {
#if DNNL_VERSION_MAJOR >= 3
    post_ops.append_eltwise(dnnl::algorithm::eltwise_gelu_erf, 0, 0);
#else
    post_ops.append_eltwise(1, dnnl::algorithm::eltwise_gelu_erf, 0, 0);
#endif
  } else if (after == Linear::After::kAddToDestination) {
    post_ops.append_sum(1);
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(post_ops);
  // With our scratchpad two threads may run one primitive at once.
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

dnnl::memory::desc matrix(size_t rows, size_t columns, Layout layout) {
  return {Dims{static_cast<int64_t>(rows), static_cast<int64_t>(columns)}, kFloat, layout};
}

dnnl::matmul::primitive_desc describe(const Linear::Shape& shape, size_t rows,
                                      const dnnl::memory::desc& weights) {
  const auto source = matrix(rows, shape.in, Layout::ab);
  const auto bias = matrix(1, shape.out, Layout::ab);
  const auto destination = matrix(rows, shape.out, Layout::ab);
#if DNNL_VERSION_MAJOR >= 3
  return {cpu(), source, weights, bias, destination, attributes(shape.after)};
#else
  return {dnnl::matmul::desc(source, weights, bias, destination), attributes(shape.after), cpu()};
#endif
}

float* data(const float* values) {
  return const_cast<float*>(values);
}

}  // namespace

struct Linear::Impl {
  struct Prepared {
    dnnl::matmul::primitive_desc description;
    dnnl::matmul primitive;
  };

  Shape shape;
  dnnl::memory weights;
  std::vector<float> bias;
  std::string implementation;
  std::mutex mutex;  // guards prepared; its entries are never removed or changed
  std::map<size_t, Prepared> prepared;

  const Prepared& prepare(size_t rows);
};

const Linear::Impl::Prepared& Linear::Impl::prepare(size_t rows) {
  const std::lock_guard lock(mutex);
  const auto found = prepared.find(rows);
  if (found != prepared.end()) return found->second;
  auto description = describe(shape, rows, weights.get_desc());
  return prepared.emplace(rows, Prepared{description, dnnl::matmul(description)}).first->second;
}

absl::StatusOr<Linear> Linear::make(const Shape& shape, std::span<const float> weight,
                                    std::span<const float> bias) {
  BOOKSTORE_CHECK(weight.size() == shape.in * shape.out && bias.size() == shape.out);
  use_one_thread();
  try {
    const auto any = describe(shape, kLayoutRows, matrix(shape.in, shape.out, Layout::any));
    auto impl = std::make_unique<Impl>();
    impl->shape = shape;
    impl->implementation = any.impl_info_str();
    impl->bias.assign(bias.begin(), bias.end());
    impl->weights = dnnl::memory(any.weights_desc(), cpu());
    // [out × in] as it lies in the file is the transposed [in × out].
    dnnl::memory given(matrix(shape.in, shape.out, Layout::ba), cpu(), data(weight.data()));
    dnnl::stream stream(cpu());
    dnnl::reorder(given, impl->weights).execute(stream, given, impl->weights);
    stream.wait();
    return Linear(std::move(impl));
  } catch (const dnnl::error& error) {
    return absl::InternalError(
        absl::StrCat("oneDNN refuses a ", shape.in, " by ", shape.out, " matrix: ", error.what()));
  }
}

void Linear::run(const float* source, size_t rows, float* destination) const {
  use_one_thread();
  const Impl::Prepared& prepared = impl_->prepare(rows);
  const auto& description = prepared.description;
  const dnnl::memory from(description.src_desc(), cpu(), data(source));
  const dnnl::memory to(description.dst_desc(), cpu(), destination);
  const dnnl::memory bias(matrix(1, impl_->shape.out, Layout::ab), cpu(), data(impl_->bias.data()));
  const dnnl::memory scratch(description.scratchpad_desc(), cpu());
  dnnl::stream stream(cpu());
  prepared.primitive.execute(stream, {{DNNL_ARG_SRC, from},
                                      {DNNL_ARG_WEIGHTS, impl_->weights},
                                      {DNNL_ARG_BIAS, bias},
                                      {DNNL_ARG_DST, to},
                                      {DNNL_ARG_SCRATCHPAD, scratch}});
  stream.wait();
}

const char* Linear::implementation() const {
  return impl_->implementation.c_str();
}

Linear::Linear(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;
Linear::~Linear() = default;

size_t padded_rows(size_t rows) {
  const size_t step = rows <= 64 ? 8 : rows <= 128 ? 16 : rows <= 256 ? 32 : 64;
  return (rows + step - 1) / step * step;
}

}  // namespace bookstore::embedding
