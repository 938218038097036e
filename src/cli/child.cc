#include "cli/child.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/status.h"

extern char** environ;

namespace bookstore::cli {
namespace {

constexpr size_t kOutputMax = 64 * 1024;

absl::Status system_error(const std::string& what) {
  return absl::UnavailableError(what + ": " + std::strerror(errno));
}

struct Pipe {
  Fd read;
  Fd write;
};
absl::StatusOr<Pipe> make_pipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// Everything that exec needs, made before the fork: after it only async-signal-safe calls are
// allowed, because other threads of ours may have held any lock.
struct Prepared {
  std::vector<char*> argv;
  std::vector<std::string> environment_text;
  std::vector<char*> environment;
};

Prepared prepare(const ChildSpec& spec) {
  Prepared prepared;
  for (const std::string& arg : spec.argv) prepared.argv.push_back(const_cast<char*>(arg.c_str()));
  prepared.argv.push_back(nullptr);
  const auto overridden = [&spec](std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('=') + 1);
    for (const std::string& own : spec.environment)
      if (own.starts_with(name)) return true;
    return false;
  };
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (!overridden(*entry)) prepared.environment_text.emplace_back(*entry);
  prepared.environment_text.insert(prepared.environment_text.end(), spec.environment.begin(),
                                   spec.environment.end());
  for (std::string& entry : prepared.environment_text) prepared.environment.push_back(entry.data());
  prepared.environment.push_back(nullptr);
  return prepared;
}

[[noreturn]] void fail_in_child(int error_fd) {
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(error_fd, &error, sizeof error);
  _exit(127);
}

bool become(const User& user) {
  return setgroups(0, nullptr) == 0 && setresgid(user.gid, user.gid, user.gid) == 0 &&
         setresuid(user.uid, user.uid, user.uid) == 0;
}

[[noreturn]] void run_child(const ChildSpec& spec, const Prepared& prepared, pid_t parent,
                            int output_fd, int error_fd) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (!spec.inherit_output) {
    setpgid(0, 0);
    const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(output_fd, STDOUT_FILENO) < 0 ||
        dup2(output_fd, STDERR_FILENO) < 0)
      fail_in_child(error_fd);
  }
  if (!spec.directory.empty() && chdir(spec.directory.c_str()) != 0) fail_in_child(error_fd);
  if (spec.user.has_value() && !become(*spec.user)) fail_in_child(error_fd);
  // After the change of user, which would clear it. The parent may be gone already.
  if (prctl(PR_SET_PDEATHSIG, spec.death_signal) != 0) fail_in_child(error_fd);
  if (getppid() != parent) _exit(127);
  execve(prepared.argv[0], prepared.argv.data(), prepared.environment.data());
  fail_in_child(error_fd);
}

}  // namespace

absl::StatusOr<User> find_user(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr) return absl::NotFoundError("there is no user " + name);
  return User{name, entry->pw_uid, entry->pw_gid};
}

User current_user() {
  const passwd* entry = getpwuid(geteuid());
  return {entry != nullptr ? entry->pw_name : std::to_string(geteuid()), geteuid(), getegid()};
}

absl::StatusOr<Child> spawn(const ChildSpec& spec) {
  const Prepared prepared = prepare(spec);
  BOOKSTORE_ASSIGN_OR_RETURN(Pipe error, make_pipe());
  Pipe output;
  if (!spec.inherit_output) {
    BOOKSTORE_ASSIGN_OR_RETURN(output, make_pipe());
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return system_error("fork");
  if (pid == 0) run_child(spec, prepared, parent, output.write.get(), error.write.get());

  error.write.close();
  int child_errno = 0;
  // Ends with nothing read as soon as exec has closed the other end.
  if (read(error.read.get(), &child_errno, sizeof child_errno) == sizeof child_errno) {
    waitpid(pid, nullptr, 0);
    errno = child_errno;
    return system_error("cannot start " + spec.argv[0]);
  }
  Child child{.pid = pid,
              .pidfd = Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))),
              .output = std::move(output.read)};
  if (!child.pidfd.open()) return system_error("pidfd_open");
  if (child.output.open()) fcntl(child.output.get(), F_SETFL, O_NONBLOCK);
  return child;
}

std::string describe_exit(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    return "killed by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
  }
  return "exit code " + std::to_string(WEXITSTATUS(wait_status));
}

absl::StatusOr<Finished> run_to_end(const ChildSpec& spec) {
  BOOKSTORE_ASSIGN_OR_RETURN(const Child child, spawn(spec));
  Finished finished;
  std::array<char, 4096> buffer;
  while (child.output.open()) {
    pollfd ready{child.output.get(), POLLIN, 0};
    if (poll(&ready, 1, -1) < 0 && errno != EINTR) return system_error("poll");
    const ssize_t size = read(child.output.get(), buffer.data(), buffer.size());
    if (size == 0) break;
    if (size < 0) continue;
    finished.output.append(buffer.data(), static_cast<size_t>(size));
    if (finished.output.size() > kOutputMax)
      finished.output.erase(0, finished.output.size() - kOutputMax);
  }
  while (waitpid(child.pid, &finished.wait_status, 0) < 0)
    if (errno != EINTR) return system_error("waitpid");
  return finished;
}

}  // namespace bookstore::cli
