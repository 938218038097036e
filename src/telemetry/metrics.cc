#include "telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

namespace bookstore::telemetry {

void Counter::increment(uint64_t n) {
  counter_.Increment(static_cast<double>(n));
}

void Counter::raise_to(uint64_t total) {
  const double difference = static_cast<double>(total) - counter_.Value();
  if (difference > 0) counter_.Increment(difference);
}

void Gauge::set(double value) {
  gauge_.Set(value);
}
void Gauge::add(double difference) {
  gauge_.Increment(difference);
}
void Histogram::observe(double milliseconds) {
  histogram_.Observe(milliseconds);
}

class Registry::Impl {
 public:
  // One wrapper per metric; the key is the metric's address in prometheus.
  template <class Wrapper, class Metric>
  static Wrapper& wrap(std::map<Metric*, std::unique_ptr<Wrapper>>& wrappers, Metric& metric) {
    auto& slot = wrappers[&metric];
    if (!slot) slot = std::make_unique<Wrapper>(metric);
    return *slot;
  }

  prometheus::Registry registry;
  std::mutex mutex;  // guards the maps and `collectors`
  std::map<prometheus::Counter*, std::unique_ptr<Counter>> counters;
  std::map<prometheus::Gauge*, std::unique_ptr<Gauge>> gauges;
  std::map<prometheus::Histogram*, std::unique_ptr<Histogram>> histograms;
  std::vector<std::function<void()>> collectors;
};

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;

Counter& Registry::counter(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
  const std::lock_guard lock(impl_->mutex);
  return Impl::wrap(impl_->counters, family.Add(labels));
}

Gauge& Registry::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
  const std::lock_guard lock(impl_->mutex);
  return Impl::wrap(impl_->gauges, family.Add(labels));
}

Histogram& Registry::histogram(const std::string& name, const std::string& help,
                               const Labels& labels, const std::vector<double>& buckets_ms) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
  const std::lock_guard lock(impl_->mutex);
  return Impl::wrap(impl_->histograms, family.Add(labels, buckets_ms));
}

void Registry::on_collect(std::function<void()> collect) {
  const std::lock_guard lock(impl_->mutex);
  impl_->collectors.push_back(std::move(collect));
}

std::string Registry::render() {
  std::vector<std::function<void()>> collectors;
  {
    const std::lock_guard lock(impl_->mutex);
    collectors = impl_->collectors;
  }
  for (const auto& collect : collectors) collect();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

const std::vector<double>& Registry::default_buckets_ms() {
  static const std::vector<double>& buckets = *new std::vector<double>{
      0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1'000, 2'000, 5'000, 10'000};
  return buckets;
}

}  // namespace bookstore::telemetry
