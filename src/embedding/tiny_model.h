#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace bookstore::embedding {

// For tests: a BERT of two layers with random weights, small enough for arithmetic in double to be
// its judge, written as the folder that Model::load_unpinned reads. The folder goes with it.
class TinyModel {
 public:
  enum class Names { kPlain, kPrefixed, kOld };  // "bert.…", and gamma/beta for weight/bias

  explicit TinyModel(Names names = Names::kPlain);
  ~TinyModel();
  TinyModel(const TinyModel&) = delete;
  TinyModel& operator=(const TinyModel&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  // The network and the pooling, one text, in double, as plainly as it can be written.
  std::vector<double> encode(const std::vector<int32_t>& ids) const;

  static constexpr size_t kWidth = 64, kHeads = 2, kInner = 96, kLayers = 2, kPositions = 256;

 private:
  using Matrix = std::vector<std::vector<double>>;

  void add_tensor(const std::string& name, std::vector<size_t> shape, float scale, float offset);
  void write_files(Names names) const;
  double at(const std::string& name, size_t index) const { return tensors_.at(name).values[index]; }
  Matrix linear(const Matrix& rows, const std::string& name, size_t out) const;
  void norm(Matrix& rows, const std::string& name) const;
  Matrix attend(const Matrix& q, const Matrix& k, const Matrix& v) const;

  struct Tensor {
    std::vector<size_t> shape;
    std::vector<float> values;
  };
  std::filesystem::path folder_;
  std::vector<std::string> vocabulary_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace bookstore::embedding
