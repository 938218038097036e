#include "suggestions/book_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/bytes.h"

namespace bookstore::suggestions {

std::string book_text(const Book& book) {
  std::string text = book.title;
  if (!book.authors.empty()) absl::StrAppend(&text, " by ", absl::StrJoin(book.authors, ", "));
  if (!book.subjects.empty()) absl::StrAppend(&text, ". ", absl::StrJoin(book.subjects, ", "));
  if (!book.description.empty()) absl::StrAppend(&text, ". ", book.description);
  return text;
}

std::string text_hash(const std::string& text) {
  return absl::StrCat(absl::Hex(base::hash64(text), absl::kZeroPad16));
}

}  // namespace bookstore::suggestions
