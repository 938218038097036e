#pragma once

#include <string>
#include <vector>

namespace bookstore::suggestions {

// What suggestions know of a book: the part of the catalogue that says what it is about.
struct Book {
  std::string id;
  std::string title;
  std::vector<std::string> authors;
  std::vector<std::string> subjects;
  std::string description;  // only where a text is embedded

  friend bool operator==(const Book&, const Book&) = default;
};

}  // namespace bookstore::suggestions
