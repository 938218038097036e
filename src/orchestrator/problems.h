#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkout/problems.h"
#include "http/problem.h"
#include "http/router.h"

namespace bookstore::orchestrator {

// The problems of the routes themselves; those of a checkout are in checkout/problems.h.
std::span<const checkout::ProblemKind> route_problems();

// The problem `code` of either table as a response, the request's trace id in it.
http::Response refusal(const http::Exchange& exchange, std::string_view code,
                       std::string detail = "", std::vector<http::ProblemError> errors = {});

// Answers with the problem `code` of either table, the request's trace id in it.
void refuse(http::Exchange& exchange, std::string_view code, std::string detail = "",
            std::vector<http::ProblemError> errors = {});

}  // namespace bookstore::orchestrator
