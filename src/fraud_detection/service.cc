#include "fraud_detection/service.h"

#include <algorithm>
#include <utility>

#include "rpc/order_key.h"

namespace bookstore::fraud_detection {
namespace {

namespace common = contracts::common;
namespace fraud = contracts::fraud;

telemetry::Counter& scored(telemetry::Registry& metrics, const char* verdict) {
  return metrics.counter("bookstore_fraud_scored_total", "Orders scored, by verdict.",
                         {{"verdict", verdict}});
}

fraud::Verdict wire_verdict(Verdict verdict) {
  switch (verdict) {
    case Verdict::kApprove:
      return fraud::VERDICT_APPROVE;
    case Verdict::kReview:
      return fraud::VERDICT_REVIEW;
    case Verdict::kReject:
      return fraud::VERDICT_REJECT;
  }
  return fraud::VERDICT_UNSPECIFIED;
}

std::string small_letters(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

}  // namespace

Service::Service(Config config, const base::Clock& clock, telemetry::Registry& metrics)
    : config_(std::move(config)),
      clock_(clock),
      orders_({.lifetime_ms = config_.order_lifetime_ms, .capacity = config_.orders_max}),
      velocity_(config_.velocity),
      approved_(scored(metrics, "approve")),
      reviewed_(scored(metrics, "review")),
      rejected_(scored(metrics, "reject")) {
  telemetry::Gauge& orders =
      metrics.gauge("bookstore_fraud_orders", "Orders whose data is kept for their score.");
  telemetry::Gauge& keys =
      metrics.gauge("bookstore_fraud_velocity_keys", "Cards, e-mails and addresses counted.");
  metrics.on_collect([this, &orders, &keys] {
    orders.set(static_cast<double>(orders_.size()));
    const std::lock_guard lock(velocity_mutex_);
    keys.set(static_cast<double>(velocity_.keys()));
  });
}

// Nothing here waits, so the calls run where they arrive.
void Service::register_on(rpc::Server& server) {
  server.handle_async(fraud::kInit, [this](auto call, InitRequest request, auto respond) {
    respond(init(*call, std::move(request)));
  });
  server.handle_async(fraud::kScoreOrder,
                      [this](auto call, ScoreOrderRequest request, auto respond) {
                        respond(score_order(*call, request));
                      });
}

absl::StatusOr<Service::InitReply> Service::init(const rpc::ServerCall& call, InitRequest request) {
  if (absl::Status same = rpc::check_same_order(call, request.order()); !same.ok()) return same;
  const std::string key = rpc::key_text(request.order());
  auto order = std::make_shared<const InitRequest>(std::move(request));
  if (!orders_.put(key, std::move(order), clock_.steady_ms())) return rpc::too_many_orders();
  return InitReply();
}

absl::StatusOr<Service::ScoreOrderReply> Service::score_order(const rpc::ServerCall& call,
                                                              const ScoreOrderRequest& request) {
  if (absl::Status same = rpc::check_same_order(call, request.order()); !same.ok()) return same;
  const auto order = orders_.find(rpc::key_text(request.order()), clock_.steady_ms());
  if (!order) return rpc::unknown_order();
  const Score score = score_of(**order);
  switch (score.verdict) {
    case Verdict::kApprove:
      approved_.increment();
      break;
    case Verdict::kReview:
      reviewed_.increment();
      break;
    case Verdict::kReject:
      rejected_.increment();
      break;
  }
  ScoreOrderReply reply;
  reply.set_verdict(wire_verdict(score.verdict));
  reply.set_score(score.value);
  for (const std::string_view reason : score.reasons) reply.add_reasons(std::string(reason));
  reply.set_rules_version(std::string(kRulesVersion));
  return reply;
}

Score Service::score_of(const InitRequest& request) {
  const std::string email = small_letters(request.customer_email());
  Order order{.email = email,
              .country = request.billing_address().country(),
              .currency = request.amount().currency(),
              .amount_minor = request.amount().minor(),
              .express = request.shipping_class() == common::SHIPPING_CLASS_EXPRESS,
              .card_bin = request.card_bin()};
  for (const common::OrderLine& line : request.lines()) {
    order.quantity_max = std::max(order.quantity_max, line.quantity());
    order.items += line.quantity();
  }
  const bool counts_card = !public_test_card(order.card_bin);
  const bool counts_ip = !shared_address(request.client_ip());
  VelocityCounts counts;
  {
    const std::lock_guard lock(velocity_mutex_);
    counts = velocity_.record(
        {.intent = request.intent(),
         .card = counts_card ? std::string_view(request.card_fingerprint()) : std::string_view(),
         .email = email,
         .ip = counts_ip ? std::string_view(request.client_ip()) : std::string_view()},
        clock_.wall_ms());
  }
  return score(features_of(order, counts), default_rules(), config_.policy);
}

}  // namespace bookstore::fraud_detection
