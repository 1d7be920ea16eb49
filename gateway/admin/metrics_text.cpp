#include "admin/metrics_text.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <string_view>

namespace sluice::admin {
namespace {

prometheus::ClientMetric client_metric(const Metric& metric) {
  prometheus::ClientMetric out;
  for (const auto& [name, value] : metric.labels) {
    prometheus::ClientMetric::Label label;
    label.name = name;
    label.value = value;
    out.label.push_back(std::move(label));
  }
  (metric.type == MetricType::kCounter ? out.counter.value : out.gauge.value) = metric.value;
  return out;
}

}  // namespace

std::string metrics_text(const std::vector<Metric>& metrics) {
  std::vector<prometheus::MetricFamily> families;
  std::map<std::string_view, std::size_t> place_of;
  for (const Metric& metric : metrics) {
    const auto [place, is_new] = place_of.emplace(metric.name, families.size());
    if (is_new) {
      prometheus::MetricFamily& family = families.emplace_back();
      family.name = metric.name;
      family.help = metric.help;
      family.type =
          metric.type == MetricType::kCounter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    }
    families[place->second].metric.push_back(client_metric(metric));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace sluice::admin
