#pragma once

#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/fd.h"

namespace bookstore::cli {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};
absl::StatusOr<User> find_user(const std::string& name);
User current_user();

struct ChildSpec {
  std::vector<std::string> argv;         // argv[0] is the program's path
  std::vector<std::string> environment;  // NAME=value, on top of ours
  std::optional<User> user;              // to become, which needs root; ours when empty
  std::string directory;                 // to run in; ours when empty
  // What the kernel sends the child when we die, whatever we die of.
  int death_signal = SIGKILL;
  // Keep our own stdin, stdout and stderr instead of a pipe.
  bool inherit_output = false;
};

struct Child {
  pid_t pid = -1;
  Fd pidfd;   // readable once the process has ended
  Fd output;  // its stdout and stderr, non-blocking; closed with inherit_output
};

// Starts a process in a process group of its own, so that Ctrl-C reaches us alone and we stop the
// services in order (with inherit_output it stays in ours). A program that cannot be started is an
// error here, not a child that exits.
// The death signal follows the calling *thread*: call from one that lives as long as the child.
absl::StatusOr<Child> spawn(const ChildSpec& spec);

// "exit code 1", "killed by signal 9 (Killed)".
std::string describe_exit(int wait_status);

struct Finished {
  int wait_status = 0;
  std::string output;  // the last 64 KiB of stdout and stderr

  bool ok() const { return wait_status == 0; }
};
// Runs a program to its end: for those that end soon, such as initdb.
absl::StatusOr<Finished> run_to_end(const ChildSpec& spec);

}  // namespace bookstore::cli
