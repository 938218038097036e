// bookstorectl against a server that answers as /admin does: what it sends, what it prints, and its
// exit codes.
#include "cli/ctl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/orders_command.h"
#include "http/problem.h"
#include "http/server.h"

namespace bookstore::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kId[] = "ord_01J0000000000000000000000A";

class CtlTest : public ::testing::Test {
 protected:
  struct Sent {
    std::string path, query, token, if_match, body;
  };

  CtlTest()
      : token_file_(std::filesystem::temp_directory_path() /
                    ("ctl-test-" + std::to_string(getpid()) + ".token")) {
    std::ofstream(token_file_) << std::string(64, 'a') << "\n";
    std::filesystem::permissions(token_file_, std::filesystem::perms(0600));
    const std::string order = "/admin/v1/orders/{id}";
    for (const std::string& path : {std::string("/admin/v1/orders"), order}) serve("GET", path);
    for (const char* action : {"approve", "decline", "retry", "abort"})
      serve("POST", order + "/" + action);
    server_ = std::make_unique<http::Server>(http::Server::Config{.listen = "127.0.0.1:0"}, router_,
                                             clock_, random_);
    const auto port = server_->start();
    EXPECT_TRUE(port.ok()) << port.status();
    url_ = "http://127.0.0.1:" + std::to_string(port.value_or(0));
  }
  ~CtlTest() override {
    server_.reset();
    std::filesystem::remove(token_file_);
  }

  void serve(const std::string& method, const std::string& path) {
    router_.add(method, path, [this](const std::shared_ptr<http::Exchange>& exchange) {
      const http::Request& request = exchange->request();
      std::string query;
      for (const auto& [name, value] : request.query) query += name + "=" + value + ";";
      sent_.push_back({request.path, query, std::string(request.header("Authorization")),
                       std::string(request.header("If-Match")), request.body});
      http::Response response = request.method == "GET" ? get_ : post_;
      response.headers.set("ETag", "\"2\"");
      exchange->respond(std::move(response));
    });
  }
  static http::Response problem(int status, const std::string& code, const std::string& detail) {
    http::Problem problem;
    problem.status = status;
    problem.code = code;
    problem.title = "No";
    problem.detail = detail;
    return http::problem_response(problem);
  }

  int run(std::vector<const char*> words, bool where = true) {
    words.insert(words.begin(), "bookstorectl");
    if (where)
      words.insert(words.end(), {"--url", url_.c_str(), "--token-file", token_file_.c_str()});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int exit_code = run_ctl(static_cast<int>(words.size()), words.data());
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  const std::filesystem::path token_file_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  http::Router router_;
  http::Response get_ = {200,
                         {},
                         R"({"id":"ord_01J0000000000000000000000A","status":"in_review",)"
                         R"("items":[],"next_cursor":null})"};
  http::Response post_ = {
      200, {}, R"({"id":"ord_01J0000000000000000000000A","status":"accepted"})"};
  std::vector<Sent> sent_;  // written by the server's thread while run() waits for it
  std::unique_ptr<http::Server> server_;
  std::string url_, out_, err_;
};

TEST_F(CtlTest, AReviewLooksAtTheOrderAndDecidesAboutWhatItSaw) {
  EXPECT_EQ(run({"orders", "review", kId, "--approve", "--reason", "known", "--by", "ada"}),
            kCtlDone);
  EXPECT_EQ(out_, std::string(kId) + " is accepted\n");
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[1].path, std::string("/admin/v1/orders/") + kId + "/approve");
  EXPECT_EQ(sent_[1].if_match, "\"2\"");
  EXPECT_EQ(sent_[1].token, "Bearer " + std::string(64, 'a'));
  EXPECT_EQ(sent_[1].body, R"({"by":"ada","reason":"known"})");
  EXPECT_EQ(run({"orders", "review", kId, "--decline"}), kCtlDone);
  EXPECT_THAT(sent_.back().path, HasSubstr("/decline"));
}

TEST_F(CtlTest, WithoutAStateTheListIsWhatWaitsForAPerson) {
  EXPECT_EQ(run({"orders", "list"}), kCtlDone);
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[0].query, "limit=50;state=needs_attention;");
  EXPECT_EQ(sent_[1].query, "limit=50;state=in_review;");
  EXPECT_EQ(out_, "no such orders\n");
  EXPECT_EQ(run({"orders", "list", "all", "-n", "7", "--cursor", kId, "--json"}), kCtlDone);
  EXPECT_EQ(sent_.back().query, std::string("limit=7;cursor=") + kId + ";");
  EXPECT_EQ(out_, "{\"items\":[],\"next\":null}\n");
}

TEST_F(CtlTest, ARefusalSaysWhyOnStderrAndWhatToDo) {
  post_ = problem(409, "not_in_review", "");
  EXPECT_EQ(run({"orders", "review", kId, "--approve"}), kCtlRefused);
  EXPECT_THAT(err_, HasSubstr("not_in_review"));
  EXPECT_THAT(err_, HasSubstr("orders show"));
  EXPECT_THAT(out_, IsEmpty());
  post_ = problem(409, "action_refused", "It is paid.");
  EXPECT_EQ(run({"orders", "abort", kId, "--reason", "x"}), kCtlRefused);
  EXPECT_THAT(err_, HasSubstr("It is paid."));
  post_ = problem(503, "no_leader", "");
  EXPECT_EQ(run({"orders", "retry", kId}), kCtlUnreachable);
  get_ = problem(404, "no_such_order", "");
  EXPECT_EQ(run({"orders", "show", kId}), kCtlNoSuchOrder);
  EXPECT_EQ(run({"orders", "review", kId, "--approve"}), kCtlNoSuchOrder);
  get_ = problem(403, "token_wrong", "");
  EXPECT_EQ(run({"orders", "list"}), kCtlRefused);
  EXPECT_THAT(err_, HasSubstr("--token-file"));
}

TEST_F(CtlTest, WrongUsageIsToldBeforeAnybodyIsAsked) {
  EXPECT_EQ(run({"orders"}), kCtlUsage);
  EXPECT_EQ(run({"orders", "review", kId}), kCtlUsage);
  EXPECT_EQ(run({"orders", "review", kId, "--approve", "--decline"}), kCtlUsage);
  EXPECT_EQ(run({"orders", "abort", kId}), kCtlUsage) << "an abort needs a reason";
  EXPECT_EQ(run({"orders", "list", "-n", "0"}), kCtlUsage);
  EXPECT_EQ(run({"orders", "show", kId, "--url", "ftp://x"}, false), kCtlUsage);
  EXPECT_EQ(run({"orders", "show", kId, "--url", "http://127.0.0.1:1"}, false), kCtlUsage)
      << "a platform elsewhere has a token elsewhere";
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_EQ(run({"orders", "review", "--help"}, false), kCtlDone);
  EXPECT_THAT(out_, HasSubstr("seven days"));
}

TEST_F(CtlTest, NobodyThereIsAnotherExitCodeThanANo) {
  server_.reset();
  EXPECT_EQ(run({"orders", "show", kId}), kCtlUnreachable);
  EXPECT_THAT(err_, HasSubstr("does not answer"));
  EXPECT_EQ(run({"orders", "list", "--state", "/nonexistent"}, false), kCtlUnreachable);
  EXPECT_THAT(err_, HasSubstr("no platform runs"));
}

}  // namespace
}  // namespace bookstore::cli
