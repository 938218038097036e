#include "cli/embed.h"

#include <cstdio>
#include <numeric>

#include "absl/strings/str_format.h"
#include "cli/console.h"
#include "embedding/model.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

void print_vector(const embedding::Model& model, const std::string& text,
                  const std::vector<float>& vector) {
  json::Array numbers;
  for (const float number : vector) numbers.push_back(static_cast<double>(number));
  const json::Object line{{"text", text},
                          {"tokens", model.tokenise(text).size()},
                          {"model", model.revision()},
                          {"vector", numbers}};
  std::puts(json::write(line).c_str());
}

void print_cosines(const std::vector<std::string>& texts,
                   const std::vector<std::vector<float>>& vectors) {
  std::vector<std::vector<Cell>> rows;
  for (size_t a = 0; a < texts.size(); ++a)
    for (size_t b = a + 1; b < texts.size(); ++b) {
      const float cosine =
          std::inner_product(vectors[a].begin(), vectors[a].end(), vectors[b].begin(), 0.0f);
      rows.push_back({{absl::StrFormat("%.3f", cosine)}, {texts[a]}, {texts[b]}});
    }
  // On stderr: stdout is for the program that reads the vectors.
  Console(stderr).table({"cosine", "of", "and"}, rows);
}

}  // namespace

int embed(const std::filesystem::path& folder, bool own_model,
          const std::vector<std::string>& texts) {
  const auto model =
      own_model ? embedding::Model::load_unpinned(folder) : embedding::Model::load(folder);
  if (!model.ok()) return fail(model.status());
  const std::vector<std::vector<float>> vectors = model->encode(texts);
  for (size_t i = 0; i < texts.size(); ++i) print_vector(*model, texts[i], vectors[i]);
  if (texts.size() > 1) print_cosines(texts, vectors);
  return 0;
}

}  // namespace bookstore::cli
