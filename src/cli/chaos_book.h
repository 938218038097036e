#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cli/text.h"
#include "json/fwd.h"

namespace bookstore::cli {

// What happened while processes were killed under load, and whose death it is put down to: that of
// the process killed last before it. Times are microseconds of the steady clock. Any thread.
class ChaosBook {
 public:
  struct Row {
    std::string process;
    int kills = 0;
    int64_t ready_us_sum = 0;  // over the kills after which it came back
    int64_t ready_us_max = 0;
    int64_t accepted = 0;  // answers between the kill and "ready again"
    int64_t refused = 0;
    int64_t violations = 0;  // of orders that were begun after its death and before the next
  };

  void killed(const std::string& process, int64_t at_us);
  // The process killed last is there again.
  void ready(int64_t at_us);

  void accepted(const std::string& order_id, int64_t begun_us, int64_t at_us);
  // An answer, or a broken connection, after which the client comes again.
  void refused(const std::string& what, int64_t at_us);
  // Something that must not be, about an order (may be unknown here) or begun at a time.
  void violation_of(const std::string& order_id, const std::string& what);
  void violation_at(int64_t begun_us, const std::string& what);

  // In the order of their first death; the last row, "before any", holds what no death explains.
  std::vector<Row> rows() const;
  std::vector<std::string> accepted_ids() const;
  std::map<std::string, int64_t> refusals() const;  // "503 no_leader" → how often
  std::vector<std::string> violations() const;

 private:
  struct Kill {
    std::string process;
    int64_t at_us = 0;
    int64_t ready_us = 0;  // 0: not yet
  };
  const Kill* before(int64_t at_us) const;
  Row* row(const Kill* kill);
  void violate(int64_t begun_us, const std::string& what);

  mutable std::mutex mutex_;  // guards what follows
  std::vector<Kill> kills_;   // by time
  std::vector<Row> rows_{Row{.process = "before any"}};
  std::map<std::string, int64_t> begun_us_;  // of accepted orders
  std::map<std::string, int64_t> refusals_;
  std::vector<std::string> violations_;
};

// The table that a person reads, and the same for programs.
std::vector<std::vector<Cell>> chaos_cells(const std::vector<ChaosBook::Row>& rows);
json::Array chaos_json(const std::vector<ChaosBook::Row>& rows);

}  // namespace bookstore::cli
