#include "order_executor/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace bookstore::order_executor {
namespace {

constexpr char kLockName[] = "lock";

absl::Status system_error(int error, const std::string& what) {
  const std::string text = absl::StrCat(what, ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(text);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(text);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text);
    default:
      return absl::InternalError(text);
  }
}

class PosixFile final : public DiskFile {
 public:
  PosixFile(std::string path, int file) : path_(std::move(path)), file_(file) {}
  ~PosixFile() override { ::close(file_); }

  absl::Status write(uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written =
          ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return system_error(errno, absl::StrCat("write ", path_));
      bytes.remove_prefix(static_cast<size_t>(written));
      offset += static_cast<uint64_t>(written);
    }
    return absl::OkStatus();
  }

  // Never repeated after a failure: the kernel may have forgotten which pages were dirty.
  absl::Status sync() override {
    if (::fdatasync(file_) != 0) return system_error(errno, absl::StrCat("sync ", path_));
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> read(uint64_t offset, uint64_t size) override {
    std::string bytes(size, '\0');
    size_t done = 0;
    while (done < size) {
      const ssize_t got =
          ::pread(file_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error(errno, absl::StrCat("read ", path_));
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    bytes.resize(done);
    return bytes;
  }

  absl::StatusOr<uint64_t> size() override {
    struct stat status {};
    if (::fstat(file_, &status) != 0) return system_error(errno, absl::StrCat("stat ", path_));
    return static_cast<uint64_t>(status.st_size);
  }

  absl::Status truncate(uint64_t size) override {
    if (::ftruncate(file_, static_cast<off_t>(size)) != 0) {
      return system_error(errno, absl::StrCat("truncate ", path_));
    }
    return absl::OkStatus();
  }

  absl::Status preallocate(uint64_t size) override {
    const int error = ::posix_fallocate(file_, 0, static_cast<off_t>(size));
    if (error != 0) return system_error(error, absl::StrCat("reserve space for ", path_));
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const int file_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PosixDisk>> PosixDisk::open_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) {
    // The name of a new directory is durable only when its parent is.
    const std::string parent = path.substr(0, path.find_last_of('/') + 1);
    const int above = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY);
    if (above < 0) return system_error(errno, absl::StrCat("open ", parent));
    const int synced = ::fsync(above);
    const int error = errno;
    ::close(above);
    if (synced != 0) return system_error(error, absl::StrCat("sync ", parent));
  } else if (errno != EEXIST) {
    return system_error(errno, absl::StrCat("make the log directory ", path));
  }
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return system_error(errno, absl::StrCat("open the log directory ", path));
  const int lock = ::openat(directory, kLockName, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) {
    const int error = errno;
    ::close(directory);
    return system_error(error, absl::StrCat("open ", path, "/", kLockName));
  }
  std::unique_ptr<PosixDisk> disk(new PosixDisk(path, directory, lock));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("the log directory ", path, " is in use by another order executor"));
  }
  return disk;
}

PosixDisk::~PosixDisk() {
  ::close(lock_);
  ::close(directory_);
}

absl::StatusOr<std::vector<std::string>> PosixDisk::list() {
  DIR* stream = ::opendir(path_.c_str());
  if (stream == nullptr) return system_error(errno, absl::StrCat("list ", path_));
  std::vector<std::string> names;
  while (const dirent* item = ::readdir(stream)) {
    const std::string name = item->d_name;
    if (name != "." && name != ".." && name != kLockName) names.push_back(name);
  }
  ::closedir(stream);
  return names;
}

absl::StatusOr<std::unique_ptr<DiskFile>> PosixDisk::create(const std::string& name) {
  return open_file(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC);
}

absl::StatusOr<std::unique_ptr<DiskFile>> PosixDisk::open(const std::string& name) {
  return open_file(name, O_RDWR | O_CLOEXEC);
}

absl::StatusOr<std::unique_ptr<DiskFile>> PosixDisk::open_file(const std::string& name, int flags) {
  const std::string path = absl::StrCat(path_, "/", name);
  const int file = ::openat(directory_, name.c_str(), flags, 0600);
  if (file < 0) return system_error(errno, absl::StrCat("open ", path));
  return std::unique_ptr<DiskFile>(new PosixFile(path, file));
}

absl::Status PosixDisk::rename(const std::string& from, const std::string& to) {
  if (::renameat(directory_, from.c_str(), directory_, to.c_str()) != 0) {
    return system_error(errno, absl::StrCat("rename ", path_, "/", from));
  }
  return absl::OkStatus();
}

absl::Status PosixDisk::remove(const std::string& name) {
  if (::unlinkat(directory_, name.c_str(), 0) != 0) {
    return system_error(errno, absl::StrCat("remove ", path_, "/", name));
  }
  return absl::OkStatus();
}

absl::Status PosixDisk::sync_directory() {
  if (::fsync(directory_) != 0) return system_error(errno, absl::StrCat("sync ", path_));
  return absl::OkStatus();
}

}  // namespace bookstore::order_executor
