#include "catalogue/book.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/ids.h"

namespace bookstore::catalogue {
namespace {

// Limits that no real book meets and every buffer downstream can rely on.
constexpr size_t kTitleBytesMax = 500;
constexpr size_t kListItemsMax = 50;
constexpr size_t kListItemBytesMax = 200;
constexpr size_t kDescriptionBytesMax = 8'000;
constexpr int64_t kPriceMinorMax = 100'000'000;
constexpr int64_t kStockMax = 1'000'000'000;

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int64_t> integer(std::string_view text, int64_t min, int64_t max) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value < min || value > max) return std::nullopt;
  return value;
}

// The length of the UTF-8 sequence at the front (RFC 3629: no overlong forms, no surrogates), or 0.
size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  const auto next = [&](size_t at, unsigned char low, unsigned char high) {
    return at < text.size() && byte(at) >= low && byte(at) <= high;
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return next(1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : 0xBF;
    return next(1, low, high) && next(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
    return next(1, low, high) && next(2, 0x80, 0xBF) && next(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

// Printable text: valid UTF-8 without control characters.
bool printable(std::string_view text) {
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x20 || lead == 0x7F) return false;
    const size_t size = utf8_sequence(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

// Items between ';', trimmed. Empty on an empty item or too many of them.
std::optional<std::vector<std::string>> split_list(std::string_view text) {
  std::vector<std::string> items;
  if (trim(text).empty()) return items;
  while (true) {
    const size_t end = text.find(';');
    const std::string_view item = trim(text.substr(0, end));
    if (item.empty() || item.size() > kListItemBytesMax) return std::nullopt;
    if (items.size() == kListItemsMax) return std::nullopt;
    items.emplace_back(item);
    if (end == std::string_view::npos) return items;
    text.remove_prefix(end + 1);
  }
}

bool capitals(std::string_view text, size_t size) {
  return text.size() == size &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool language_code(std::string_view text) {
  return (text.size() == 2 || text.size() == 3) &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

// The rule of each column, in the order of kColumns: sets the field, or says what is wrong.
using ColumnRule = std::function<std::string(const std::string&, Book&)>;

std::string read_authors(const std::string& text, Book& book) {
  auto list = split_list(text);
  if (!list.has_value() || list->empty()) return "is 1 to 50 names, separated by ';'";
  book.authors = std::move(*list);
  return "";
}

std::string read_subjects(const std::string& text, Book& book) {
  auto list = split_list(text);
  if (!list.has_value()) return "is at most 50 words, separated by ';'";
  book.subjects = std::move(*list);
  return "";
}

std::string read_isbn(const std::string& text, Book& book) {
  if (text.empty()) return "";
  if (!valid_isbn13(text)) return "is 13 digits with a right check digit, or empty";
  book.isbn13 = text;
  return "";
}

const ColumnRule kRules[] = {
    [](const std::string& text, Book& book) -> std::string {
      book.id = text;
      return base::valid_book_id(text) ? "" : "is 1 to 64 characters of A-Z a-z 0-9 _ . -";
    },
    read_isbn,
    [](const std::string& text, Book& book) -> std::string {
      book.title = trim(text);
      return !book.title.empty() && book.title.size() <= kTitleBytesMax ? "" : "is 1 to 500 bytes";
    },
    read_authors,
    [](const std::string& text, Book& book) -> std::string {
      const auto year = integer(text, -4000, 2200);
      book.year = static_cast<int32_t>(year.value_or(0));
      return year.has_value() ? "" : "is a whole number from -4000 to 2200";
    },
    [](const std::string& text, Book& book) -> std::string {
      book.language = text;
      return language_code(text) ? "" : "is a language code such as en";
    },
    read_subjects,
    [](const std::string& text, Book& book) -> std::string {
      book.description = trim(text);
      return book.description.size() <= kDescriptionBytesMax ? "" : "is at most 8000 bytes";
    },
    [](const std::string& text, Book& book) -> std::string {
      const auto price = integer(text, 1, kPriceMinorMax);
      book.price.minor = price.value_or(0);
      return price.has_value() ? "" : "is a whole number of minor units from 1 to 100000000";
    },
    [](const std::string& text, Book& book) -> std::string {
      book.price.currency = text;
      return capitals(text, 3) ? "" : "is a currency code such as EUR";
    },
    [](const std::string& text, Book& book) -> std::string {
      const auto stock = integer(text, 0, kStockMax);
      book.initial_stock = stock.value_or(0);
      return stock.has_value() ? "" : "is a whole number from 0 to 1000000000";
    },
};
static_assert(std::size(kRules) == kColumnCount);

}  // namespace

bool valid_isbn13(std::string_view text) {
  if (text.size() != 13 || (!text.starts_with("978") && !text.starts_with("979"))) return false;
  int sum = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] < '0' || text[at] > '9') return false;
    sum += (text[at] - '0') * (at % 2 == 0 ? 1 : 3);
  }
  return sum % 10 == 0;
}

std::variant<Book, BadRow> read_row(std::span<const std::string> fields) {
  if (fields.size() != kColumnCount) {
    return BadRow{"", "has " + std::to_string(fields.size()) + " fields, not " +
                          std::to_string(kColumnCount)};
  }
  Book book;
  for (size_t column = 0; column < kColumnCount; ++column) {
    const std::string& text = fields[column];
    std::string wrong =
        printable(text) ? kRules[column](text, book) : "is not printable UTF-8 text";
    if (!wrong.empty()) return BadRow{std::string(kColumns[column]), std::move(wrong)};
  }
  return book;
}

}  // namespace bookstore::catalogue
