#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace bookstore::telemetry {

using Labels = std::map<std::string, std::string>;

// Only ever grows. Any thread.
class Counter {
 public:
  explicit Counter(prometheus::Counter& counter) : counter_(counter) {}
  void increment(uint64_t n = 1);
  // For a count that another module keeps: grows to `total`, never back. From on_collect only.
  void raise_to(uint64_t total);

 private:
  prometheus::Counter& counter_;
};

// A level that goes up and down. Any thread.
class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void set(double value);
  void add(double difference);

 private:
  prometheus::Gauge& gauge_;
};

// How durations are spread. Any thread.
class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void observe(double milliseconds);

 private:
  prometheus::Histogram& histogram_;
};

// The metrics of one process. Make each metric once, at start, and keep the reference: it is valid
// as long as the registry. The same name and labels give the same metric. Names follow Prometheus:
// bookstore_<part>_<what>_total for counters, …_ms for durations. Any thread.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels = {},
                       const std::vector<double>& buckets_ms = default_buckets_ms());

  // `collect` runs at the start of every render(), for values that are cheaper to ask than to keep.
  // What it refers to must outlive the last render().
  void on_collect(std::function<void()> collect);

  // Text exposition format 0.0.4.
  std::string render();

  static const std::vector<double>& default_buckets_ms();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace bookstore::telemetry
