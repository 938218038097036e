#include "embedding/tokeniser.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "embedding/unicode.h"

namespace bookstore::embedding {
namespace {

// What the reference calls BertNormalizer.
std::u32string normalise(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (const char32_t c : decode_utf8(text)) {
    // Tab and line ends are control characters too, and are asked first: they separate words.
    if (c == '\t' || c == '\n' || c == '\r') {
      result.push_back(' ');
    } else if (is_dropped(c)) {
      continue;
    } else if (is_cjk(c)) {
      result.append({U' ', c, U' '});
    } else {
      result.push_back(c);
    }
  }
  decompose(result);
  std::erase_if(result, is_accent);
  std::transform(result.begin(), result.end(), result.begin(), lower_case);
  return result;
}

// A stretch without special tokens. Stops once `ids` has `length_max` of them: an id depends on
// nothing to its right but its own word.
void append_words(const Vocabulary& vocabulary, std::string_view text, size_t length_max,
                  std::vector<TokenId>& ids) {
  Word word;
  const auto end_word = [&] {
    vocabulary.append_pieces(word, ids);
    word.clear();
  };
  for (const char32_t c : normalise(text)) {
    if (ids.size() >= length_max) return;
    if (is_space(c)) {
      end_word();
    } else if (is_punctuation(c)) {
      end_word();
      word.push(c);
      end_word();
    } else {
      word.push(c);
    }
  }
  end_word();
}

// The first special token at or after the start of `text`, with its position. No special token
// begins another, so the first found is the one meant.
const SpecialToken* find_special(const std::vector<SpecialToken>& specials, std::string_view text,
                                 size_t& position) {
  for (position = text.find('['); position != text.npos; position = text.find('[', position + 1)) {
    for (const SpecialToken& special : specials) {
      if (text.substr(position).starts_with(special.text)) return &special;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<TokenId> tokenise(const Vocabulary& vocabulary, std::string_view text,
                              size_t length_max) {
  BOOKSTORE_CHECK(length_max >= 2, length_max);
  const size_t content_end = length_max - 1;  // the last place belongs to [SEP]
  std::vector<TokenId> ids = {vocabulary.begin_id()};
  while (!text.empty() && ids.size() < content_end) {
    size_t position = 0;
    const SpecialToken* special = find_special(vocabulary.specials(), text, position);
    if (special == nullptr) position = text.size();
    append_words(vocabulary, text.substr(0, position), content_end, ids);
    text.remove_prefix(position);
    if (special == nullptr) continue;
    ids.push_back(special->id);
    text.remove_prefix(special->text.size());
  }
  ids.resize(std::min(ids.size(), content_end));
  ids.push_back(vocabulary.end_id());
  return ids;
}

}  // namespace bookstore::embedding
