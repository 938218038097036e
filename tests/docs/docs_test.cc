// What the documents say about the code, checked against the code.
#include <gtest/gtest.h>

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

TEST(Docs, TheStateDrawingIsTheTable) {
  const std::string page = read("docs/ARCHITECTURE.md");
  const std::string drawing = "```mermaid\n" + orders::mermaid() + "```\n";
  EXPECT_NE(page.find("<!-- order-states -->\n" + drawing), std::string::npos)
      << "docs/ARCHITECTURE.md must show, between its order-states marks:\n"
      << drawing;
}

TEST(Docs, EveryFileThatAPageNamesExists) {
  const std::regex path_pattern(
      "`((?:src|apps|db|data|docs|proto|tests|cmake|tools)/[A-Za-z0-9_./]+)`");
  for (const char* page : {"README.md", "docs/ARCHITECTURE.md", "docs/life-of-a-checkout.md"}) {
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
