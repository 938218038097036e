#include "cli/child.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

namespace bookstore::cli {
namespace {

ChildSpec shell(const std::string& script) {
  return {.argv = {"/bin/sh", "-c", script}};
}

TEST(Child, RunsToItsEndAndGivesItsOutput) {
  const auto finished = run_to_end(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_EQ(finished->output, "out\nerr\n");
  EXPECT_FALSE(finished->ok());
  EXPECT_EQ(describe_exit(finished->wait_status), "exit code 3");
}

TEST(Child, AProgramThatIsNotThereIsAnErrorOfTheStart) {
  const auto child = spawn({.argv = {"/no/such/program"}});
  ASSERT_FALSE(child.ok());
  EXPECT_NE(child.status().message().find("/no/such/program"), absl::string_view::npos);
}

TEST(Child, OurVariablesReplaceInheritedOnes) {
  setenv("BOOKSTORE_CHILD_TEST", "inherited", 1);
  ChildSpec spec = shell("echo $BOOKSTORE_CHILD_TEST");
  spec.environment = {"BOOKSTORE_CHILD_TEST=ours"};
  const auto finished = run_to_end(spec);
  ASSERT_TRUE(finished.ok());
  EXPECT_EQ(finished->output, "ours\n");
}

TEST(Child, HasAProcessGroupOfItsOwnSoThatCtrlCReachesUsAlone) {
  const auto child = spawn(shell("read never"));
  ASSERT_TRUE(child.ok());
  int wait_status = 0;
  ASSERT_EQ(waitpid(child->pid, &wait_status, 0), child->pid);
  const auto finished = run_to_end(shell("test $(ps -o pgid= -p $$) -eq $$ && echo own"));
  ASSERT_TRUE(finished.ok());
  EXPECT_EQ(finished->output, "own\n");
}

// A process of ours starts a child and is killed; the pipe that the child holds tells when it ends.
TEST(Child, DiesWithAKilledParentWhateverItIsDoing) {
  int life[2];
  ASSERT_EQ(pipe(life), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    close(life[0]);
    ChildSpec spec{.argv = {"/bin/sh", "-c",
                            "trap '' TERM INT HUP; echo up; while :; do read x; done < /dev/zero"},
                   .inherit_output = true};
    dup2(life[1], STDOUT_FILENO);
    close(life[1]);
    const auto child = spawn(spec);
    if (!child.ok()) _exit(1);
    for (;;) pause();
  }
  close(life[1]);
  char text[3];
  ASSERT_EQ(read(life[0], text, sizeof text), 3) << "the child never ran";
  kill(parent, SIGKILL);
  ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
  // Ends only when the last holder of the pipe, the child, is gone; ctest's timeout is the bound.
  EXPECT_EQ(read(life[0], text, sizeof text), 0);
  close(life[0]);
}

}  // namespace
}  // namespace bookstore::cli
