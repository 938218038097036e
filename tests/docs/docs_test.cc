// What the documents say about the code, checked against the code.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "orders/state.h"

namespace bookstore {
namespace {

const std::filesystem::path kRoot = BOOKSTORE_SOURCE_DIR;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(kRoot / path);
  EXPECT_TRUE(file) << path << " is missing";
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The page with what lies between the marks replaced; empty without them.
std::string with_drawing(const std::string& page, const std::string& drawing) {
  const std::string begin = "<!-- order-states -->\n", end = "<!-- /order-states -->";
  const size_t from = page.find(begin), to = page.find(end);
  if (from == std::string::npos || to == std::string::npos || to < from) return "";
  return page.substr(0, from + begin.size()) + drawing + page.substr(to);
}

// BOOKSTORE_REWRITE_DOCS=1 writes the drawing of today's table into the page; read the difference.
TEST(Docs, TheStateDrawingIsTheTable) {
  const std::string page = read("docs/ARCHITECTURE.md");
  const std::string drawn = with_drawing(page, "```mermaid\n" + orders::mermaid() + "```\n");
  ASSERT_NE(drawn, "") << "docs/ARCHITECTURE.md has lost its order-states marks";
  if (std::getenv("BOOKSTORE_REWRITE_DOCS") != nullptr && drawn != page) {
    std::ofstream(kRoot / "docs/ARCHITECTURE.md") << drawn;
    return;
  }
  EXPECT_EQ(page, drawn) << "run docs_test with BOOKSTORE_REWRITE_DOCS=1";
}

TEST(Docs, EveryFileThatAPageNamesExists) {
  const std::regex path_pattern(
      "`((?:src|apps|db|data|docs|proto|tests|cmake|tools)/[A-Za-z0-9_./]+)`");
  for (const char* page : {"README.md", "docs/ARCHITECTURE.md", "docs/life-of-a-checkout.md",
                           "docs/failure-model.md"}) {
    const std::string text = read(page);
    for (std::sregex_iterator it(text.begin(), text.end(), path_pattern), end; it != end; ++it) {
      const std::filesystem::path named = (*it)[1].str();
      EXPECT_TRUE(std::filesystem::exists(kRoot / named) ||
                  std::filesystem::exists((kRoot / named).string() + ".cc"))
          << page << " names " << named;
    }
  }
}

}  // namespace
}  // namespace bookstore
