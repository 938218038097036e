#include "orchestrator/book_json.h"

#include "http/message.h"
#include "json/json.h"

namespace bookstore::orchestrator {
namespace {

template <class Range>
json::Array texts(const Range& range) {
  json::Array array;
  for (const auto& text : range) array.push_back(json::Value(text));
  return array;
}

}  // namespace

std::string book_path(const std::string& book_id) {
  return "/v1/books/" + http::percent_encode(book_id);
}

json::Object book_json(const catalogue::Book& book, std::optional<int64_t> available) {
  json::Object object;
  object["id"] = book.id;
  if (book.isbn13) object["isbn13"] = *book.isbn13;
  object["title"] = book.title;
  object["authors"] = texts(book.authors);
  object["year"] = book.year;
  object["language"] = book.language;
  object["subjects"] = texts(book.subjects);
  object["description"] = book.description;
  object["price"] = {{"currency", book.price.currency}, {"minor", book.price.minor}};
  if (available) object["available"] = *available;
  const std::string self = book_path(book.id);
  object["links"] = {{"self", self}, {"similar", self + "/similar"}};
  return object;
}

json::Object suggestion_json(const contracts::suggestions::Suggestion& suggestion) {
  json::Object object;
  object["book_id"] = suggestion.book_id();
  object["title"] = suggestion.title();
  object["authors"] = texts(suggestion.authors());
  object["score"] = suggestion.score();
  object["reason"] = suggestion.reason();
  object["links"] = {{"self", book_path(suggestion.book_id())}};
  return object;
}

}  // namespace bookstore::orchestrator
