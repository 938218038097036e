#include "cli/order_text.h"

#include <cstdio>

#include "json/json.h"

namespace bookstore::cli {
namespace {

// The value at a JSON pointer; null where there is none.
const json::Value* at(const json::Value& value, const char* pointer) {
  boost::system::error_code missing;
  const json::Value* found = value.find_pointer(pointer, missing);
  return found == nullptr || found->is_null() ? nullptr : found;
}

// C0 and DEL, and C1 as UTF-8 has it (0xc2 0x80 to 0xc2 0x9f).
std::string printable(std::string text) {
  const auto byte = [&text](size_t at) { return static_cast<unsigned char>(text[at]); };
  for (size_t at = 0; at < text.size(); ++at) {
    const bool c1 = byte(at) == 0xc2 && at + 1 < text.size() && byte(at + 1) < 0xa0;
    if (c1) text.replace(at, 2, "?");
    if (byte(at) < 0x20 || byte(at) == 0x7f) text[at] = '?';
  }
  return text;
}

// Texts as they are, lists with commas, anything else as JSON.
std::string text_of(const json::Value* value) {
  if (value == nullptr) return "";
  if (value->is_string()) return printable(std::string(value->get_string()));
  if (!value->is_array()) return json::write(*value);
  std::string text;
  for (const json::Value& element : value->get_array())
    text += (text.empty() ? "" : ", ") + text_of(&element);
  return text;
}

std::string money_of(const json::Value* money) {
  if (money == nullptr) return "";
  const json::Value* minor = at(*money, "/minor");
  if (minor == nullptr || !minor->is_int64()) return "";
  char amount[40];
  std::snprintf(amount, sizeof amount, "%lld.%02lld",
                static_cast<long long>(minor->get_int64() / 100),
                static_cast<long long>(minor->get_int64() % 100));
  return std::string(amount) + " " + text_of(at(*money, "/currency"));
}

std::string number_of(const json::Value* number) {
  if (number == nullptr || !number->is_number()) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", number->to_number<double>());
  return text;
}

// Seconds are enough for people.
std::string time_of(const json::Value* time) {
  std::string text = text_of(time);
  if (const size_t dot = text.find('.'); dot != std::string::npos) text = text.substr(0, dot) + "Z";
  return text;
}

Colour colour_of(const std::string& state) {
  if (state == "completed") return Colour::kGreen;
  if (state == "in_review" || state == "needs_attention") return Colour::kYellow;
  if (state == "failed" || state == "rejected" || state == "canceled") return Colour::kRed;
  return Colour::kPlain;
}

}  // namespace

std::vector<std::string> order_list_header() {
  return {"order", "state", "since", "total", "customer", "fraud", "what to know"};
}

std::vector<Cell> order_list_row(const json::Value& listed) {
  const std::string state = text_of(at(listed, "/status"));
  const std::string until = time_of(at(listed, "/decide_until"));
  const std::string know =
      state == "in_review" ? "decide until " + until : text_of(at(listed, "/reason"));
  return {{text_of(at(listed, "/id"))},
          {state, colour_of(state)},
          {time_of(at(listed, "/updated_at"))},
          {money_of(at(listed, "/total"))},
          {text_of(at(listed, "/customer_name"))},
          {number_of(at(listed, "/fraud_score"))},
          {know}};
}

std::vector<std::vector<Cell>> order_rows(const json::Value& order) {
  std::vector<std::vector<Cell>> rows;
  const auto add = [&rows](const char* what, const std::string& how,
                           Colour colour = Colour::kPlain) {
    if (!how.empty()) rows.push_back({{what, Colour::kDim}, {how, colour}});
  };
  const std::string state = text_of(at(order, "/status"));
  add("order", text_of(at(order, "/id")), Colour::kBold);
  add("state", state, colour_of(state));
  add("reason", text_of(at(order, "/reason")));
  add("revision", text_of(at(order, "/version")));
  add("created", time_of(at(order, "/created_at")));
  add("changed", time_of(at(order, "/updated_at")));
  add("total", money_of(at(order, "/totals/grand")));
  add("payment", text_of(at(order, "/payment/status")));
  add("card", text_of(at(order, "/payment/brand")) + " " + text_of(at(order, "/payment/last4")));
  add("shipping", text_of(at(order, "/shipping_class")));
  add("customer", text_of(at(order, "/operator/customer/name")) + " <" +
                      text_of(at(order, "/operator/customer/email")) + ">");
  add("fraud", text_of(at(order, "/operator/fraud/verdict")));
  add("fraud score", number_of(at(order, "/operator/fraud/score")));
  add("fraud reasons", text_of(at(order, "/operator/fraud/reasons")));
  add("policies", text_of(at(order, "/operator/policies")));
  add("degraded", text_of(at(order, "/degraded")));
  add("decide until",
      state == "in_review" ? time_of(at(order, "/operator/review/decide_until")) : "");
  add("decided by", text_of(at(order, "/operator/review/decided_by")));
  add("decided at", time_of(at(order, "/operator/review/decided_at")));
  add("note", text_of(at(order, "/operator/review/note")));
  add("attempt", text_of(at(order, "/operator/attempt")));
  add("executor", text_of(at(order, "/operator/executor/state")));
  add("executor says", text_of(at(order, "/operator/executor/reason")));
  add("executor error", text_of(at(order, "/operator/executor/error")), Colour::kRed);
  add("decision", text_of(at(order, "/operator/executor/decision")));
  add("waits for", text_of(at(order, "/operator/executor/waits_for")));
  add("tries", text_of(at(order, "/operator/executor/tries")));
  add("you may", text_of(at(order, "/operator/actions")), Colour::kCyan);
  return rows;
}

std::vector<std::string> order_lines_header() {
  return {"book", "title", "quantity", "price", "total"};
}

std::vector<std::vector<Cell>> order_lines(const json::Value& order) {
  std::vector<std::vector<Cell>> rows;
  const json::Value* lines = at(order, "/lines");
  if (lines == nullptr || !lines->is_array()) return rows;
  for (const json::Value& line : lines->get_array()) {
    rows.push_back({{text_of(at(line, "/book_id"))},
                    {text_of(at(line, "/title"))},
                    {text_of(at(line, "/quantity"))},
                    {money_of(at(line, "/unit_price"))},
                    {money_of(at(line, "/total"))}});
  }
  return rows;
}

std::string problem_sentence(const json::Value& problem) {
  std::string sentence = text_of(at(problem, "/title"));
  if (const json::Value* detail = at(problem, "/detail")) sentence += ": " + text_of(detail);
  if (const json::Value* errors = at(problem, "/errors");
      errors != nullptr && errors->is_array() && at(problem, "/detail") == nullptr) {
    for (const json::Value& error : errors->get_array())
      sentence += "; " + text_of(at(error, "/pointer")) + " " + text_of(at(error, "/detail"));
  }
  return sentence + " (" + text_of(at(problem, "/code")) + ")";
}

}  // namespace bookstore::cli
