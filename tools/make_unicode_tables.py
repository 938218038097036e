#!/usr/bin/env python3
"""Writes src/embedding/unicode_tables.inc: the Unicode facts our tokeniser needs.

usage: tools/make_unicode_tables.py [--check] > src/embedding/unicode_tables.inc
needs: pip install unicodedata2==17.0.1   (Unicode 17 data), perl (the age of a code point)
       --check also needs: pip install tokenizers==0.23.3

all-MiniLM-L6-v2 was trained, and is served elsewhere, with the Hugging Face "fast" tokeniser. Its
parts carry tables of different ages, and ids are equal only if ours have the same:
  general categories (what is dropped, what is punctuation, what is an accent)   Unicode 8.0
  canonical decomposition and combining classes                                  Unicode 9.0
  lower case                                                                     Unicode 17.0
An older table is the newest one without the code points that came later, plus the few code points
whose category was changed since (kChangedSince8). --check asks that tokeniser about every code
point there is and fails if a single answer differs from ours.
"""
import subprocess
import sys
import unicodedata

import unicodedata2

assert unicodedata2.unidata_version == "17.0.0", "pip install unicodedata2==17.0.1"
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]

# Category in Unicode 8.0 of the code points that had another one by Unicode 17.0, as far as the
# categories that matter here are concerned.
CHANGED_SINCE_8 = {
    0x166D: "Po", 0x1734: "Mn", 0x1885: "Lo", 0x1886: "Lo", 0xA9BD: "Mc", 0x111C9: "Po",
    0x1171E: "Mn",
}


def present_in(version):
    program = (r"for my $c (0 .. 0x10FFFF) { next if $c >= 0xD800 && $c < 0xE000;"
               r" print qq($c\n) if chr($c) =~ /\p{Present_In=%s}/ }" % version)
    output = subprocess.run(["perl", "-e", program], check=True, capture_output=True).stdout
    return {int(line) for line in output.split()}


def lower_case():
    """Code point -> its lower case, without U+0130, which decomposes before it is lowered."""
    lower = {}
    for c in CODE_POINTS:
        text = chr(c)
        if text.lower() != text and len(text.lower()) == 1:
            lower[c] = ord(text.lower())
        # Capitals younger than this Python: their names say which letter is theirs.
        elif unicodedata.category(text) == "Cn" and unicodedata2.category(text) == "Lu":
            name = unicodedata2.name(text).replace("CAPITAL", "SMALL", 1)
            lower[c] = ord(unicodedata2.lookup(name))
    return lower


def tables():
    present_8, present_9 = present_in("8.0"), present_in("9.0")
    category = {c: CHANGED_SINCE_8.get(c, unicodedata2.category(chr(c))) for c in present_8}
    # Noncharacters and private use are "present" in every version; the former are Cn.
    result = {
        "dropped": {c for c in category if category[c] in ("Cc", "Cf", "Co")
                    and c not in (0x09, 0x0A, 0x0D)} | {0xFFFD},
        "accent": {c for c in category if category[c] == "Mn"},
        "punctuation": {c for c in category if category[c][0] == "P"} | set(map(ord, "$+<=>^`|~")),
        "class": {c: unicodedata2.combining(chr(c)) for c in present_9
                  if unicodedata2.combining(chr(c))},
        "lower": lower_case(),
    }
    decomposition = {}
    for c in present_9:
        if 0xAC00 <= c <= 0xD7A3:
            continue  # Hangul syllables decompose by arithmetic
        full = unicodedata2.normalize("NFD", chr(c))
        if full != chr(c):
            decomposition[c] = [ord(x) for x in full]
    result["decomposition"] = decomposition
    return result


def ranges(items):
    """Sorted (first, last, value) over consecutive code points of equal value."""
    result = []
    for c in sorted(items):
        value = items[c] if isinstance(items, dict) else None
        if result and result[-1][1] == c - 1 and result[-1][2] == value:
            result[-1][1] = c
        else:
            result.append([c, c, value])
    return result


def print_array(declaration, entries):
    print(f"\ninline constexpr {declaration} = {{")
    line = "   "
    for entry in entries:
        if len(line) + 1 + len(entry) + 1 > 100:
            print(line)
            line = "   "
        line += " " + entry + ","
    print(line)
    print("};")


def print_tables(result):
    print("// Made by tools/make_unicode_tables.py; not edited by hand. Why three ages: see there.")
    for name in ("dropped", "accent", "punctuation"):
        print_array(f"Range k{name.capitalize()}[]",
                    [f"{{{a:#x}, {b:#x}}}" for a, b, _ in ranges(result[name])])
    print_array("ClassRange kCombiningClass[]",
                [f"{{{a:#x}, {b:#x}, {v}}}" for a, b, v in ranges(result["class"])])
    print_array("Pair kLower[]", [f"{{{a:#x}, {b:#x}}}" for a, b in sorted(result["lower"].items())])
    pool, entries = [], []
    for c, full in sorted(result["decomposition"].items()):
        entries.append(f"{{{c:#x}, {len(pool)}, {len(full)}}}")
        pool += full
    print_array("Decomposition kDecomposition[]", entries)
    print_array("char32_t kDecomposed[]", [f"{c:#x}" for c in pool])


def check(result):
    from tokenizers.normalizers import NFD, BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    def normaliser(**on):
        off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
        return BertNormalizer(**(off | on)).normalize_str

    clean, strip = normaliser(clean_text=True), normaliser(strip_accents=True)
    lower, nfd, split = normaliser(lowercase=True), NFD().normalize_str, BertPreTokenizer()
    wrong = 0
    for c in CODE_POINTS:
        text = chr(c)
        full = "".join(map(chr, result["decomposition"].get(c, [c])))
        if 0xAC00 <= c <= 0xD7A3:
            full = unicodedata2.normalize("NFD", text)
        # U+0334 has class 1 and U+0345 has 240: one of them moves past any other nonzero class.
        moves = nfd("a" + text + "\u0334") != "a" + full + "\u0334" or \
            nfd("a\u0345" + text) != "a\u0345" + full
        pieces = [piece for piece, _ in split.pre_tokenize_str("a" + text + "b")]
        facts = [
            (clean("a" + text + "b") == "ab", c in result["dropped"]),
            (strip(text) == "", c in result["accent"]),
            (pieces == ["a", text, "b"], c in result["punctuation"]),
            (nfd(text), full),
            (c == 0x130 or lower(text) == chr(result["lower"].get(c, c)), True),
            (moves if len(full) == 1 else False, c in result["class"] and len(full) == 1),
        ]
        for theirs, ours in facts:
            if theirs != ours:
                wrong += 1
                print(f"U+{c:04X}: theirs {theirs!a}, ours {ours!a}", file=sys.stderr)
    print(f"{len(CODE_POINTS)} code points checked, {wrong} differ", file=sys.stderr)
    return wrong == 0


def main():
    result = tables()
    if "--check" in sys.argv[1:] and not check(result):
        sys.exit(1)
    print_tables(result)


if __name__ == "__main__":
    main()
