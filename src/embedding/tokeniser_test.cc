#include "embedding/tokeniser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "embedding/unicode.h"

namespace bookstore::embedding {
namespace {

// A vocabulary small enough to read; ids are line numbers from 0.
Vocabulary small_vocabulary() {
  std::string text;
  for (const char* token :
       {"[PAD]", "[UNK]",    "[CLS]", "[SEP]", "[MASK]", "a",     "book",    "shop",
        "##s",   "##shop",   "##e",   "##é",   "e",      "etude", "strasse", "straße",
        "i",     "istanbul", "!",     ".",     "中",     "文",    "ᄒ",      "##ᅡ",
        "##ᆫ",   "я",        "σ",     "##σ",   "##a"}) {
    text += token;
    text += '\n';
  }
  auto vocabulary = Vocabulary::parse(text);
  EXPECT_TRUE(vocabulary.ok()) << vocabulary.status();
  return std::move(*vocabulary);
}

enum Id : TokenId { kPad, kUnk, kCls, kSep, kMask, kA, kBook, kShop, kS, kShopPart };

class TokeniserTest : public testing::Test {
 protected:
  std::vector<TokenId> ids(std::string_view text, size_t length_max = 256) const {
    return tokenise(vocabulary_, text, length_max);
  }
  // The same token ids as a sentence of known words.
  void expect_same(std::string_view a, std::string_view b) const { EXPECT_EQ(ids(a), ids(b)) << a; }

  const Vocabulary vocabulary_ = small_vocabulary();
};

TEST_F(TokeniserTest, TheLongestPieceWinsAndTheRestContinuesTheWord) {
  EXPECT_EQ(ids("bookshop"), (std::vector<TokenId>{kCls, kBook, kShopPart, kSep}));
  EXPECT_EQ(ids("book shops"), (std::vector<TokenId>{kCls, kBook, kShop, kS, kSep}));
  EXPECT_EQ(ids(""), (std::vector<TokenId>{kCls, kSep}));
}

TEST_F(TokeniserTest, AWordWithOneUnknownPartIsOneUnknown) {
  EXPECT_EQ(ids("bookx a"), (std::vector<TokenId>{kCls, kUnk, kA, kSep}));
}

TEST_F(TokeniserTest, AWordOfMoreThanAHundredCharactersIsUnknown) {
  EXPECT_EQ(ids(std::string(100, 'a')).size(), 102u);
  EXPECT_EQ(ids(std::string(101, 'a')), (std::vector<TokenId>{kCls, kUnk, kSep}));
  // Counted after accents are gone.
  std::string accented;
  for (int i = 0; i < 100; ++i) accented += "a\u0301";
  EXPECT_EQ(ids(accented).size(), 102u);
}

TEST_F(TokeniserTest, SpecialTokensAreCutOutOfTheRawText) {
  EXPECT_EQ(ids("[MASK]book"), (std::vector<TokenId>{kCls, kMask, kBook, kSep}));
  EXPECT_EQ(ids("a[SEP][PAD]a"), (std::vector<TokenId>{kCls, kA, kSep, kPad, kA, kSep}));
  EXPECT_EQ(ids("[mask]"), (std::vector<TokenId>{kCls, kUnk, kUnk, kUnk, kSep}));
}

TEST_F(TokeniserTest, AccentsCaseAndCompositionDoNotMatter) {
  expect_same("\u00C9tude", "etude");
  expect_same("E\u0301TUDE", "etude");
  expect_same("\u0130stanbul", "istanbul");  // I with dot: a mark, then lower case
  expect_same("STRASSE", "strasse");
  EXPECT_NE(ids("straße"), ids("strasse"));     // sharp s is a letter of its own
  expect_same("\uD55C", "\u1112\u1161\u11AB");  // a Hangul syllable is its jamo
  expect_same("\u03A3\u03A3", "\u03C3\u03C3");  // no final sigma
}

TEST_F(TokeniserTest, InvisibleCharactersJoinAndSpacesSplit) {
  expect_same("bo\u00ADok", "book");  // soft hyphen
  expect_same("bo\u200D\uFEFFok", "book");
  expect_same(std::string_view("bo\0ok", 5), "book");
  expect_same("a\u3000a\u2028a\ta", "a a a a");
  expect_same("bo\xFFok", "book");  // not UTF-8
}

TEST_F(TokeniserTest, PunctuationAndCjkStandAlone) {
  expect_same("a!a.", "a ! a .");
  expect_same("a中文a", "a 中 文 a");
}

TEST_F(TokeniserTest, CutToTheLengthWithBothEnds) {
  EXPECT_EQ(ids("a a a a", 4), (std::vector<TokenId>{kCls, kA, kA, kSep}));
  EXPECT_EQ(ids("bookshop", 3), (std::vector<TokenId>{kCls, kBook, kSep}));
  EXPECT_EQ(ids("a", 2), (std::vector<TokenId>{kCls, kSep}));
}

TEST(Vocabulary, RefusesWhatCannotBeAVocabulary) {
  const std::string specials = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  EXPECT_TRUE(Vocabulary::parse(specials).ok());
  EXPECT_FALSE(Vocabulary::parse("").ok());
  EXPECT_FALSE(Vocabulary::parse("[PAD]\n[UNK]\n[CLS]\n[SEP]\n").ok());
  EXPECT_FALSE(Vocabulary::parse(specials + "a\n\nb\n").ok());
  EXPECT_FALSE(Vocabulary::parse(specials + "a\nb\na\n").ok());
  EXPECT_TRUE(Vocabulary::parse(specials + "a\n##a").ok());
}

RC_GTEST_PROP(Unicode, Utf8OfAnyTextReadsBack, ()) {
  std::u32string text;
  for (const auto c : *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange(0, 0x110000))) {
    if (c < 0xD800 || c > 0xDFFF) text.push_back(c);
  }
  std::string bytes;
  for (const char32_t c : text) append_utf8(c, bytes);
  RC_ASSERT(decode_utf8(bytes) == text);
}

RC_GTEST_PROP(Unicode, AnyBytesDecodeAndOnlyGoodOnesSurvive, (const std::string& bytes)) {
  const std::u32string text = decode_utf8(bytes);
  RC_ASSERT(text.size() <= bytes.size());
  std::string again;
  for (const char32_t c : text) append_utf8(c, again);
  RC_ASSERT(decode_utf8(again) == text);
}

TEST(Unicode, IllFormedUtf8NeverMakesACharacter) {
  for (const char* bytes : {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC3",
                            "\xF0\x9F\x98", "\x80", "\xFE"}) {
    for (const char32_t c : decode_utf8(bytes)) EXPECT_EQ(c, 0xFFFDu) << bytes;
  }
}

RC_GTEST_PROP(Unicode, DecomposingTwiceChangesNothing, ()) {
  std::u32string text;
  // Mostly letters with marks, where order and composition matter.
  const auto code_point = rc::gen::oneOf(
      rc::gen::inRange<uint32_t>(0x41, 0x250), rc::gen::inRange<uint32_t>(0x300, 0x370),
      rc::gen::inRange<uint32_t>(0x1E00, 0x2000), rc::gen::inRange<uint32_t>(0xAC00, 0xD7B0),
      rc::gen::inRange<uint32_t>(0x1D100, 0x1D200));
  for (const auto c : *rc::gen::container<std::vector<uint32_t>>(code_point)) text.push_back(c);
  decompose(text);
  std::u32string again = text;
  decompose(again);
  RC_ASSERT(again == text);
}

RC_GTEST_PROP(Tokeniser, AShorterLimitGivesABeginningOfTheLonger, (const std::string& text)) {
  static const Vocabulary vocabulary = small_vocabulary();
  const auto whole = tokenise(vocabulary, text, 256);
  const auto length = *rc::gen::inRange<size_t>(2, 20);
  auto part = tokenise(vocabulary, text, length);
  RC_ASSERT(part.size() == std::min(length, whole.size()));
  RC_ASSERT(part.back() == kSep);
  part.pop_back();
  RC_ASSERT(std::equal(part.begin(), part.end(), whole.begin()));
}

}  // namespace
}  // namespace bookstore::embedding
