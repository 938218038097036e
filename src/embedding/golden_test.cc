#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "embedding/model.h"
#include "json/json.h"

namespace bookstore::embedding {
namespace {

namespace fs = std::filesystem;

// The folder that an environment variable names, else the first of `defaults` that is there.
std::optional<fs::path> find_folder(const char* variable,
                                    std::initializer_list<const char*> defaults, const char* file) {
  if (const char* named = std::getenv(variable); named != nullptr && *named != '\0') return named;
  for (const char* relative : defaults) {
    const fs::path folder = fs::path(BOOKSTORE_SOURCE_DIR) / relative;
    if (fs::exists(folder / file)) return folder;
  }
  return std::nullopt;
}

struct GoldenLine {
  std::string text;
  std::vector<int32_t> ids;
  std::vector<double> embedding;
};

GoldenLine parse_line(const std::string& line) {
  const auto value = json::parse(line, {.bytes_max = 1 << 20});
  EXPECT_TRUE(value.ok()) << value.status();
  const auto& object = value->get_object();
  GoldenLine golden{std::string(object.at("text").get_string()), {}, {}};
  for (const auto& id : object.at("ids").get_array()) golden.ids.push_back(id.to_number<int32_t>());
  for (const auto& x : object.at("embedding").get_array()) {
    golden.embedding.push_back(x.to_number<double>());
  }
  return golden;
}

double cosine(const std::vector<float>& a, const std::vector<double>& b) {
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += a[i] * b[i];
    aa += double{a[i]} * a[i];
    bb += b[i] * b[i];
  }
  return dot / std::sqrt(aa * bb);
}

// What the reference implementation gave for the real model. The texts are not ours to tune to.
class Golden : public testing::Test {
 protected:
  void SetUp() override {
    const auto folder = find_folder("BOOKSTORE_GOLDEN", {"../shared/golden"}, "embeddings.jsonl");
    if (!folder) GTEST_SKIP() << "no golden vectors: BOOKSTORE_GOLDEN is not set";
    const auto model_folder =
        find_folder("BOOKSTORE_MODEL_DIR", {".cache/model", "var/model"}, "model.safetensors");
    if (!model_folder) GTEST_SKIP() << "no model: BOOKSTORE_MODEL_DIR is not set";
    auto model = Model::load(*model_folder);
    ASSERT_TRUE(model.ok()) << model.status();
    model_.emplace(std::move(*model));
    std::ifstream file(*folder / "embeddings.jsonl");
    for (std::string line; std::getline(file, line);) lines_.push_back(parse_line(line));
    ASSERT_GT(lines_.size(), 200u);
  }

  std::optional<Model> model_;
  std::vector<GoldenLine> lines_;
};

TEST_F(Golden, EveryTextHasTheSameIdsAndTheSameVector) {
  constexpr double kCosineMin = 0.9999;
  double worst = 1;
  for (const GoldenLine& line : lines_) {
    EXPECT_EQ(model_->tokenise(line.text), line.ids) << line.text;
    const auto vector = model_->encode(line.text);
    ASSERT_EQ(vector.size(), line.embedding.size());
    const double near = cosine(vector, line.embedding);
    EXPECT_GE(near, kCosineMin) << line.text;
    worst = std::min(worst, near);
  }
  std::cout << "smallest cosine: 1 - " << 1 - worst << "\n";
}

TEST_F(Golden, ABatchGivesTheVectorsOfItsTexts) {
  std::vector<std::string> texts;
  for (const GoldenLine& line : lines_) texts.push_back(line.text);
  const auto vectors = model_->encode(texts);
  ASSERT_EQ(vectors.size(), lines_.size());
  for (size_t i = 0; i < vectors.size(); ++i) {
    EXPECT_GE(cosine(vectors[i], lines_[i].embedding), 0.9999) << texts[i];
  }
}

}  // namespace
}  // namespace bookstore::embedding
