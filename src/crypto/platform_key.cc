#include "crypto/platform_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/seal.h"

namespace bookstore::crypto {
namespace {

constexpr size_t kHexSize = 2 * kPlatformKeySize;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  int fd_;
};

absl::Status file_error(const std::filesystem::path& file, std::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat("key file ", file.string(), ": ", base::absl_view(what)));
}

absl::Status check_owner_and_mode(int fd, const std::filesystem::path& file) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return file_error(file, strerror(errno));
  if (!S_ISREG(info.st_mode)) return file_error(file, "is not a regular file");
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return file_error(file, "belongs to another user");
  }
  if ((info.st_mode & 077) != 0) {
    return file_error(file, "others may read it: run chmod 600 on it");
  }
  return absl::OkStatus();
}

absl::StatusOr<Secret> read_key(int fd, const std::filesystem::path& file) {
  BOOKSTORE_RETURN_IF_ERROR(check_owner_and_mode(fd, file));
  char buffer[kHexSize + 3];  // one more than a key with CR LF, to notice longer files
  size_t size = 0;
  while (size < sizeof buffer) {
    const ssize_t got = read(fd, buffer + size, sizeof buffer - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error(file, strerror(errno));
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  auto key = parse_key({buffer, size});
  secure_zero(buffer, sizeof buffer);
  if (!key.has_value()) return file_error(file, "does not hold 64 hex digits");
  return *std::move(key);
}

// Writes beside the place and links into it, so that nobody ever sees half a key and the first
// of two makers wins.
absl::Status make_key_file(const std::filesystem::path& file) {
  const std::string temporary =
      absl::StrCat(file.string(), ".", base::to_hex(random_bytes(8)), ".new");
  const File out(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!out.is_open()) return file_error(file, strerror(errno));
  std::string key = random_bytes(kPlatformKeySize);
  std::string text = base::to_hex(key) + "\n";
  secure_zero(key);
  const ssize_t written = write(out.fd(), text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size()) && fsync(out.fd()) == 0;
  secure_zero(text);
  if (!whole) {
    unlink(temporary.c_str());
    return file_error(file, "cannot be written: is the disk full?");
  }
  const int error = link(temporary.c_str(), file.c_str()) == 0 ? 0 : errno;
  unlink(temporary.c_str());
  if (error != 0 && error != EEXIST) return file_error(file, strerror(error));
  const File folder(::open(file.parent_path().empty() ? "." : file.parent_path().c_str(),
                           O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.is_open()) fsync(folder.fd());
  return absl::OkStatus();
}

}  // namespace

std::optional<Secret> parse_key(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() != kHexSize) return std::nullopt;
  std::string key;
  key.reserve(kPlatformKeySize);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) {
      secure_zero(key);
      return std::nullopt;
    }
    key.push_back(static_cast<char>(high << 4 | low));
  }
  return Secret(std::move(key));
}

absl::StatusOr<Secret> load_key_file(const std::filesystem::path& file) {
  const File in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in.is_open()) return file_error(file, strerror(errno));
  return read_key(in.fd(), file);
}

absl::StatusOr<Secret> load_platform_key(const std::filesystem::path& file, IfMissing if_missing) {
  if (const char* text = std::getenv(kPlatformKeyVariable); text != nullptr && *text != '\0') {
    auto key = parse_key(text);
    if (key.has_value()) return *std::move(key);
    return absl::FailedPreconditionError(
        absl::StrCat(kPlatformKeyVariable, " does not hold 64 hex digits"));
  }
  for (bool made = false;; made = true) {
    const File in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (in.is_open()) return read_key(in.fd(), file);
    if (errno != ENOENT || made || if_missing == IfMissing::kRefuse) {
      return file_error(file, strerror(errno));
    }
    BOOKSTORE_RETURN_IF_ERROR(make_key_file(file));
  }
}

Secret derive_key(const Secret& platform_key, std::string_view purpose) {
  BOOKSTORE_CHECK(platform_key.size() == kPlatformKeySize);
  return hkdf_sha256(platform_key.reveal(), "bookstore platform key v1", purpose, 32);
}

std::string key_check_value(const Secret& platform_key) {
  const Secret key = derive_key(platform_key, "key check");
  return base::to_hex(hmac_sha256(key.reveal(), "bookstore key check v1"));
}

}  // namespace bookstore::crypto
