#include "cli/demo.h"

#include "base/ids.h"
#include "base/status.h"
#include "cli/console.h"
#include "json/json.h"

namespace bookstore::cli {
namespace {

constexpr base::DurationMs kEndMs = 30'000;

std::string signed_number(int64_t number) {
  return (number >= 0 ? "+" : "") + std::to_string(number);
}

class Demo {
 public:
  Demo(Shop& shop, const base::Clock& clock, base::Random& random)
      : shop_(shop), clock_(clock), random_(random) {}

  Shopper shopper() { return make_shopper(clock_, random_); }

  // "202, completed, stock -2, 1 capture".
  absl::StatusOr<std::string> place(const Shopper& shopper, const CheckoutLine& line) {
    BOOKSTORE_ASSIGN_OR_RETURN(const int64_t before, shop_.free_stock(line.book_id));
    BOOKSTORE_ASSIGN_OR_RETURN(const http::Response answer,
                               shop_.checkout(checkout_body(shopper, line), new_key()));
    if (answer.status != 202) return refusal(answer);
    return outcome(answer, line.book_id, before);
  }

  absl::StatusOr<std::string> place_everyday(const Shopper& shopper, int64_t quantity) {
    BOOKSTORE_ASSIGN_OR_RETURN(const std::string book_id, shop_.everyday_book());
    return place(shopper, {book_id, quantity});
  }

  absl::StatusOr<std::string> place_more_than_the_stock() {
    BOOKSTORE_ASSIGN_OR_RETURN(const CheckoutLine line, shop_.more_than_the_stock());
    return place(shopper(), line);
  }

  absl::StatusOr<std::string> place_twice_with_one_key() {
    BOOKSTORE_ASSIGN_OR_RETURN(const std::string book_id, shop_.everyday_book());
    BOOKSTORE_ASSIGN_OR_RETURN(const int64_t before, shop_.free_stock(book_id));
    const std::string body = checkout_body(shopper(), {book_id, 1});
    const std::string key = new_key();
    BOOKSTORE_ASSIGN_OR_RETURN(const http::Response first, shop_.checkout(body, key));
    BOOKSTORE_ASSIGN_OR_RETURN(const http::Response second, shop_.checkout(body, key));
    if (first.status != 202) return refusal(first);
    const std::string replay =
        second.headers.get("Idempotency-Replayed") == "true" ? "replayed" : "not replayed";
    const std::string bytes = first.body == second.body ? "the same bytes" : "other bytes";
    BOOKSTORE_ASSIGN_OR_RETURN(const std::string end, outcome(first, book_id, before));
    return std::to_string(second.status) + " " + replay + " with " + bytes + "; " + end;
  }

  // Ninety-nine copies at once, sent by the fastest way, to a throw-away mailbox.
  absl::StatusOr<std::string> place_fraud() {
    Shopper thief = shopper();
    thief.name = "X Y";
    thief.email = thief.email.substr(0, thief.email.find('@')) + "@mailinator.com";
    BOOKSTORE_ASSIGN_OR_RETURN(const std::string book_id, shop_.everyday_book());
    BOOKSTORE_ASSIGN_OR_RETURN(
        const http::Response answer,
        shop_.checkout(checkout_body(thief, {book_id, 99}, "express"), new_key()));
    return answer.status == 202 ? "202" : refusal(answer);
  }

 private:
  std::string new_key() { return "demo-" + base::make_ulid(clock_, random_); }

  // "422 card_invalid, /card/number luhn_failed".
  static std::string refusal(const http::Response& answer) {
    std::string text = std::to_string(answer.status);
    const auto problem = json::parse(answer.body);
    if (!problem.ok()) return text;
    text += " " + text_at(*problem, "/code");
    const std::string pointer = text_at(*problem, "/errors/0/pointer");
    return pointer.empty() ? text
                           : text + ", " + pointer + " " + text_at(*problem, "/errors/0/code");
  }

  absl::StatusOr<std::string> outcome(const http::Response& answer, const std::string& book_id,
                                      int64_t before) {
    BOOKSTORE_ASSIGN_OR_RETURN(const json::Value accepted, json::parse(answer.body));
    const std::string order_id = text_at(accepted, "/id");
    BOOKSTORE_ASSIGN_OR_RETURN(const json::Value order,
                               shop_.wait_for_end(order_id, base::Deadline::after(clock_, kEndMs)));
    BOOKSTORE_ASSIGN_OR_RETURN(const int64_t after, shop_.free_stock(book_id));
    BOOKSTORE_ASSIGN_OR_RETURN(const int64_t captures, shop_.captures(order_id));
    const std::string reason = text_at(order, "/reason");
    return std::to_string(answer.status) + ", " + text_at(order, "/status") +
           (reason.empty() ? "" : " " + reason) + ", stock " + signed_number(after - before) +
           ", " + std::to_string(captures) + (captures == 1 ? " capture" : " captures");
  }

  Shop& shop_;
  const base::Clock& clock_;
  base::Random& random_;
};

}  // namespace

std::vector<DemoStep> demo_steps(Shop& shop, const base::Clock& clock, base::Random& random) {
  const auto demo = std::make_shared<Demo>(shop, clock, random);
  return {
      {"a good order", "202, completed, stock -2, 1 capture",
       [demo] { return demo->place_everyday(demo->shopper(), 2); }},
      {"a mistyped card number", "422 card_invalid, /card/number luhn_failed",
       [demo] {
         Shopper shopper = demo->shopper();
         char& last = shopper.card_number.back();
         last = last == '9' ? '0' : static_cast<char>(last + 1);
         return demo->place_everyday(shopper, 1);
       }},
      {"an expired card", "422 card_invalid, /card/expiry_year expired",
       [demo] {
         Shopper shopper = demo->shopper();
         shopper.expiry_year -= 3;
         return demo->place_everyday(shopper, 1);
       }},
      {"a payment that is declined", "202, failed card_declined, stock +0, 0 captures",
       [demo] {
         Shopper shopper = demo->shopper();
         shopper.card_number = "4000000000000002";  // the provider's test card for it
         return demo->place_everyday(shopper, 1);
       }},
      {"an order that looks like fraud", "422 order_declined",
       [demo] { return demo->place_fraud(); }},
      {"an order for more than the stock", "202, failed out_of_stock, stock +0, 0 captures",
       [demo] { return demo->place_more_than_the_stock(); }},
      {"one Idempotency-Key twice",
       "202 replayed with the same bytes; 202, completed, stock -1, 1 capture",
       [demo] { return demo->place_twice_with_one_key(); }},
  };
}

int demo(const std::filesystem::path& state) {
  const auto endpoints = running_endpoints(StateDir(state));
  if (!endpoints.ok()) return fail(endpoints.status());
  const base::SystemClock clock;
  base::SystemRandom random;
  Shop shop(*endpoints, clock);
  Console console(stdout);
  std::vector<std::vector<Cell>> rows;
  int differences = 0;
  for (const DemoStep& step : demo_steps(shop, clock, random)) {
    const absl::StatusOr<std::string> played = step.play();
    const std::string got = played.ok() ? *played : base::str(played.status().message());
    const bool same = got == step.expected;
    differences += same ? 0 : 1;
    rows.push_back({{step.name},
                    {step.expected},
                    {got, same ? Colour::kPlain : Colour::kRed},
                    {same ? "ok" : "DIFFERS", same ? Colour::kGreen : Colour::kRed}});
  }
  console.table({"order", "expected", "got", ""}, rows);
  if (differences == 0) return 0;
  return fail(std::to_string(differences) + " of " + std::to_string(rows.size()) +
              " came out otherwise than expected");
}

}  // namespace bookstore::cli
