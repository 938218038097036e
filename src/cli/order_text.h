#pragma once

#include <string>
#include <vector>

#include "cli/text.h"
#include "json/fwd.h"

namespace bookstore::cli {

// What /admin says about orders, for people. Texts that came from shoppers are stripped of control
// characters: none of them moves a terminal's cursor.

std::vector<std::string> order_list_header();
// Of one member of "items".
std::vector<Cell> order_list_row(const json::Value& listed);

// Two columns, what and how it stands; what is empty is left out.
std::vector<std::vector<Cell>> order_rows(const json::Value& order);
std::vector<std::string> order_lines_header();
std::vector<std::vector<Cell>> order_lines(const json::Value& order);

// "The order is not in review (any more): … (not_in_review)".
std::string problem_sentence(const json::Value& problem);

}  // namespace bookstore::cli
