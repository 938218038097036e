#include "cli/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/bytes.h"
#include "base/status.h"
#include "cli/text.h"

namespace bookstore::cli {
namespace {

// What a fresh database, its write-ahead log and some orders need.
constexpr uint64_t kFreeBytesMin = 256ull * 1024 * 1024;

absl::Status file_error(const std::string& what, const std::filesystem::path& path) {
  const int error = errno;
  const std::string message = what + " " + path.string() + ": " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  if (error == EACCES || error == EPERM || error == EROFS)
    return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

absl::Status make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  errno = error.value();
  if (error) return file_error("cannot make the folder", path);
  return absl::OkStatus();
}

absl::Status write_all(int fd, const std::string& text, const std::filesystem::path& path) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t size = write(fd, text.data() + written, text.size() - written);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return file_error("cannot write", path);
    written += static_cast<size_t>(size);
  }
  return absl::OkStatus();
}

std::optional<pid_t> read_pid(int fd) {
  std::array<char, 32> text{};
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  pid_t pid = 0;
  if (size <= 0 || std::from_chars(text.data(), text.data() + size, pid).ec != std::errc())
    return std::nullopt;
  return pid;
}

}  // namespace

// A folder that we may not even look at stays as it was named; create() says what is wrong.
StateDir::StateDir(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  path_ = std::filesystem::weakly_canonical(absolute, error);
  if (error) path_ = absolute;
}

absl::Status StateDir::create() const {
  BOOKSTORE_RETURN_IF_ERROR(make_folder(path_));
  BOOKSTORE_RETURN_IF_ERROR(make_folder(logs()));
  if (access(path_.c_str(), W_OK | X_OK) != 0) return file_error("cannot write to", path_);
  struct statvfs disk {};
  if (statvfs(path_.c_str(), &disk) != 0) return file_error("cannot look at the disk of", path_);
  const uint64_t free_bytes = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (free_bytes < kFreeBytesMin)
    return absl::ResourceExhaustedError("the disk of " + path_.string() +
                                        " is full: " + format_bytes(free_bytes) + " are free and " +
                                        format_bytes(kFreeBytesMin) + " are needed");
  return absl::OkStatus();
}

std::string StateDir::short_name() const {
  base::ByteWriter hash;
  hash.u64(base::hash64(path_.string()));
  return base::to_hex(hash.bytes()).substr(0, 12);
}

absl::StatusOr<StateLock> StateLock::take(const StateDir& state) {
  Fd file(open(state.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file.open()) return file_error("cannot open", state.lock());
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    const std::optional<pid_t> pid = read_pid(file.get());
    return absl::AlreadyExistsError("this platform is already running (process " +
                                    (pid.has_value() ? std::to_string(*pid) : "unknown") +
                                    "); './bookstore down' stops it");
  }
  if (ftruncate(file.get(), 0) != 0) return file_error("cannot write", state.lock());
  BOOKSTORE_RETURN_IF_ERROR(write_all(file.get(), std::to_string(getpid()) + "\n", state.lock()));
  return StateLock(std::move(file));
}

std::optional<pid_t> running_supervisor(const StateDir& state) {
  const Fd file(open(state.lock().c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return std::nullopt;
  if (flock(file.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  return read_pid(file.get());
}

absl::Status write_file(const std::filesystem::path& path, const std::string& text, mode_t mode) {
  const std::filesystem::path part = path.string() + ".part";
  {
    const Fd file(open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!file.open()) return file_error("cannot write", part);
    BOOKSTORE_RETURN_IF_ERROR(write_all(file.get(), text, part));
  }
  if (rename(part.c_str(), path.c_str()) != 0) return file_error("cannot write", path);
  return absl::OkStatus();
}

absl::StatusOr<std::string> read_file(const std::filesystem::path& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return file_error("cannot read", path);
  std::string text;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const ssize_t size = read(file.get(), buffer.data(), buffer.size());
    if (size < 0) return file_error("cannot read", path);
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(size));
  }
}

absl::Status provide_key_file(const std::filesystem::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) {
    if ((status.st_mode & 077) != 0)
      return absl::PermissionDeniedError("others may read the key file " + path.string() +
                                         "; chmod 600 it, and make a new one if they did");
    return absl::OkStatus();
  }
  std::string key(32, '\0');
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
    return file_error("cannot make the key file", path);
  return write_file(path, base::to_hex(key) + "\n", 0600);
}

}  // namespace bookstore::cli
