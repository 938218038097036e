#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace bookstore::process {

// Why this process cannot do its work now, dependency by dependency. Any thread.
class Readiness {
 public:
  struct Check {
    std::string name;
    std::string reason;  // empty: ready
    bool required = true;
  };
  // A state that is told: "" is ready.
  void set(const std::string& name, std::string reason);
  // A state that is asked at each report; `reason_if_not` must not block. What it refers to must
  // outlive the last report. With `required` false a reason is shown but the process stays ready
  // (a degraded dependency).
  void ask(std::string name, std::function<std::string()> reason_if_not, bool required = true);

  struct Report {
    bool ready = true;
    std::vector<Check> checks;
  };
  Report report() const;

 private:
  struct Asked {
    std::string name;
    std::function<std::string()> reason;
    bool required;
  };
  mutable std::mutex mutex_;  // guards both
  std::vector<std::pair<std::string, std::string>> told_;
  std::vector<Asked> asked_;
};

}  // namespace bookstore::process
