#include "cli/console.h"

#include <unistd.h>

#include <cstdlib>

#include "base/status.h"

namespace bookstore::cli {

Console::Console(FILE* out)
    : out_(out),
      terminal_(isatty(fileno(out)) == 1),
      coloured_(terminal_ && std::getenv("NO_COLOR") == nullptr) {}

void Console::line(std::string_view text) {
  end_progress();
  std::fprintf(out_, "%.*s\n", static_cast<int>(text.size()), text.data());
  std::fflush(out_);
}

void Console::end_progress() {
  if (progress_shown_) std::fputs("\r\x1b[K", out_);
  progress_shown_ = false;
  std::fflush(out_);
}

void Console::table(const std::vector<std::string>& header,
                    const std::vector<std::vector<Cell>>& rows) {
  std::fputs(format_table(header, rows, coloured_).c_str(), out_);
  std::fflush(out_);
}

void Console::progress(const Progress& progress) {
  const bool done = progress.done >= progress.total;
  const std::string text = format_progress(progress);
  if (done) return line(text);
  if (!terminal_) return;
  std::fprintf(out_, "\r%s\x1b[K", text.c_str());
  std::fflush(out_);
  progress_shown_ = true;
}

int fail(const absl::Status& status) {
  return fail(base::view(status.message()));
}

int fail(std::string_view sentence) {
  std::fprintf(stderr, "bookstore: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  return 1;
}

}  // namespace bookstore::cli
