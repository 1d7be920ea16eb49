#pragma once

/// Feeds device_monitor through a fake host and reads its tables and events back as plain values.

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "device/device.sluice.hpp"
#include "support/fake_host.hpp"

extern "C" SLUICE_PLUGIN_ENTRY(device_monitor);

namespace device_monitor_test {

// Numbers of the streams, in the order of the plugin's table.
inline constexpr std::uint32_t kMetrics = 1;
inline constexpr std::uint32_t kActivityCounts = 2;
inline constexpr std::uint32_t kSensorStats = 3;
inline constexpr std::uint32_t kAlerts = 4;
inline constexpr std::uint32_t kChanges = 5;

inline constexpr std::int64_t kNowMs = 1'700'000'000'000;  // of the fake host's clock

struct Reading {
  std::string device = "nexus4_1";
  std::string gt = "stand";
  double x = 0;
  double y = 0;
  double z = 0;
  std::int64_t arrival_ms = kNowMs;
  std::optional<std::int64_t> creation_ns{};  ///< as the arrival, if not given
  std::string model = "nexus4";
  std::string user = "a";

  [[nodiscard]] std::string wire() const {
    return sluice::testing::wire_of(
        device::DeviceReading{.arrival_time = arrival_ms,
                              .creation_time = creation_ns ? *creation_ns : arrival_ms * 1'000'000,
                              .device = device,
                              .index = 1,
                              .model = model,
                              .user = user,
                              .gt = gt,
                              .x = x,
                              .y = y,
                              .z = z});
  }
};

class Monitor {
 public:
  using Option = std::pair<const std::string, std::string>;
  Monitor() : Monitor(std::initializer_list<Option>{}) {}
  Monitor(std::initializer_list<Option> options)
      : instance_(sluice_plugin_entry_v1_device_monitor(), host, {.options = {options.begin(), options.end()}}) {}

  sluice::testing::FakeHost host;

  [[nodiscard]] sluice::testing::FakeInstance& instance() { return instance_; }
  void feed(const std::vector<Reading>& readings) {
    std::vector<sluice::testing::FakeInput> inputs;
    for (const Reading& reading : readings) {
      inputs.push_back({.stream = 0, .payload = reading.wire(), .key = reading.device, .partition = 2});
    }
    if (instance_.on_batch(inputs) != SLUICE_OK) throw std::runtime_error(instance_.error());
  }
  void tick() {
    if (instance_.on_tick() != SLUICE_OK) throw std::runtime_error(instance_.error());
  }
  [[nodiscard]] std::vector<sluice::testing::FakeEvent> take(std::uint32_t stream) {
    std::vector<sluice::testing::FakeEvent> taken = host.events_of(stream);
    std::erase_if(host.events, [&](const auto& event) { return event.stream == stream; });
    return taken;
  }
  /// The row of a device after a tick.
  [[nodiscard]] sluice::testing::FakeEvent row(std::uint32_t table) {
    tick();
    std::vector<sluice::testing::FakeEvent> rows = take(table);
    if (rows.size() != 1) throw std::runtime_error(std::to_string(rows.size()) + " rows instead of one");
    return rows[0];
  }

 private:
  sluice::testing::FakeInstance instance_;
};

}  // namespace device_monitor_test
