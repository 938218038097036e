#include "process/readiness.h"

namespace bookstore::process {

void Readiness::set(const std::string& name, std::string reason) {
  const std::lock_guard lock(mutex_);
  for (auto& [told, current] : told_) {
    if (told == name) {
      current = std::move(reason);
      return;
    }
  }
  told_.emplace_back(name, std::move(reason));
}

void Readiness::ask(std::string name, std::function<std::string()> reason_if_not, bool required) {
  const std::lock_guard lock(mutex_);
  asked_.push_back({std::move(name), std::move(reason_if_not), required});
}

Readiness::Report Readiness::report() const {
  Report report;
  std::vector<Asked> asked;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, reason] : told_) report.checks.push_back({name, reason, true});
    asked = asked_;
  }
  // Outside the lock: a check may take locks of its own.
  for (const Asked& check : asked) {
    report.checks.push_back({check.name, check.reason(), check.required});
  }
  for (const Check& check : report.checks) {
    if (check.required && !check.reason.empty()) report.ready = false;
  }
  return report;
}

}  // namespace bookstore::process
