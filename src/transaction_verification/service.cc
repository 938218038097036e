#include "transaction_verification/service.h"

#include <string.h>

#include <utility>

#include "rpc/order_key.h"
#include "transaction_verification/billing.h"
#include "transaction_verification/card.h"

namespace bookstore::transaction_verification {
namespace {

namespace common = contracts::common;
namespace verification = contracts::verification;

verification::CheckReply reply_of(const FieldErrors& errors) {
  verification::CheckReply reply;
  for (const FieldError& error : errors) {
    common::FieldError* field = reply.add_errors();
    field->set_pointer(std::string(error.pointer));
    field->set_code(std::string(error.code));
    field->set_detail(std::string(error.detail));
  }
  return reply;
}

// The number leaves memory with the call that brought it.
void wipe(std::string& secret) {
  explicit_bzero(secret.data(), secret.size());
  secret.clear();
}

telemetry::Counter& checks(telemetry::Registry& metrics, const char* check, const char* result) {
  return metrics.counter("bookstore_verification_checks_total",
                         "Checks answered, by what was checked and the verdict.",
                         {{"check", check}, {"result", result}});
}

}  // namespace

Service::Service(Config config, const base::Clock& clock, telemetry::Registry& metrics)
    : clock_(clock),
      orders_({.lifetime_ms = config.order_lifetime_ms, .capacity = config.orders_max}),
      billing_valid_(checks(metrics, "billing", "valid")),
      billing_refused_(checks(metrics, "billing", "refused")),
      card_valid_(checks(metrics, "card", "valid")),
      card_refused_(checks(metrics, "card", "refused")) {
  telemetry::Gauge& orders =
      metrics.gauge("bookstore_verification_orders", "Orders whose data is kept for their checks.");
  metrics.on_collect([this, &orders] { orders.set(static_cast<double>(orders_.size())); });
}

// Nothing here waits, so the calls run where they arrive; by value, so that what is secret can be
// wiped and what is kept is moved.
void Service::register_on(rpc::Server& server) {
  server.handle_async(verification::kInit, [this](auto call, InitRequest request, auto respond) {
    respond(init(*call, std::move(request)));
  });
  server.handle_async(verification::kCheckBilling,
                      [this](auto call, CheckBillingRequest request, auto respond) {
                        respond(check_billing(*call, request));
                      });
  server.handle_async(verification::kCheckCard,
                      [this](auto call, CheckCardRequest request, auto respond) {
                        respond(check_card(*call, std::move(request)));
                      });
}

absl::StatusOr<Service::InitReply> Service::init(const rpc::ServerCall& call, InitRequest request) {
  if (absl::Status same = rpc::check_same_order(call, request.order()); !same.ok()) return same;
  const std::string key = rpc::key_text(request.order());
  auto order = std::make_shared<const InitRequest>(std::move(request));
  if (!orders_.put(key, std::move(order), clock_.steady_ms())) return rpc::too_many_orders();
  return InitReply();
}

absl::StatusOr<Service::Order> Service::find(const rpc::ServerCall& call,
                                             const common::OrderKey& key) {
  if (absl::Status same = rpc::check_same_order(call, key); !same.ok()) return same;
  auto order = orders_.find(rpc::key_text(key), clock_.steady_ms());
  if (!order) return rpc::unknown_order();
  return *std::move(order);
}

absl::StatusOr<Service::CheckReply> Service::check_billing(const rpc::ServerCall& call,
                                                           const CheckBillingRequest& request) {
  const absl::StatusOr<Order> order = find(call, request.order());
  if (!order.ok()) return order.status();
  const common::Address& address = (*order)->billing_address();
  const FieldErrors errors =
      transaction_verification::check_billing({.customer_name = (*order)->customer_name(),
                                               .customer_email = (*order)->customer_email(),
                                               .line1 = address.line1(),
                                               .line2 = address.line2(),
                                               .city = address.city(),
                                               .region = address.region(),
                                               .postal_code = address.postal_code(),
                                               .country = address.country()});
  (errors.empty() ? billing_valid_ : billing_refused_).increment();
  return reply_of(errors);
}

absl::StatusOr<Service::CheckReply> Service::check_card(const rpc::ServerCall& call,
                                                        CheckCardRequest request) {
  const absl::StatusOr<Order> order = find(call, request.order());
  if (!order.ok()) {
    wipe(*request.mutable_number());
    return order.status();
  }
  const CardVerdict verdict =
      transaction_verification::check_card({.number = request.number(),
                                            .expiry_month = request.expiry_month(),
                                            .expiry_year = request.expiry_year(),
                                            .cvc_length = request.cvc_length(),
                                            .holder_name = request.holder_name()},
                                           clock_.wall_ms());
  wipe(*request.mutable_number());
  (verdict.errors.empty() ? card_valid_ : card_refused_).increment();
  CheckReply reply = reply_of(verdict.errors);
  reply.set_card_brand(std::string(verdict.brand));
  return reply;
}

}  // namespace bookstore::transaction_verification
