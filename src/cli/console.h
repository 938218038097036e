#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cli/text.h"

namespace bookstore::cli {

// What a command says to a person. Colours and moving progress lines only on a terminal.
// One thread.
class Console {
 public:
  explicit Console(FILE* out);

  bool terminal() const { return terminal_; }
  bool coloured() const { return coloured_; }
  void line(std::string_view text);
  void table(const std::vector<std::string>& header, const std::vector<std::vector<Cell>>& rows);
  // Redraws one line on a terminal; elsewhere prints only the last state, when done == total.
  void progress(const Progress& progress);
  // Takes a progress line that was not finished away, for what is printed by others next.
  void end_progress();

 private:
  FILE* const out_;
  const bool terminal_;
  const bool coloured_;
  bool progress_shown_ = false;
};

// "bookstore: <one sentence>" on stderr; the exit code of a failed command.
int fail(const absl::Status& status);
int fail(std::string_view sentence);

}  // namespace bookstore::cli
