#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace bookstore::http {

// One request and the duty to answer it once. An exchange that is dropped without an answer
// answers 500 by itself: no client waits for ever.
class Exchange {
 public:
  virtual ~Exchange() = default;
  // Does not change while the exchange lives, but for take_body().
  virtual const Request& request() const = 0;
  // Moves the body out, for handlers that must know when it leaves memory. Handler's thread only.
  virtual std::string take_body() = 0;
  // Any thread. Only the first answer counts; one for a client that is gone goes nowhere.
  virtual void respond(Response response) = 0;
  // The connection was lost before the answer. Any thread.
  virtual bool closed() const = 0;
  // `closed` runs once, on the HTTP thread, when that happens; at once if it already has.
  virtual void on_close(std::function<void()> closed) = 0;
};

// Runs on the HTTP thread: must not block. Keeps the exchange to answer later, from any thread.
using Handler = std::function<void(std::shared_ptr<Exchange>)>;

struct Route {
  std::string method;
  std::string pattern;
};

// Fixed before the server starts, then read only.
// GET routes answer HEAD too; OPTIONS and 405 with Allow come by themselves.
class Router {
 public:
  // Pattern: "/v1/books/{id}/similar". A parameter is one whole segment, never empty; a literal
  // segment wins over a parameter. CHECK-fails on the same route twice.
  void add(std::string method, std::string pattern, Handler handler);

  struct Match {
    enum class Kind { kHandler, kOptions, kMethodNotAllowed, kNotFound, kBadPath };
    Kind kind = Kind::kNotFound;
    const Handler* handler = nullptr;  // kHandler
    std::string pattern;               // for metrics; empty when nothing matched
    std::map<std::string, std::string> path_params;
    std::string allow;  // kOptions, kMethodNotAllowed: "GET, HEAD, OPTIONS"
  };
  Match match(std::string_view method, std::string_view path) const;

  // What was added, for the test that compares it with /openapi.json.
  std::vector<Route> routes() const;

 private:
  struct Entry {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    Handler handler;
  };
  std::vector<Entry> entries_;
};

}  // namespace bookstore::http
