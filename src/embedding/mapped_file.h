#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "absl/status/statusor.h"

namespace bookstore::embedding {

// A whole file, read-only in memory, page by page as it is touched. Any thread. The file must not
// be cut short while it is mapped; replacing it by rename is fine.
class MappedFile {
 public:
  // NotFound, PermissionDenied, … with the path in the message.
  static absl::StatusOr<MappedFile> open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }
  // Gives the pages back; what is touched again comes back from the page cache or the disk.
  void release_pages() const;

 private:
  MappedFile(void* data, size_t size) : data_(data), size_(size) {}

  void* data_;  // null when the file is empty or this was moved from
  size_t size_;
};

}  // namespace bookstore::embedding
