#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "cli/fd.h"

namespace bookstore::cli {

inline constexpr uint64_t kLogFileMax = 8 * 1024 * 1024;
// A longer line is broken: nothing that a service prints is held in memory without a bound.
inline constexpr size_t kLogLineMax = 16 * 1024;

// A file that never grows past `bytes_max`: then it becomes NAME.1, in the place of the last one.
// A full disk loses lines, never the platform.
class BoundedFile {
 public:
  BoundedFile() = default;
  BoundedFile(std::filesystem::path path, uint64_t bytes_max);
  void append(std::string_view text);

 private:
  void reopen();

  std::filesystem::path path_;
  uint64_t bytes_max_ = 0;
  uint64_t size_ = 0;
  Fd file_;
};

// The platform's log: what each service prints, line by line, in FOLDER/<service>.log, all of it
// with the service's name before each line in FOLDER/platform.log, and on the terminal while
// somebody watches. Any thread.
class LogBook {
 public:
  explicit LogBook(std::filesystem::path folder, uint64_t file_bytes_max = kLogFileMax);

  // Bytes as they came from the service's pipe.
  void append(const std::string& service, std::string_view bytes);
  // A line of our own about a service.
  void note(const std::string& service, std::string_view line);
  // From now on lines go to `fd` too; -1 ends it.
  void show_on(int fd, bool coloured);
  // The newest line that is not empty: what a service that died said last.
  std::string last_line(const std::string& service) const;

 private:
  struct Service {
    BoundedFile file;
    std::string partial;  // a line that has not ended
    std::string last_line;
    int colour = 0;
  };
  Service& service(const std::string& name);
  void write_line(const std::string& name, Service& service, std::string_view line);

  const std::filesystem::path folder_;
  const uint64_t file_bytes_max_;
  mutable std::mutex mutex_;  // guards everything below
  std::map<std::string, Service> services_;
  BoundedFile platform_;
  int shown_on_ = -1;
  bool coloured_ = false;
};

}  // namespace bookstore::cli
