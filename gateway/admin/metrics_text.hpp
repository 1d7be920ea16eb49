#pragma once

#include <string>
#include <vector>

#include "core/ports.hpp"

namespace sluice::admin {

inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/// Prometheus' text format. Metrics of one name become one family, in the order of first mention. Thread: any.
std::string metrics_text(const std::vector<Metric>& metrics);

}  // namespace sluice::admin
