#pragma once

#include <stdexcept>

#include "core/ports.hpp"

namespace sluice::admin {

class FakeView final : public AdminView {
 public:
  std::string status_json() override {
    if (is_throwing) throw std::runtime_error("out of luck");
    return status;
  }
  std::string tables_json() override { return "[\"one\"]"; }
  Result<std::string> table_json(std::string_view name) override {
    if (name != "one") return Status(Code::kNotFound, "no table " + std::string(name));
    return std::string("{\"rows\":[]}");
  }
  std::string plugins_json() override { return "[]"; }
  Status readiness() override { return ready; }
  [[nodiscard]] bool is_durable() const override { return false; }
  std::vector<Metric> metrics() override {
    return {{"sluice_events_pending", "Events not delivered yet.", MetricType::kGauge, {}, 7}};
  }

  Status ready;
  std::string status = "{\"name\":\"fake\"}";
  bool is_throwing = false;
};

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::string_view) override {}
};

}  // namespace sluice::admin
