#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "embedding/vocabulary.h"

namespace bookstore::embedding {

// BERT's uncased WordPiece, id for id what the Hugging Face "fast" tokeniser gives for
// all-MiniLM-L6-v2: special tokens are cut out of the raw text, then clean, space CJK, decompose,
// drop accents, lower case, split at whitespace and around punctuation, longest match first.
//
// The result is [CLS] … [SEP], cut to `length_max` ids in all (>= 2). A text that spells a special
// token, such as "[SEP]", gets that token's id, as in the reference. Bytes that are not UTF-8 are
// dropped. Pure; any thread; time and memory are linear in the text.
std::vector<TokenId> tokenise(const Vocabulary& vocabulary, std::string_view text,
                              size_t length_max);

}  // namespace bookstore::embedding
