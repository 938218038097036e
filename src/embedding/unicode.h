#pragma once

#include <string>
#include <string_view>

// The few Unicode facts that the tokeniser needs, each in the Unicode version that the reference
// tokeniser has it in (tools/make_unicode_tables.py says which). Pure; any thread.
namespace bookstore::embedding {

// Well-formed UTF-8 to code points; every ill-formed byte gives one U+FFFD, which is_dropped.
std::u32string decode_utf8(std::string_view text);
void append_utf8(char32_t code_point, std::string& out);

// Control, format and private use characters, and U+FFFD: they vanish and join their neighbours.
bool is_dropped(char32_t code_point);
// White_Space of Unicode.
bool is_space(char32_t code_point);
// The eight ranges that BERT splits into single characters. Neither kana nor Hangul.
bool is_cjk(char32_t code_point);
// Categories P*, and the ASCII symbols $+<=>^`|~.
bool is_punctuation(char32_t code_point);
// Category Mn.
bool is_accent(char32_t code_point);
// One code point to one: there is no final sigma and nothing grows.
char32_t lower_case(char32_t code_point);
// Canonical decomposition with canonical order (NFD), in place.
void decompose(std::u32string& text);

}  // namespace bookstore::embedding
