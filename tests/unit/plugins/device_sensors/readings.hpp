#pragma once

/// Runs device_sensors on a fake host and gives its readings back as plain values.

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "device/device.sluice.hpp"
#include "support/fake_host.hpp"

extern "C" SLUICE_PLUGIN_ENTRY(device_sensors);

namespace device_sensors_test {

struct Reading {
  std::int64_t arrival_ms;
  std::int64_t creation_ns;
  std::string device;
  std::int32_t index;
  std::string model;
  std::string user;
  std::string gt;
  double x;
  double y;
  double z;
  [[nodiscard]] double magnitude() const { return std::sqrt(x * x + y * y + z * z); }
};

inline std::vector<Reading> readings_of(const sluice::testing::FakeHost& host) {
  std::vector<Reading> readings;
  readings.reserve(host.events.size());
  for (const sluice::testing::FakeEvent& event : host.events) {
    const auto r = event.as<device::DeviceReading>();
    readings.push_back({r.arrival_time, r.creation_time, std::string(r.device), r.index, std::string(r.model),
                        std::string(r.user), std::string(r.gt), r.x, r.y, r.z});
  }
  return readings;
}

inline std::vector<Reading> simulate(const sluice::testing::FakeOptions& options) {
  sluice::testing::FakeHost host;
  sluice::testing::FakeInstance source(sluice_plugin_entry_v1_device_sensors(), host, {.options = options});
  if (!source.is_created() || source.run() != SLUICE_OK) throw std::runtime_error(source.error());
  return readings_of(host);
}

using PerDevice = std::map<std::string, std::vector<Reading>>;
inline PerDevice by_device(const std::vector<Reading>& readings) {
  PerDevice devices;
  for (const Reading& reading : readings) devices[reading.device].push_back(reading);
  return devices;
}

}  // namespace device_sensors_test
