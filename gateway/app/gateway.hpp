#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/binding.hpp"
#include "app/plugin_set.hpp"
#include "config/config.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/ports.hpp"
#include "core/status.hpp"

namespace sluice::app {

struct GatewayParts {
  const config::Config& config;
  const PluginSet& plugins;
  const Binding& binding;
  Log& log;
  const Clock& clock;
};

/// What a stop left behind.
struct GatewayStop {
  std::vector<std::string> unstopped;  ///< instances that ignored it: end the process by _exit, destroy nothing
  std::uint64_t not_delivered = 0;
};

/// A running gateway: broker or cluster, journal, pipeline, topics; what HTTP and the closing report show of it.
/// Ownership: everything in the parts outlives it. Thread: start and stop by one; AdminView's functions and hurry()
/// any.
class Gateway final : public AdminView {
 public:
  /// Makes all of it, starts the embedded broker if configured, runs nothing. Errors name the part that failed.
  static Result<std::unique_ptr<Gateway>> open(const GatewayParts& parts);
  ~Gateway() override;
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  Status start();
  GatewayStop stop();
  /// Cuts a running stop short.
  void hurry();

  [[nodiscard]] std::string bootstrap_servers() const;
  /// Every source has given all it has, and everything accepted is delivered or dropped.
  [[nodiscard]] bool is_done() const;
  [[nodiscard]] std::uint64_t delivered() const;
  /// One line for a service manager or a person: backlog and uplink.
  [[nodiscard]] std::string summary() const;
  /// Every thread that must advance did since the last call. Runtime thread.
  bool has_progress();

  std::string status_json() override;
  std::string tables_json() override;
  Result<std::string> table_json(std::string_view name) override;
  std::string plugins_json() override;
  Status readiness() override;
  [[nodiscard]] bool is_durable() const override;
  std::vector<Metric> metrics() override;

 private:
  struct Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::app
