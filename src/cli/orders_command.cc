#include "cli/orders_command.h"

#include <cstdio>

#include "base/status.h"
#include "cli/console.h"
#include "cli/order_text.h"
#include "cli/shop.h"
#include "http/message.h"

namespace bookstore::cli {
namespace {

const base::Clock& clock() {
  static const base::SystemClock clock;
  return clock;
}

int complain(const std::string& sentence, int exit_code) {
  std::fprintf(stderr, "bookstorectl: %s\n", sentence.c_str());
  return exit_code;
}

int complain(const absl::Status& status) {
  const bool usage = absl::IsInvalidArgument(status);
  return complain(base::str(status.message()), usage ? kCtlUsage : kCtlUnreachable);
}

// What a person can do about a problem.
std::string advice(const std::string& code) {
  if (code == "token_wrong" || code == "token_missing")
    return "; --token-file names the token of this platform";
  if (code == "not_in_review") return "; 'bookstorectl orders show' says what became of it";
  if (code == "revision_mismatch") return "; look at it again and decide then";
  if (code == "outcome_unknown") return "; 'bookstorectl orders show' says whether it was done";
  if (code == "no_such_route")
    return "; the orchestrator was started without an operators' token (--admin-token-file)";
  return "";
}

int complain_about(const json::Value& problem, int status) {
  const std::string code = text_at(problem, "/code");
  const int exit_code = code == "no_such_order"          ? kCtlNoSuchOrder
                        : status >= 500 || status == 429 ? kCtlUnreachable
                                                         : kCtlRefused;
  return complain(problem_sentence(problem) + advice(code), exit_code);
}

absl::StatusOr<AdminClient> connect(const CtlOptions& options) {
  BOOKSTORE_ASSIGN_OR_RETURN(const AdminTarget target, find_admin(options.admin));
  return AdminClient::open(target, clock());
}

std::string order_path(const std::string& id) {
  return "/orders/" + http::percent_encode(id);
}

void print_order(const CtlOptions& options, const json::Value& order) {
  if (options.as_json) {
    std::puts(json::write(order).c_str());
    return;
  }
  Console console(stdout);
  console.table({"what", "how it stands"}, order_rows(order));
  console.line("");
  console.table(order_lines_header(), order_lines(order));
}

// What became of an action: the order as it is now, in a sentence.
int print_done(const CtlOptions& options, const absl::StatusOr<AdminReply>& reply) {
  if (!reply.ok()) return complain(reply.status());
  if (!reply->ok()) return complain_about(reply->body, reply->status);
  if (options.as_json) {
    std::puts(json::write(reply->body).c_str());
  } else {
    const std::string state = text_at(reply->body, "/status");
    std::printf("%s is %s%s\n", text_at(reply->body, "/id").c_str(), state.c_str(),
                state == "submitting" ? "; its submission goes on by itself" : "");
  }
  return kCtlDone;
}

// One page; adds its items.
absl::StatusOr<AdminReply> read_page(AdminClient& client, const std::string& state, int limit,
                                     const std::string& cursor) {
  std::string path = "/orders?limit=" + std::to_string(limit);
  if (state != "all") path += "&state=" + http::percent_encode(state);
  if (!cursor.empty()) path += "&cursor=" + http::percent_encode(cursor);
  return client.get(path);
}

struct Page {
  json::Array items;
  std::string next;  // the state and cursor of the page after; empty: there is none
};

void print_page(const CtlOptions& options, const Page& page) {
  if (options.as_json) {
    std::puts(json::write(json::Object{{"items", page.items},
                                       {"next", page.next.empty() ? json::Value(nullptr)
                                                                  : json::Value(page.next)}})
                  .c_str());
    return;
  }
  Console console(stdout);
  if (page.items.empty()) return console.line("no such orders");
  std::vector<std::vector<Cell>> rows;
  for (const json::Value& item : page.items) rows.push_back(order_list_row(item));
  console.table(order_list_header(), rows);
  if (!page.next.empty()) console.line("more: bookstorectl orders list " + page.next);
}

}  // namespace

int orders_list(const CtlOptions& options, const std::string& state, int limit,
                const std::string& cursor) {
  auto client = connect(options);
  if (!client.ok()) return complain(client.status());
  const std::vector<std::string> states =
      state.empty() ? std::vector<std::string>{"needs_attention", "in_review"}
                    : std::vector<std::string>{state};
  Page page;
  for (const std::string& each : states) {
    const auto reply = read_page(*client, each, limit, cursor);
    if (!reply.ok()) return complain(reply.status());
    if (!reply->ok()) return complain_about(reply->body, reply->status);
    for (const json::Value& item : reply->body.at("items").as_array()) page.items.push_back(item);
    const std::string next = text_at(reply->body, "/next_cursor");
    if (!next.empty()) page.next = each + " --cursor " + next;
  }
  print_page(options, page);
  return kCtlDone;
}

int orders_show(const CtlOptions& options, const std::string& id) {
  auto client = connect(options);
  if (!client.ok()) return complain(client.status());
  const auto reply = client->get(order_path(id));
  if (!reply.ok()) return complain(reply.status());
  if (!reply->ok()) return complain_about(reply->body, reply->status);
  print_order(options, reply->body);
  return kCtlDone;
}

int orders_act(const CtlOptions& options, const std::string& action, const std::string& id,
               const std::string& reason) {
  auto client = connect(options);
  if (!client.ok()) return complain(client.status());
  json::Object said{{"by", options.by}};
  if (!reason.empty()) said["reason"] = reason;
  return print_done(options, client->post(order_path(id) + "/" + action, said, ""));
}

int orders_review(const CtlOptions& options, const std::string& id, bool approve,
                  const std::string& reason) {
  auto client = connect(options);
  if (!client.ok()) return complain(client.status());
  const auto order = client->get(order_path(id));
  if (!order.ok()) return complain(order.status());
  if (!order->ok()) return complain_about(order->body, order->status);
  json::Object said{{"by", options.by}};
  if (!reason.empty()) said["reason"] = reason;
  return print_done(options, client->post(order_path(id) + (approve ? "/approve" : "/decline"),
                                          said, order->etag));
}

}  // namespace bookstore::cli
