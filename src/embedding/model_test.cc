#include "embedding/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <random>
#include <thread>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "embedding/tiny_model.h"

namespace bookstore::embedding {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> random_texts(size_t count) {
  std::mt19937 engine(42);
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) {
    std::string text;
    // Lengths from nothing to past the cut, so that passes begin and end everywhere.
    for (size_t words = engine() % 300; words > 0; --words) {
      text += std::array{"a ", "book ", "shop", "s ", ". ", "unknown "}[engine() % 6];
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

void expect_near(const std::vector<float>& got, const std::vector<double>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], wanted[i], 2e-6) << i;
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Model, GivesTheVectorsOfPlainArithmeticUnderEveryNaming) {
  for (const auto names :
       {TinyModel::Names::kPlain, TinyModel::Names::kPrefixed, TinyModel::Names::kOld}) {
    const TinyModel tiny(names);
    const auto model = Model::load_unpinned(tiny.folder());
    ASSERT_TRUE(model.ok()) << model.status();
    for (const char* text : {"", "a", "book shops", "a book. A shop. unknown", "[MASK]"}) {
      expect_near(model->encode(text), tiny.encode(model->tokenise(text)));
    }
  }
}

TEST(Model, ABatchIsItsTextsOneByOne) {
  const TinyModel tiny;
  const auto model = Model::load_unpinned(tiny.folder());
  ASSERT_TRUE(model.ok()) << model.status();
  const auto texts = random_texts(40);
  const auto vectors = model->encode(texts);
  ASSERT_EQ(vectors.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto alone = model->encode(texts[i]);
    expect_near(alone, {vectors[i].begin(), vectors[i].end()});
    EXPECT_LE(model->tokenise(texts[i]).size(), kTokensMax);
  }
  EXPECT_TRUE(model->encode(std::span<const std::string>()).empty());
}

TEST(Model, ThreadsDoNotDisturbEachOther) {
  const TinyModel tiny;
  const auto model = Model::load_unpinned(tiny.folder());
  ASSERT_TRUE(model.ok()) << model.status();
  const auto texts = random_texts(20);
  const auto wanted = model->encode(texts);
  std::vector<std::vector<std::vector<float>>> got(6);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : got) threads.emplace_back([&] { mine = model->encode(texts); });
  }
  for (const auto& mine : got) EXPECT_EQ(mine, wanted);
}

class PinnedModel : public testing::Test {
 protected:
  void SetUp() override {
    const char* names[] = {"config.json", "vocab.txt", "model.safetensors"};
    for (size_t i = 0; i < files_.size(); ++i) {
      const std::string bytes = read_file(tiny_.folder() / names[i]);
      hashes_[i] = base::to_hex(crypto::sha256(bytes));
      files_[i] = {names[i], bytes.size(), hashes_[i]};
    }
  }
  absl::Status load() { return Model::load(tiny_.folder(), {"tiny", files_}).status(); }
  void expect_refused(const char* file, const char* why) {
    const absl::Status status = load();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(file));
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(why));
  }

  const TinyModel tiny_;
  std::array<ManifestFile, 3> files_;
  std::array<std::string, 3> hashes_;
};

TEST_F(PinnedModel, LoadsWhatTheManifestNamesAndSaysItInTheRevision) {
  const auto model = Model::load(tiny_.folder(), {"tiny", files_});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->revision(), "tiny-" + hashes_[2].substr(0, 12) + ".1");
  EXPECT_EQ(model->width(), TinyModel::kWidth);
}

TEST_F(PinnedModel, RefusesAFileOfAnotherSizeOrContent) {
  const fs::path vocab = tiny_.folder() / "vocab.txt";
  const std::string bytes = read_file(vocab);
  write_file(vocab, bytes + "x\n");
  expect_refused("vocab.txt", "bytes instead of");
  std::string changed = bytes;
  changed[changed.find("book")] = 'l';
  write_file(vocab, changed);
  expect_refused("vocab.txt", "SHA-256");
}

TEST_F(PinnedModel, RefusesAMissingFile) {
  fs::remove(tiny_.folder() / "model.safetensors");
  EXPECT_EQ(load().code(), absl::StatusCode::kNotFound);
}

TEST(UnpinnedModel, RefusesFilesThatDoNotFitEachOther) {
  const TinyModel tiny;
  const std::string good = read_file(tiny.folder() / "config.json");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string config = good;
    config.replace(config.find(from), from.size(), to);
    write_file(tiny.folder() / "config.json", config);
    return Model::load_unpinned(tiny.folder()).status();
  };
  EXPECT_TRUE(with("gelu", "gelu").ok());
  for (const auto& [from, to] : std::initializer_list<std::pair<const char*, const char*>>{
           {"gelu", "relu"},
           {"\"bert\"", "\"mpnet\""},
           {"\"vocab_size\":10", "\"vocab_size\":11"},
           {"\"hidden_size\":64", "\"hidden_size\":96"},
           {"\"num_hidden_layers\":2", "\"num_hidden_layers\":3"},
           {"\"num_attention_heads\":2", "\"num_attention_heads\":3"},
           {"\"num_attention_heads\":2", "\"num_attention_heads\":4"},
           {"\"intermediate_size\":96", "\"intermediate_size\":128"},
           {"\"max_position_embeddings\":256", "\"max_position_embeddings\":128"},
           {"1e-12", "0.5"},
           {"{", "["}}) {
    EXPECT_EQ(with(from, to).code(), absl::StatusCode::kInvalidArgument) << from << " → " << to;
  }
}

}  // namespace
}  // namespace bookstore::embedding
