#include "embedding/model.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "embedding/encoder.h"
#include "embedding/mapped_file.h"
#include "embedding/model_config.h"
#include "embedding/tokeniser.h"
#include "embedding/vocabulary.h"

namespace bookstore::embedding {
namespace {

// Part of the revision: counts the changes of tokenising, network or pooling that move vectors.
constexpr int kPipelineVersion = 1;
constexpr size_t kRevisionHashLength = 12;

constexpr char kConfig[] = "config.json";
constexpr char kVocabulary[] = "vocab.txt";
constexpr char kWeights[] = "model.safetensors";

absl::Status check_file(const MappedFile& file, const std::filesystem::path& path,
                        const Manifest& manifest, const ManifestFile& wanted) {
  const auto wrong = [&](const std::string& how) {
    return absl::FailedPreconditionError(absl::StrCat(path.string(), " is not the file of ",
                                                      base::absl_view(manifest.name), ": ", how));
  };
  if (file.bytes().size() != wanted.bytes) {
    return wrong(absl::StrCat("it has ", file.bytes().size(), " bytes instead of ", wanted.bytes));
  }
  if (base::to_hex(crypto::sha256(file.bytes())) != wanted.sha256) {
    return wrong("its SHA-256 is another");
  }
  return absl::OkStatus();
}

// The mapped bytes that were checked are the bytes that are used.
absl::StatusOr<std::map<std::string, MappedFile, std::less<>>> open_files(
    const std::filesystem::path& folder, const Manifest& manifest) {
  std::map<std::string, MappedFile, std::less<>> files;
  for (const ManifestFile& wanted : manifest.files) {
    const auto path = folder / wanted.name;
    BOOKSTORE_ASSIGN_OR_RETURN(auto file, MappedFile::open(path));
    BOOKSTORE_RETURN_IF_ERROR(check_file(file, path, manifest, wanted));
    files.emplace(wanted.name, std::move(file));
  }
  return files;
}

}  // namespace

struct Model::Impl {
  Vocabulary vocabulary;
  Encoder encoder;
  std::string revision;

  static absl::StatusOr<Model> make(std::map<std::string, MappedFile, std::less<>> files,
                                    std::string revision);
};

absl::StatusOr<Model> Model::Impl::make(std::map<std::string, MappedFile, std::less<>> files,
                                        std::string revision) {
  BOOKSTORE_ASSIGN_OR_RETURN(const auto config, parse_model_config(files.at(kConfig).bytes()));
  BOOKSTORE_ASSIGN_OR_RETURN(auto vocabulary, Vocabulary::parse(files.at(kVocabulary).bytes()));
  if (vocabulary.size() != config.vocabulary) {
    return absl::InvalidArgumentError(absl::StrCat(
        "vocab.txt has ", vocabulary.size(), " tokens, config.json says ", config.vocabulary));
  }
  if (config.positions < kTokensMax) {
    return absl::InvalidArgumentError(absl::StrCat("config.json: ", config.positions,
                                                   " positions are fewer than the ", kTokensMax,
                                                   " that texts are cut to"));
  }
  BOOKSTORE_ASSIGN_OR_RETURN(auto encoder, Encoder::make(config, std::move(files.at(kWeights))));
  return Model(std::make_unique<const Impl>(
      Impl{std::move(vocabulary), std::move(encoder), std::move(revision)}));
}

absl::StatusOr<Model> Model::load(const std::filesystem::path& folder, const Manifest& manifest) {
  BOOKSTORE_ASSIGN_OR_RETURN(auto files, open_files(folder, manifest));
  std::string revision(manifest.name);
  for (const ManifestFile& file : manifest.files) {
    if (file.name != kWeights) continue;
    absl::StrAppend(&revision, "-", base::absl_view(file.sha256.substr(0, kRevisionHashLength)));
  }
  absl::StrAppend(&revision, ".", kPipelineVersion);
  return Impl::make(std::move(files), std::move(revision));
}

absl::StatusOr<Model> Model::load_unpinned(const std::filesystem::path& folder) {
  std::map<std::string, MappedFile, std::less<>> files;
  crypto::Sha256 all;
  for (const char* name : {kConfig, kVocabulary, kWeights}) {
    BOOKSTORE_ASSIGN_OR_RETURN(auto file, MappedFile::open(folder / name));
    all.update(file.bytes());
    files.emplace(name, std::move(file));
  }
  const std::string hash = base::to_hex(all.finish()).substr(0, kRevisionHashLength);
  return Impl::make(std::move(files), absl::StrCat("own-", hash, ".", kPipelineVersion));
}

Model::Model(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

std::vector<std::vector<float>> Model::encode(std::span<const std::string> texts) const {
  std::vector<std::vector<TokenId>> ids;
  ids.reserve(texts.size());
  for (const std::string& text : texts) ids.push_back(tokenise(text));
  return impl_->encoder.encode(ids);
}

std::vector<float> Model::encode(const std::string& text) const {
  return std::move(encode(std::span(&text, 1)).front());
}

std::vector<int32_t> Model::tokenise(std::string_view text) const {
  return embedding::tokenise(impl_->vocabulary, text, kTokensMax);
}

size_t Model::width() const {
  return impl_->encoder.config().width;
}
const std::string& Model::revision() const {
  return impl_->revision;
}
std::string Model::implementation() const {
  return impl_->encoder.implementation();
}

}  // namespace bookstore::embedding
