#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bookstore::embedding {

using TokenId = int32_t;

// One normalised word in UTF-8, with the offset of each of its code points.
struct Word {
  std::string bytes;
  std::vector<size_t> starts;

  void clear();
  void push(char32_t code_point);
  bool empty() const { return starts.empty(); }
  size_t length() const { return starts.size(); }
};

struct SpecialToken {
  std::string text;
  TokenId id;
};

// The pieces of WordPiece and how a word falls into them. Immutable; any thread.
class Vocabulary {
 public:
  // One token a line, the line's number is its id. InvalidArgument when a token is empty or appears
  // twice, or when one of [PAD] [UNK] [CLS] [SEP] [MASK] is missing.
  static absl::StatusOr<Vocabulary> parse(std::string_view text);

  // Greedy longest match; one [UNK] for a word that is too long or has a part that is no piece.
  void append_pieces(const Word& word, std::vector<TokenId>& out) const;

  const std::vector<SpecialToken>& specials() const { return specials_; }
  TokenId begin_id() const { return begin_; }
  TokenId end_id() const { return end_; }
  size_t size() const { return size_; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Map = std::unordered_map<std::string, TokenId, Hash, std::equal_to<>>;

  absl::Status add_line(std::string_view line);
  absl::Status find_specials();
  // False when a part of the word is no piece; `out` then holds the pieces before it.
  bool match(const Word& word, std::vector<TokenId>& out) const;

  Map starts_;         // pieces that begin a word
  Map continuations_;  // the others, without their "##"
  std::vector<SpecialToken> specials_;
  size_t size_ = 0;
  size_t piece_bytes_max_ = 0;
  TokenId unknown_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace bookstore::embedding
