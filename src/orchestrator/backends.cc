#include "orchestrator/backends.h"

#include "orchestrator/stock.h"

namespace bookstore::orchestrator {
namespace {

using telemetry::Labels;

// A counter that `count` tells the total of whenever the page is asked for.
void mirror(telemetry::Registry& metrics, const std::string& name, const std::string& help,
            const Labels& labels, std::function<uint64_t()> count) {
  telemetry::Counter& counter = metrics.counter(name, help, labels);
  metrics.on_collect([&counter, count = std::move(count)] { counter.raise_to(count()); });
}

void level(telemetry::Registry& metrics, const std::string& name, const std::string& help,
           const Labels& labels, std::function<double()> read) {
  telemetry::Gauge& gauge = metrics.gauge(name, help, labels);
  metrics.on_collect([&gauge, read = std::move(read)] { gauge.set(read()); });
}

void export_client(telemetry::Registry& metrics, const rpc::Client& client) {
  const auto calls = [&](const std::string& what, uint64_t rpc::Client::Counters::*count) {
    mirror(metrics, "bookstore_rpc_" + what + "_total", "Outgoing calls by peer: " + what + ".",
           {{"peer", client.peer()}}, [&client, count] { return client.counters().*count; });
  };
  calls("calls", &rpc::Client::Counters::calls);
  calls("failures", &rpc::Client::Counters::failures);
  calls("retries", &rpc::Client::Counters::retries);
  calls("refused_by_breaker", &rpc::Client::Counters::refused_by_breaker);
  level(metrics, "bookstore_breaker_open", "1 while the circuit breaker lets no call pass.",
        {{"peer", client.peer()}}, [&client] {
          return client.breaker_state() == resilience::CircuitBreaker::State::kOpen ? 1 : 0;
        });
}

void export_pool(telemetry::Registry& metrics, const std::string& name,
                 const base::WorkerPool& pool) {
  level(metrics, "bookstore_pool_queued", "Tasks that wait for a thread.", {{"pool", name}},
        [&pool] { return static_cast<double>(pool.queued()); });
  mirror(metrics, "bookstore_pool_refused_total", "Tasks refused because the queue was full.",
         {{"pool", name}}, [&pool] { return pool.refused(); });
}

void export_runner(telemetry::Registry& metrics, const checkout::Runner& runner) {
  using Counters = checkout::Runner::Counters;
  const auto outcome = [&](const std::string& name, uint64_t Counters::*count) {
    mirror(metrics, "bookstore_checkouts_total", "Checkouts by outcome.", {{"outcome", name}},
           [&runner, count] { return runner.counters().*count; });
  };
  outcome("accepted", &Counters::accepted);
  outcome("in_review", &Counters::in_review);
  outcome("rejected", &Counters::rejected);
  outcome("replayed", &Counters::replayed);
  outcome("refused", &Counters::refused);
  outcome("unavailable", &Counters::unavailable);
  outcome("unknown", &Counters::unknown);
  mirror(metrics, "bookstore_checkouts_started_total", "Checkouts begun.", {},
         [&runner] { return runner.counters().started; });
  mirror(metrics, "bookstore_checkout_steps_cancelled_total",
         "Steps that an early end cancelled in flight.", {},
         [&runner] { return runner.counters().steps_cancelled; });
  const auto review = [&](const std::string& name, uint64_t Counters::*count) {
    mirror(metrics, "bookstore_reviews_total", "Reviews by how they ended here.",
           {{"decision", name}}, [&runner, count] { return runner.counters().*count; });
  };
  review("approved", &Counters::reviews_approved);
  review("declined", &Counters::reviews_declined);
  review("overdue", &Counters::reviews_overdue);
  mirror(metrics, "bookstore_orders_taken_over_total",
         "Orders whose submission another try continued.", {},
         [&runner] { return runner.counters().taken_over; });
}

void export_executor(telemetry::Registry& metrics, const Backends& backends) {
  using Counters = executor_client::Client::Counters;
  const auto outcome = [&](const std::string& name, uint64_t Counters::*count) {
    mirror(metrics, "bookstore_submits_total", "Submissions by outcome.", {{"outcome", name}},
           [&executor = backends.executor, count] { return executor.counters().*count; });
  };
  outcome("accepted", &Counters::accepted);
  outcome("known", &Counters::known);
  outcome("refused", &Counters::refused);
  outcome("unknown", &Counters::unknown);
  level(metrics, "bookstore_watch_connected", "1 while the executor's transitions are heard.", {},
        [&watch = backends.watch] { return watch.connected() ? 1 : 0; });
  level(metrics, "bookstore_watch_subscribers", "Requests that wait for an order.", {},
        [&watch = backends.watch] { return static_cast<double>(watch.subscribers()); });
}

void add_operator_ports(Ports& ports, const Backends& backends) {
  ports.read_operator_view = [&pool = backends.pool](const base::OrderId& order_id,
                                                     base::Deadline deadline) {
    return orders::read_operator_view(pool, order_id, deadline);
  };
  ports.list_orders = [&pool = backends.pool](const orders::ListQuery& query,
                                              base::Deadline deadline) {
    return orders::list_orders(pool, query, deadline);
  };
  ports.review = [&runner = backends.runner](checkout::ReviewCall call, auto done) {
    runner.review(std::move(call), std::move(done));
  };
  ports.retry_order = [&executor = backends.executor](const base::OrderId& order_id,
                                                      std::string traceparent,
                                                      base::Deadline deadline, auto done) {
    executor.retry_order(order_id.value,
                         {.deadline = deadline, .traceparent = std::move(traceparent)},
                         std::move(done));
  };
  ports.abort_order = [&executor = backends.executor](const base::OrderId& order_id,
                                                      std::string traceparent,
                                                      base::Deadline deadline, auto done) {
    executor.abort_order(order_id.value,
                         {.deadline = deadline, .traceparent = std::move(traceparent)},
                         std::move(done));
  };
  ports.describe_order = [&executor = backends.executor](const base::OrderId& order_id,
                                                         base::Deadline deadline, auto done) {
    executor.describe_order(order_id.value, {.deadline = deadline}, std::move(done));
  };
}

}  // namespace

Ports make_ports(const Backends& backends) {
  Ports ports;
  ports.checkout = [&runner = backends.runner](checkout::CheckoutRequest request, Ports::Door door,
                                               Ports::Answered done) {
    runner.run(
        std::move(request),
        {std::move(door.idempotency_key), std::move(door.traceparent), std::move(door.client_ip)},
        std::move(done));
  };
  ports.read_order = [&orders = backends.orders](const base::OrderId& order_id,
                                                 base::Deadline deadline) {
    return orders.read(order_id, deadline);
  };
  ports.project = [&orders = backends.orders](const orders::Transition& transition,
                                              base::Deadline deadline) {
    return orders.project({&transition, 1}, deadline).status();
  };
  ports.subscribe = [&watch = backends.watch](std::string order_id,
                                              executor_client::TransitionWatch::Listener listener) {
    return watch.subscribe(std::move(order_id), std::move(listener));
  };
  ports.ask_executor = [&executor = backends.executor](const base::OrderId& order_id,
                                                       base::Deadline deadline, auto done) {
    executor.get_order(order_id.value, {.deadline = deadline}, std::move(done));
  };
  ports.list_books = [&catalogue = backends.catalogue](size_t limit, const std::string& cursor,
                                                       base::Deadline deadline) {
    return catalogue.list(limit, cursor, deadline);
  };
  ports.get_book = [&catalogue = backends.catalogue](const std::string& book_id,
                                                     base::Deadline deadline) {
    return catalogue.get(book_id, deadline);
  };
  ports.available = [&pool = backends.pool](const std::vector<std::string>& book_ids,
                                            base::Deadline deadline) {
    return read_available(pool, book_ids, deadline);
  };
  ports.similar = [&suggestions = backends.suggestions](
                      const contracts::suggestions::SimilarRequest& request,
                      std::string traceparent, base::Deadline deadline, auto done) {
    suggestions.call(
        contracts::suggestions::kSimilar, request,
        {.deadline = deadline, .traceparent = std::move(traceparent), .idempotent = true},
        std::move(done));
  };
  add_operator_ports(ports, backends);
  ports.database = &backends.database;
  ports.clock = &backends.clock;
  return ports;
}

void export_metrics(const Backends& backends, telemetry::Registry& metrics) {
  for (const rpc::Client* client :
       {&backends.verification, &backends.fraud, &backends.suggestions, &backends.payment}) {
    export_client(metrics, *client);
  }
  export_pool(metrics, "checkout", backends.strands);
  export_pool(metrics, "database", backends.database);
  export_runner(metrics, backends.runner);
  export_executor(metrics, backends);
  level(metrics, "bookstore_database_connections_lent", "Database connections in use.", {},
        [&pool = backends.pool] { return static_cast<double>(pool.lent()); });
  mirror(metrics, "bookstore_illegal_moves_total", "Order moves that the table refused.", {},
         [&orders = backends.orders] { return orders.illegal_moves(); });
}

}  // namespace bookstore::orchestrator
