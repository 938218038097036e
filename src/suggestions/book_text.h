#pragma once

#include <string>

#include "suggestions/book.h"

namespace bookstore::suggestions {

// The text of a book that is embedded, the same for indexing and for whoever compares with it:
//
//   Dune by Frank Herbert. science fiction, ecology. A desert planet …
//
// title, " by " and the authors, then the subjects, then the description; lists by ", ", parts by
// ". ", empty parts left out. The model reads 256 tokens, so a long description loses its end,
// never the title, authors or subjects.
std::string book_text(const Book& book);

// Tells whether a stored vector was made of this text: 16 hex digits of its XXH3-64.
std::string text_hash(const std::string& text);

}  // namespace bookstore::suggestions
