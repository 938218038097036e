#include "embedding/unicode.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace bookstore::embedding {
namespace {

struct Range {
  char32_t first, last;
};
struct ClassRange {
  char32_t first, last;
  uint8_t combining_class;
};
struct Pair {
  char32_t from, to;
};
struct Decomposition {
  char32_t from;
  uint16_t offset, length;  // in kDecomposed
};

#include "embedding/unicode_tables.inc"

template <class Entry, size_t kSize>
const Entry* find_range(const Entry (&table)[kSize], char32_t c) {
  const Entry* entry = std::upper_bound(
      std::begin(table), std::end(table), c,
      [](char32_t value, const Entry& candidate) { return value < candidate.first; });
  if (entry == std::begin(table) || (--entry)->last < c) return nullptr;
  return entry;
}

template <class Entry, size_t kSize>
const Entry* find_exact(const Entry (&table)[kSize], char32_t c) {
  const Entry* entry = std::lower_bound(
      std::begin(table), std::end(table), c,
      [](const Entry& candidate, char32_t value) { return candidate.from < value; });
  return entry != std::end(table) && entry->from == c ? entry : nullptr;
}

constexpr char32_t kReplacement = 0xFFFD;

// How many bytes a lead byte announces and the smallest code point that needs them.
struct Lead {
  int length;
  char32_t bits;
  char32_t smallest;
};
Lead classify_lead(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if ((byte & 0xE0) == 0xC0) return {2, static_cast<char32_t>(byte & 0x1F), 0x80};
  if ((byte & 0xF0) == 0xE0) return {3, static_cast<char32_t>(byte & 0x0F), 0x800};
  if ((byte & 0xF8) == 0xF0) return {4, static_cast<char32_t>(byte & 0x07), 0x10000};
  return {0, 0, 0};
}

uint8_t combining_class(char32_t c) {
  if (c < 0x300) return 0;
  const ClassRange* range = find_range(kCombiningClass, c);
  return range == nullptr ? 0 : range->combining_class;
}

// Unicode, section 3.12: a syllable is arithmetic on its leading, vowel and trailing jamo.
constexpr char32_t kSyllables = 0xAC00, kLeads = 0x1100, kVowels = 0x1161, kTrails = 0x11A7;
constexpr char32_t kVowelCount = 21, kTrailCount = 28, kSyllableCount = 19 * 21 * 28;

void append_decomposed(char32_t c, std::u32string& out) {
  if (c < 0xC0) {
    out.push_back(c);
  } else if (c - kSyllables < kSyllableCount) {
    const char32_t index = c - kSyllables;
    out.push_back(kLeads + index / (kVowelCount * kTrailCount));
    out.push_back(kVowels + index / kTrailCount % kVowelCount);
    if (index % kTrailCount != 0) out.push_back(kTrails + index % kTrailCount);
  } else if (const Decomposition* entry = find_exact(kDecomposition, c)) {
    out.append(kDecomposed + entry->offset, entry->length);
  } else {
    out.push_back(c);
  }
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const Lead lead = classify_lead(static_cast<unsigned char>(text[i]));
    char32_t c = lead.bits;
    int read = 1;
    while (read < lead.length && i + read < text.size() &&
           (static_cast<unsigned char>(text[i + read]) & 0xC0) == 0x80) {
      c = c << 6 | (static_cast<unsigned char>(text[i + read]) & 0x3F);
      ++read;
    }
    const bool well_formed =
        read == lead.length && c >= lead.smallest && c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
    out.push_back(well_formed ? c : kReplacement);
    i += well_formed ? read : 1;
  }
  return out;
}

void append_utf8(char32_t c, std::string& out) {
  const auto tail = [&](int shift) {
    out.push_back(static_cast<char>(0x80 | (c >> shift & 0x3F)));
  };
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | c >> 12));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xF0 | c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_dropped(char32_t c) {
  return find_range(kDropped, c) != nullptr;
}

bool is_space(char32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_cjk(char32_t c) {
  // Extension E begins at U+2B820; the reference says U+2B920, and ids are equal only with that.
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool is_punctuation(char32_t c) {
  return find_range(kPunctuation, c) != nullptr;
}

bool is_accent(char32_t c) {
  return c >= 0x300 && find_range(kAccent, c) != nullptr;
}

char32_t lower_case(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
  const Pair* pair = find_exact(kLower, c);
  return pair == nullptr ? c : pair->to;
}

void decompose(std::u32string& text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_decomposed(c, out);
  // Canonical order: within each run of nonzero classes, by class, equal ones as they came.
  for (auto run = out.begin(); run != out.end();) {
    if (combining_class(*run) == 0) {
      ++run;
      continue;
    }
    const auto end = std::find_if(run, out.end(), [](char32_t c) { return !combining_class(c); });
    std::stable_sort(
        run, end, [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    run = end;
  }
  text = std::move(out);
}

}  // namespace bookstore::embedding
