#include "cli/ctl.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "cli/orders_command.h"

namespace bookstore::cli {
namespace {

struct Ctl {
  CtlOptions options;
  std::string id, reason, list_state, cursor;
  int limit = 50;
  bool approve = false, decline = false;
  int exit_code = kCtlDone;
};
using CtlPtr = std::shared_ptr<Ctl>;

std::string user() {
  const char* name = std::getenv("USER");
  return name != nullptr && *name != '\0' ? name : "operator";
}

void add_common(CLI::App& command, const CtlPtr& ctl) {
  AdminOptions& admin = ctl->options.admin;
  command.add_option("--state", admin.state, "the folder of a platform on this machine")
      ->capture_default_str()
      ->type_name("DIR");
  command.add_option("--url", admin.url, "a platform elsewhere, with --token-file")
      ->type_name("http://HOST:PORT");
  command.add_option("--token-file", admin.token_file, "the operators' token")->type_name("FILE");
  command.add_flag("--json", ctl->options.as_json, "for programs: what the platform answers");
}

CLI::App* add(CLI::App& orders, const CtlPtr& ctl, const std::string& name,
              const std::string& purpose) {
  CLI::App* const command = orders.add_subcommand(name, purpose);
  add_common(*command, ctl);
  return command;
}

void add_id(CLI::App& command, const CtlPtr& ctl) {
  command.add_option("id", ctl->id, "ord_…")->required()->type_name("ORDER");
}

void add_said(CLI::App& command, const CtlPtr& ctl, bool reason_required) {
  command.add_option("--reason", ctl->reason, "why; kept with the order, never shown to a shopper")
      ->required(reason_required)
      ->type_name("TEXT");
  command.add_option("--by", ctl->options.by, "who acts")->capture_default_str()->type_name("NAME");
}

void add_list(CLI::App& orders, const CtlPtr& ctl) {
  CLI::App* const list = add(orders, ctl, "list", "Orders of one state, page by page.");
  list->add_option("of", ctl->list_state,
                   "a state (in_review, needs_attention, accepted, failed, …) or all; without "
                   "one, what waits for a person")
      ->type_name("STATE");
  list->add_option("-n,--limit", ctl->limit, "orders on a page")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  list->add_option("--cursor", ctl->cursor, "where the page before ended")->type_name("ORDER");
  list->callback([ctl] {
    ctl->exit_code = orders_list(ctl->options, ctl->list_state, ctl->limit, ctl->cursor);
  });
  list->footer("Of a state that orders leave, the longest waiting first; else the newest first.");
}

void add_show(CLI::App& orders, const CtlPtr& ctl) {
  CLI::App* const show = add(orders, ctl, "show", "All that is known of an order.");
  add_id(*show, ctl);
  show->callback([ctl] { ctl->exit_code = orders_show(ctl->options, ctl->id); });
  show->footer("'you may' names the actions that are possible now.");
}

void add_retry(CLI::App& orders, const CtlPtr& ctl) {
  CLI::App* const retry =
      add(orders, ctl, "retry", "Let an order that needs attention go on from where it stopped.");
  add_id(*retry, ctl);
  add_said(*retry, ctl, false);
  retry->callback(
      [ctl] { ctl->exit_code = orders_act(ctl->options, "retry", ctl->id, ctl->reason); });
}

void add_abort(CLI::App& orders, const CtlPtr& ctl) {
  CLI::App* const abort =
      add(orders, ctl, "abort", "Give an order up: stock returned, authorisation voided.");
  add_id(*abort, ctl);
  add_said(*abort, ctl, true);
  abort->callback(
      [ctl] { ctl->exit_code = orders_act(ctl->options, "abort", ctl->id, ctl->reason); });
  abort->footer(
      "Refused once the order is decided, but where the bank refused the capture for good.");
}

void add_review(CLI::App& orders, const CtlPtr& ctl) {
  CLI::App* const review = add(orders, ctl, "review", "Decide about an order in review.");
  add_id(*review, ctl);
  auto* const approve = review->add_flag("--approve", ctl->approve, "execute it");
  auto* const decline = review->add_flag("--decline", ctl->decline, "reject it, uncharged");
  approve->excludes(decline);
  add_said(*review, ctl, false);
  review->callback([ctl] {
    if (!ctl->approve && !ctl->decline) throw CLI::RequiredError("--approve or --decline");
    ctl->exit_code = orders_review(ctl->options, ctl->id, ctl->approve, ctl->reason);
  });
  review->footer(
      "The first decision counts. What nobody decides within seven days is declined. The shopper\n"
      "was answered 'in review' and is not charged before an approval.");
}

}  // namespace

int run_ctl(int argc, const char* const* argv) {
  CLI::App app("Operates a running bookstore.", "bookstorectl");
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 nobody answers or not now, 4 no such "
      "order.\n"
      "Each command has its own --help.");
  const auto ctl = std::make_shared<Ctl>();
  ctl->options.by = user();
  CLI::App* const orders = app.add_subcommand("orders", "Look at orders and act on them.");
  orders->require_subcommand(1);
  add_list(*orders, ctl);
  add_show(*orders, ctl);
  add_retry(*orders, ctl);
  add_abort(*orders, ctl);
  add_review(*orders, ctl);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kCtlDone : kCtlUsage;
  }
  return ctl->exit_code;
}

}  // namespace bookstore::cli
