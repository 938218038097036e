#pragma once

#include "http/message.h"
#include "json/problem.h"

namespace bookstore::http {

using Problem = json::Problem;
using ProblemError = json::ProblemError;

// application/problem+json with Retry-After where one is named. An empty title is the status's own.
Response problem_response(Problem problem);

}  // namespace bookstore::http
