#include "postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"

namespace bookstore::postgres {
namespace {

// How long a cancelled statement may still answer before its connection is given up.
constexpr base::DurationMs kCancelGraceMs = 500;

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using OwnedResult = std::unique_ptr<PGresult, ClearResult>;

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : text;
}

// One line of libpq's own text (several lines, no password in it).
std::string one_line(const char* message) {
  std::string text = message;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "connection lost" : text;
}

absl::Status error_of(const PGresult* result) {
  if (field(result, PG_DIAG_SQLSTATE).empty()) {
    return make_status("", one_line(PQresultErrorMessage(result)), "");
  }
  return make_status(field(result, PG_DIAG_SQLSTATE), field(result, PG_DIAG_MESSAGE_PRIMARY),
                     field(result, PG_DIAG_CONSTRAINT_NAME));
}

std::string connection_message(PGconn* connection) {
  return one_line(PQerrorMessage(connection));
}

// Keeps the payloads, which base::annotate does not.
absl::Status with_statement_number(const absl::Status& status, size_t number) {
  absl::Status out = base::annotate(status, absl::StrCat("statement ", number, " of the batch"));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& value) { out.SetPayload(url, value); });
  return out;
}

// Empty mask: the time is over. Interrupted waits are taken up again.
short poll_socket(int fd, short events, const base::Clock& clock, base::Deadline deadline) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  while (true) {
    const base::DurationMs wait_ms =
        std::min<base::DurationMs>(deadline.remaining_ms(clock), 60'000);
    const int ready = poll(&entry, 1, static_cast<int>(wait_ms));
    if (ready > 0) return entry.revents;
    if (ready == 0 && deadline.passed(clock)) return 0;
    if (ready < 0 && errno != EINTR) return POLLERR;
  }
}

// Values that our connections always want; what `conninfo` says itself comes later and wins.
PGconn* start_connect(const std::string& conninfo) {
  const char* const keys[] = {"application_name",     "client_encoding", "tcp_user_timeout",
                              "target_session_attrs", "dbname",          nullptr};
  const char* const values[] = {"bookstore",  "UTF8",           "5000",
                                "read-write", conninfo.c_str(), nullptr};
  return PQconnectStartParams(keys, values, /*expand_dbname=*/1);
}

}  // namespace

// One statement's wait: `deadline` moves once, when the cancel request has gone out.
struct Connection::Waiting {
  base::Deadline deadline;
  bool canceled = false;
};

Connection::Connection(pg_conn* connection, const base::Clock& clock)
    : connection_(connection), clock_(clock) {}

Connection::~Connection() {
  PQfinish(connection_);
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::open(const std::string& conninfo,
                                                             const base::Clock& clock,
                                                             base::Deadline deadline) {
  std::unique_ptr<Connection> self(new Connection(start_connect(conninfo), clock));
  PGconn* const connection = self->connection_;
  BOOKSTORE_CHECK(connection != nullptr, "out of memory");
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (PQstatus(connection) != CONNECTION_BAD && state != PGRES_POLLING_OK &&
         state != PGRES_POLLING_FAILED) {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (poll_socket(PQsocket(connection), events, clock, deadline) == 0) {
      return absl::UnavailableError("database: no connection within the deadline");
    }
    state = PQconnectPoll(connection);
  }
  if (PQstatus(connection) != CONNECTION_OK) {
    return absl::UnavailableError(absl::StrCat("database: ", connection_message(connection)));
  }
  BOOKSTORE_RETURN_IF_ERROR(self->start_session(deadline));
  return self;
}

absl::Status Connection::start_session(base::Deadline deadline) {
  // Notices ("relation already exists, skipping") are for people at a prompt.
  PQsetNoticeReceiver(
      connection_, [](void*, const PGresult*) {}, nullptr);
  if (PQsetnonblocking(connection_, 1) != 0) {
    return mark_broken(absl::UnavailableError("database: socket refused non-blocking mode"));
  }
  // Plans are kept as long as the connection, and many are made while a table is young and small:
  // one that scans then would scan for ever. Every statement of ours that matters has its index, so
  // plans are made once, for any value, and scan only where there is none. A forbidden scan looks
  // so dear that it would be compiled first: not that either.
  return run(
      absl::StrCat(
          "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off; "
          "SET statement_timeout = ",
          kServerTimeoutMs, "; SET idle_in_transaction_session_timeout = ", kServerTimeoutMs,
          "; SET bytea_output = 'hex'; SET timezone = 'UTC'"),
      deadline);
}

bool Connection::in_transaction() const {
  const PGTransactionStatusType state = PQtransactionStatus(connection_);
  return state == PQTRANS_INTRANS || state == PQTRANS_INERROR;
}

bool Connection::in_failed_transaction() const {
  return PQtransactionStatus(connection_) == PQTRANS_INERROR;
}

bool Connection::alive() {
  if (broken_) return false;
  // A closing server sends its reason first: read until nothing or the end is there.
  pollfd entry{.fd = PQsocket(connection_), .events = POLLIN, .revents = 0};
  while (!broken_ && poll(&entry, 1, 0) > 0) {
    if (PQconsumeInput(connection_) == 0) broken_ = true;
  }
  if (PQstatus(connection_) != CONNECTION_OK) broken_ = true;
  return !broken_;
}

absl::Status Connection::mark_broken(absl::Status why) {
  broken_ = true;
  return why;
}

void Connection::request_cancel() {
  PGcancel* cancel = PQgetCancel(connection_);
  if (cancel == nullptr) return;
  char ignored[256];
  PQcancel(cancel, ignored, sizeof ignored);  // best effort: the grace period decides
  PQfreeCancel(cancel);
}

absl::Status Connection::wait_readable(Waiting& waiting) {
  while (true) {
    const int unsent = PQflush(connection_);
    if (unsent < 0) return mark_broken(make_status("", connection_message(connection_), ""));
    const short wanted = static_cast<short>(POLLIN | (unsent > 0 ? POLLOUT : 0));
    const short ready = poll_socket(PQsocket(connection_), wanted, clock_, waiting.deadline);
    if (ready == 0) {
      if (waiting.canceled) {
        return mark_broken(absl::DeadlineExceededError("database: no answer within the deadline"));
      }
      waiting.canceled = true;
      request_cancel();
      waiting.deadline = base::Deadline::after(clock_, kCancelGraceMs);
      continue;
    }
    if ((ready & (POLLIN | POLLERR | POLLHUP)) != 0) {
      PQconsumeInput(connection_);  // on failure PQgetResult gives the error
      return absl::OkStatus();
    }
  }
}

// The next PGresult of the running command, owned by the caller; null ends the command.
absl::StatusOr<pg_result*> Connection::next_result(Waiting& waiting) {
  PQflush(connection_);
  while (PQisBusy(connection_) != 0) {
    BOOKSTORE_RETURN_IF_ERROR(wait_readable(waiting));
    if (PQstatus(connection_) == CONNECTION_BAD) break;
  }
  return PQgetResult(connection_);
}

absl::StatusOr<Result> Connection::query(const Statement& statement, std::vector<Param> params,
                                         base::Deadline deadline) {
  const Item item{statement.sql, std::move(params)};
  auto results = pipeline(std::span(&item, 1), deadline);
  if (!results.ok()) return results.status();
  return std::move(results->front());
}

absl::Status Connection::run(const std::string& sql, base::Deadline deadline) {
  if (broken_) return absl::UnavailableError("database: the connection is broken");
  if (PQsendQuery(connection_, sql.c_str()) == 0) {
    return mark_broken(make_status("", connection_message(connection_), ""));
  }
  Waiting waiting{deadline};
  absl::Status first;
  while (true) {
    BOOKSTORE_ASSIGN_OR_RETURN(PGresult * raw, next_result(waiting));
    if (raw == nullptr) break;
    const OwnedResult result(raw);
    if (PQresultStatus(raw) == PGRES_FATAL_ERROR && first.ok()) first = error_of(raw);
  }
  if (PQstatus(connection_) == CONNECTION_BAD) {
    broken_ = true;
    if (first.ok()) first = make_status("", connection_message(connection_), "");
  }
  return first;
}

// Queues everything with libpq; prepares what this connection has not prepared yet. `prepared`
// gets one entry a prepare message, in order.
absl::Status Connection::send_pipeline(std::span<const Item> items,
                                       std::vector<std::pair<std::string, std::string>>& prepared) {
  const auto name_in_batch = [&](const std::string& sql) -> const std::string* {
    if (const auto known = prepared_.find(sql); known != prepared_.end()) return &known->second;
    for (const auto& [text, name] : prepared) {
      if (text == sql) return &name;
    }
    return nullptr;
  };
  for (const Item& item : items) {
    const std::string sql(item.sql);
    const std::string* name = name_in_batch(sql);
    if (name == nullptr) {
      BOOKSTORE_CHECK(prepared_.size() + prepared.size() < kStatementsMax,
                      "too many different statements: is a value part of the text? ", sql);
      prepared.emplace_back(sql, absl::StrCat("s", prepared_.size() + prepared.size()));
      name = &prepared.back().second;
      if (PQsendPrepare(connection_, name->c_str(), sql.c_str(), 0, nullptr) == 0) break;
    }
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    for (const Param& param : item.params) {
      values.push_back(param.is_null() ? nullptr : param.wire().c_str());
      lengths.push_back(param.is_null() ? 0 : static_cast<int>(param.wire().size()));
      formats.push_back(param.is_binary() ? 1 : 0);
    }
    if (PQsendQueryPrepared(connection_, name->c_str(), static_cast<int>(values.size()),
                            values.data(), lengths.data(), formats.data(), 0) == 0) {
      break;
    }
  }
  if (PQstatus(connection_) != CONNECTION_OK || PQpipelineSync(connection_) == 0) {
    return make_status("", connection_message(connection_), "");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Result>> Connection::pipeline(std::span<const Item> items,
                                                         base::Deadline deadline) {
  if (broken_) return absl::UnavailableError("database: the connection is broken");
  BOOKSTORE_CHECK(PQenterPipelineMode(connection_) == 1, "a command is still running");
  std::vector<std::pair<std::string, std::string>> prepared;
  if (absl::Status sent = send_pipeline(items, prepared); !sent.ok()) return mark_broken(sent);

  Waiting waiting{deadline};
  std::vector<Result> results;
  absl::Status first;
  size_t prepares_done = 0;
  std::optional<size_t> failed_at;
  // Answers come in the order of the messages: a result and a null for each, then the sync.
  for (bool synced = false; !synced;) {
    BOOKSTORE_ASSIGN_OR_RETURN(PGresult * raw, next_result(waiting));
    if (PQstatus(connection_) == CONNECTION_BAD) {
      const OwnedResult result(raw);
      return mark_broken(raw != nullptr && PQresultStatus(raw) == PGRES_FATAL_ERROR
                             ? error_of(raw)
                             : make_status("", connection_message(connection_), ""));
    }
    if (raw == nullptr) continue;
    OwnedResult result(raw);
    switch (PQresultStatus(raw)) {
      case PGRES_PIPELINE_SYNC:
        synced = true;
        break;
      case PGRES_TUPLES_OK:
      case PGRES_COMMAND_OK:
        // A prepare is answered before the statement that needs it.
        if (prepares_done < prepared.size() &&
            prepared[prepares_done].first == items[results.size()].sql) {
          prepared_.insert(prepared[prepares_done++]);
        } else {
          results.emplace_back(result.release());
        }
        break;
      case PGRES_PIPELINE_ABORTED:
        break;
      default:
        if (first.ok()) {
          first = error_of(raw);
          if (items.size() > 1) failed_at = results.size();
        }
    }
  }
  if (PQexitPipelineMode(connection_) != 1) {
    return mark_broken(make_status("", connection_message(connection_), ""));
  }
  if (!first.ok() && failed_at) return with_statement_number(first, *failed_at);
  if (!first.ok()) return first;
  BOOKSTORE_CHECK(results.size() == items.size(), results.size(), " of ", items.size());
  return results;
}

size_t Batch::add(const Statement& statement, std::vector<Param> params) {
  BOOKSTORE_CHECK(items_.size() < kBatchMax, "a batch is limited; chunk the work");
  items_.push_back({statement.sql, std::move(params)});
  return items_.size() - 1;
}

absl::StatusOr<std::vector<Result>> Batch::run(base::Deadline deadline) {
  const std::vector<Connection::Item> items = std::exchange(items_, {});
  if (items.empty()) return std::vector<Result>();
  return connection_.pipeline(items, deadline);
}

}  // namespace bookstore::postgres
