#pragma once

#include <functional>
#include <memory>

#include "causality/recorder.h"
#include "checkout/shared.h"
#include "orders/store.h"

namespace bookstore::checkout {

// One `submitting` order, held by its lease, on its way to the executor without a shopper: a
// take-over, or an approved review. Whatever fails, the lease lapses and somebody repeats it.
class Resubmission : public std::enable_shared_from_this<Resubmission> {
 public:
  // `done` runs once when this try has ended, however; on a thread that must not be blocked.
  Resubmission(std::shared_ptr<Shared> shared, orders::TakenOver order,
               std::function<void()> done = {});

  void start();

 private:
  void submitted(const executor_client::SubmitResult& result);
  void record(const executor_client::SubmitResult& result);
  orders::StoredAnswer expired() const;
  void end();

  const std::shared_ptr<Shared> shared_;
  const Active active_;
  const orders::TakenOver order_;
  std::function<void()> done_;
  std::shared_ptr<causality::Recorder> recorder_;
};

// The Submit of a taken-over order: the stored bytes with the row's accept_before.
contracts::executor::SubmitRequest stored_submit(const orders::TakenOver& order);

}  // namespace bookstore::checkout
