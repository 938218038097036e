#include "transaction_verification/card_brand.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace bookstore::transaction_verification {
namespace {

constexpr uint32_t lengths(std::initializer_list<int> values) {
  uint32_t mask = 0;
  for (const int value : values) mask |= 1u << value;
  return mask;
}

constexpr Brand kVisa{"visa", 3, true};
constexpr Brand kMastercard{"mastercard", 3, true};
constexpr Brand kAmex{"amex", 4, true};
constexpr Brand kDiscover{"discover", 3, true};
constexpr Brand kDiners{"diners", 3, true};
constexpr Brand kJcb{"jcb", 3, true};
constexpr Brand kUnionPay{"unionpay", 3, false};
constexpr Brand kMaestro{"maestro", 3, true};
constexpr Brand kMir{"mir", 3, true};
constexpr Brand kElo{"elo", 3, true};
constexpr Brand kHiper{"hiper", 3, true};
constexpr Brand kHipercard{"hipercard", 3, true};
constexpr Brand kTroy{"troy", 3, true};
constexpr Brand kVerve{"verve", 3, true};
constexpr Brand kNaranja{"naranja", 3, true};

constexpr uint32_t k16 = lengths({16});
constexpr uint32_t k16To19 = lengths({16, 17, 18, 19});
// 13 digits were issued until the nineties and live on in public test numbers.
constexpr uint32_t kVisaLengths = lengths({13, 16, 18, 19});
constexpr uint32_t kDinersLengths = lengths({14, 16, 19});
// 2131 and 1800 are JCB's old fifteen-digit numbers.
constexpr uint32_t kJcbOldLengths = lengths({15, 16, 17, 18, 19});
constexpr uint32_t kUnionPayLengths = lengths({14, 15, 16, 17, 18, 19});
constexpr uint32_t kMaestroLengths = lengths({12, 13, 14, 15, 16, 17, 18, 19});
constexpr uint32_t kVerveLengths = lengths({16, 18, 19});

// Facts published by the schemes, as the payment libraries have them (card_brand_test.cc names
// their vectors). Overlaps of one brand with itself are merged.
constexpr auto kRanges = std::to_array<IinRange>({
    {63737423, 63737423, 8, &kHiper, k16},
    {63743358, 63743358, 8, &kHiper, k16},

    {401178, 401179, 6, &kElo, k16},
    {431274, 431274, 6, &kElo, k16},
    {438935, 438935, 6, &kElo, k16},
    {451416, 451416, 6, &kElo, k16},
    {457393, 457393, 6, &kElo, k16},
    {457631, 457632, 6, &kElo, k16},
    {493698, 493698, 6, &kMaestro, kMaestroLengths},
    {500000, 504174, 6, &kMaestro, kMaestroLengths},
    {504175, 504175, 6, &kElo, k16},
    {504176, 506098, 6, &kMaestro, kMaestroLengths},
    {506099, 506127, 6, &kVerve, kVerveLengths},
    {506128, 506128, 6, &kMaestro, kMaestroLengths},
    {506129, 506129, 6, &kVerve, kVerveLengths},
    {506130, 506132, 6, &kMaestro, kMaestroLengths},
    {506133, 506150, 6, &kVerve, kVerveLengths},
    {506151, 506157, 6, &kMaestro, kMaestroLengths},
    {506158, 506163, 6, &kVerve, kVerveLengths},
    {506164, 506165, 6, &kMaestro, kMaestroLengths},
    {506166, 506166, 6, &kVerve, kVerveLengths},
    {506167, 506167, 6, &kMaestro, kMaestroLengths},
    {506168, 506168, 6, &kVerve, kVerveLengths},
    {506169, 506169, 6, &kMaestro, kMaestroLengths},
    {506170, 506170, 6, &kVerve, kVerveLengths},
    {506171, 506172, 6, &kMaestro, kMaestroLengths},
    {506173, 506173, 6, &kVerve, kVerveLengths},
    {506174, 506175, 6, &kMaestro, kMaestroLengths},
    {506176, 506180, 6, &kVerve, kVerveLengths},
    {506181, 506183, 6, &kMaestro, kMaestroLengths},
    {506184, 506184, 6, &kVerve, kVerveLengths},
    {506185, 506186, 6, &kMaestro, kMaestroLengths},
    {506187, 506188, 6, &kVerve, kVerveLengths},
    {506189, 506190, 6, &kMaestro, kMaestroLengths},
    {506191, 506191, 6, &kVerve, kVerveLengths},
    {506192, 506194, 6, &kMaestro, kMaestroLengths},
    {506195, 506195, 6, &kVerve, kVerveLengths},
    {506196, 506196, 6, &kMaestro, kMaestroLengths},
    {506197, 506197, 6, &kVerve, kVerveLengths},
    {506198, 506698, 6, &kMaestro, kMaestroLengths},
    {506699, 506778, 6, &kElo, k16},
    {506779, 507864, 6, &kMaestro, kMaestroLengths},
    {507865, 507866, 6, &kVerve, kVerveLengths},
    {507867, 507867, 6, &kMaestro, kMaestroLengths},
    {507868, 507877, 6, &kVerve, kVerveLengths},
    {507878, 507879, 6, &kMaestro, kMaestroLengths},
    {507880, 507888, 6, &kVerve, kVerveLengths},
    {507889, 507899, 6, &kMaestro, kMaestroLengths},
    {507900, 507900, 6, &kVerve, kVerveLengths},
    {507901, 507940, 6, &kMaestro, kMaestroLengths},
    {507941, 507941, 6, &kVerve, kVerveLengths},
    {507942, 508999, 6, &kMaestro, kMaestroLengths},
    {509000, 509999, 6, &kElo, k16},
    {589562, 589562, 6, &kNaranja, k16},
    {606282, 606282, 6, &kHipercard, k16},
    {622010, 622999, 6, &kUnionPay, kUnionPayLengths},
    {627700, 627779, 6, &kUnionPay, kUnionPayLengths},
    {627780, 627780, 6, &kElo, k16},
    {627781, 627799, 6, &kUnionPay, kUnionPayLengths},
    {636297, 636297, 6, &kElo, k16},
    {636368, 636368, 6, &kElo, k16},
    {637095, 637095, 6, &kHiper, k16},
    {637568, 637568, 6, &kHiper, k16},
    {637599, 637599, 6, &kHiper, k16},
    {637609, 637609, 6, &kHiper, k16},
    {637612, 637612, 6, &kHiper, k16},
    {650031, 650033, 6, &kElo, k16},
    {650035, 650051, 6, &kElo, k16},
    {650052, 650052, 6, &kTroy, k16},
    {650405, 650439, 6, &kElo, k16},
    {650485, 650538, 6, &kElo, k16},
    {650541, 650598, 6, &kElo, k16},
    {650700, 650718, 6, &kElo, k16},
    {650720, 650727, 6, &kElo, k16},
    {650901, 650978, 6, &kElo, k16},
    {651652, 651679, 6, &kElo, k16},
    {655000, 655019, 6, &kElo, k16},
    {655021, 655058, 6, &kElo, k16},

    {62100, 62182, 5, &kUnionPay, kUnionPayLengths},
    {62184, 62197, 5, &kUnionPay, kUnionPayLengths},
    {62200, 62205, 5, &kUnionPay, kUnionPayLengths},
    {62207, 62209, 5, &kUnionPay, kUnionPayLengths},

    {1800, 1800, 4, &kJcb, kJcbOldLengths},
    {2131, 2131, 4, &kJcb, kJcbOldLengths},
    {2200, 2204, 4, &kMir, k16To19},
    {2221, 2720, 4, &kMastercard, k16},
    {3528, 3589, 4, &kJcb, k16To19},
    {6011, 6011, 4, &kDiscover, k16To19},
    {6270, 6270, 4, &kUnionPay, kUnionPayLengths},
    {6272, 6272, 4, &kUnionPay, kUnionPayLengths},
    {6276, 6276, 4, &kUnionPay, kUnionPayLengths},
    {6282, 6289, 4, &kUnionPay, kUnionPayLengths},
    {6291, 6292, 4, &kUnionPay, kUnionPayLengths},
    {8110, 8171, 4, &kUnionPay, kUnionPayLengths},
    {9792, 9792, 4, &kTroy, k16},

    {300, 305, 3, &kDiners, kDinersLengths},
    {620, 620, 3, &kUnionPay, kUnionPayLengths},
    {623, 626, 3, &kUnionPay, kUnionPayLengths},
    {644, 649, 3, &kDiscover, k16To19},
    {810, 810, 3, &kUnionPay, kUnionPayLengths},

    {34, 34, 2, &kAmex, lengths({15})},
    {36, 36, 2, &kDiners, kDinersLengths},
    {37, 37, 2, &kAmex, lengths({15})},
    {38, 39, 2, &kDiners, kDinersLengths},
    {51, 55, 2, &kMastercard, k16},
    {56, 59, 2, &kMaestro, kMaestroLengths},
    {65, 65, 2, &kDiscover, k16To19},

    {4, 4, 1, &kVisa, kVisaLengths},
    {6, 6, 1, &kMaestro, kMaestroLengths},
});

constexpr bool sorted_without_overlap() {
  for (size_t i = 0; i < kRanges.size(); ++i) {
    if (kRanges[i].from > kRanges[i].to) return false;
    if (i == 0) continue;
    const IinRange& before = kRanges[i - 1];
    if (before.digits < kRanges[i].digits) return false;
    if (before.digits == kRanges[i].digits && before.to >= kRanges[i].from) return false;
  }
  return true;
}
static_assert(sorted_without_overlap(), "each prefix must have one brand, and search is binary");

constexpr size_t kPrefixDigitsMax = 8;

// Where the ranges of each prefix length begin; ranges of n digits end where n-1's begin.
constexpr std::array<size_t, kPrefixDigitsMax + 2> first_of_length() {
  std::array<size_t, kPrefixDigitsMax + 2> first{};
  for (size_t digits = 0; digits < first.size(); ++digits) {
    size_t i = 0;
    while (i < kRanges.size() && kRanges[i].digits > digits) ++i;
    first[digits] = i;
  }
  return first;
}
constexpr auto kFirst = first_of_length();

}  // namespace

std::span<const IinRange> iin_ranges() {
  return kRanges;
}

const IinRange* find_iin_range(std::string_view number) {
  const size_t digits = std::min(number.size(), kPrefixDigitsMax);
  uint32_t prefix = 0;
  for (const char digit : number.substr(0, digits)) {
    prefix = prefix * 10 + static_cast<uint32_t>(digit - '0');
  }
  for (size_t length = digits; length >= 1; --length, prefix /= 10) {
    const auto begin = kRanges.begin() + static_cast<std::ptrdiff_t>(kFirst[length]);
    const auto end = kRanges.begin() + static_cast<std::ptrdiff_t>(kFirst[length - 1]);
    const auto after =
        std::upper_bound(begin, end, prefix,
                         [](uint32_t value, const IinRange& range) { return value < range.from; });
    if (after != begin && prefix <= (after - 1)->to) return &*(after - 1);
  }
  return nullptr;
}

}  // namespace bookstore::transaction_verification
