#include "embedding/vocabulary.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "embedding/unicode.h"

namespace bookstore::embedding {
namespace {

// A longer word is one [UNK]; in code points, after normalising.
constexpr size_t kWordMax = 100;
constexpr std::string_view kContinuation = "##";

}  // namespace

void Word::clear() {
  bytes.clear();
  starts.clear();
}

void Word::push(char32_t code_point) {
  starts.push_back(bytes.size());
  append_utf8(code_point, bytes);
}

absl::StatusOr<Vocabulary> Vocabulary::parse(std::string_view text) {
  Vocabulary vocabulary;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    BOOKSTORE_RETURN_IF_ERROR(vocabulary.add_line(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  BOOKSTORE_RETURN_IF_ERROR(vocabulary.find_specials());
  return vocabulary;
}

absl::Status Vocabulary::add_line(std::string_view line) {
  const bool continues = line.starts_with(kContinuation) && line.size() > kContinuation.size();
  const std::string_view piece = continues ? line.substr(kContinuation.size()) : line;
  const TokenId id = static_cast<TokenId>(size_++);
  if (piece.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("vocabulary line ", size_, " is empty"));
  }
  piece_bytes_max_ = std::max(piece_bytes_max_, piece.size());
  if (!(continues ? continuations_ : starts_).emplace(piece, id).second) {
    return absl::InvalidArgumentError(
        absl::StrCat("vocabulary line ", size_, " repeats an earlier token"));
  }
  return absl::OkStatus();
}

absl::Status Vocabulary::find_specials() {
  for (const char* name : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
    const auto found = starts_.find(name);
    if (found == starts_.end()) {
      return absl::InvalidArgumentError(absl::StrCat("vocabulary has no ", name));
    }
    specials_.push_back({name, found->second});
  }
  unknown_ = starts_.find("[UNK]")->second;
  begin_ = starts_.find("[CLS]")->second;
  end_ = starts_.find("[SEP]")->second;
  return absl::OkStatus();
}

bool Vocabulary::match(const Word& word, std::vector<TokenId>& out) const {
  const std::string_view bytes = word.bytes;
  for (size_t first = 0; first < word.length();) {
    const size_t from = word.starts[first];
    const Map& map = first == 0 ? starts_ : continuations_;
    size_t end = word.length();  // one past the piece's last code point
    for (; end > first; --end) {
      const size_t to = end == word.length() ? bytes.size() : word.starts[end];
      if (to - from > piece_bytes_max_) continue;
      if (const auto found = map.find(bytes.substr(from, to - from)); found != map.end()) {
        out.push_back(found->second);
        break;
      }
    }
    if (end == first) return false;
    first = end;
  }
  return true;
}

void Vocabulary::append_pieces(const Word& word, std::vector<TokenId>& out) const {
  if (word.empty()) return;
  const size_t before = out.size();
  if (word.length() <= kWordMax && match(word, out)) return;
  out.resize(before);
  out.push_back(unknown_);
}

}  // namespace bookstore::embedding
