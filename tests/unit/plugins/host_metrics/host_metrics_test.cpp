#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "host/host.sluice.hpp"
#include "support/fake_host.hpp"

extern "C" SLUICE_PLUGIN_ENTRY(host_metrics);

namespace sluice::host_metrics {
namespace {

using testing::FakeHost;
using testing::FakeInstance;
using namespace std::chrono_literals;

constexpr std::uint32_t kReadings = 0;
constexpr std::uint32_t kDevices = 1;

/// A folder with just /proc/stat and a host name in it.
class SmallMachine {
 public:
  SmallMachine() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice_host_XXXXXX").string();
    root_ = mkdtemp(name.data());
    std::filesystem::create_directories(root_ / "proc/sys/kernel");
    std::ofstream(root_ / "proc/sys/kernel/hostname") << "small\n";
    std::ofstream(root_ / "proc/loadavg") << "0.50 0.25 0.10 1/42 4711\n";
  }
  ~SmallMachine() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  SmallMachine(const SmallMachine&) = delete;
  SmallMachine& operator=(const SmallMachine&) = delete;
  [[nodiscard]] std::string root() const { return root_; }

 private:
  std::filesystem::path root_;
};

TEST(HostMetrics, reads_this_machine) {
  FakeHost host;
  host.stop_after_waits = 3;
  FakeInstance source(sluice_plugin_entry_v1_host_metrics(), host);

  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  const auto readings = host.events_of(kReadings);
  ASSERT_EQ(readings.size(), 2U);
  const auto reading = readings.back().as<::host::HostReading>();
  EXPECT_FALSE(reading.host.empty());
  EXPECT_GT(reading.time, 0);
  EXPECT_GT(reading.memory_total_bytes.value_or(0), 0);
  EXPECT_GT(reading.uptime_seconds.value_or(0), 0.0);
  EXPECT_GT(reading.processes.value_or(0), 0);
}

TEST(HostMetrics, leaves_out_what_the_machine_does_not_offer) {
  const SmallMachine machine;
  FakeHost host;
  host.stop_after_waits = 2;
  FakeInstance source(sluice_plugin_entry_v1_host_metrics(), host, {.options = {{"root", machine.root()}}});

  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  ASSERT_EQ(host.events.size(), 1U);
  const auto reading = host.events[0].as<::host::HostReading>();
  EXPECT_EQ(reading.host, "small");
  EXPECT_EQ(reading.load1, 0.5);
  EXPECT_EQ(reading.threads, 42);
  EXPECT_FALSE(reading.cpu_percent.has_value());
  EXPECT_FALSE(reading.memory_total_bytes.has_value());
  EXPECT_FALSE(reading.temperature_celsius.has_value());
}

TEST(HostMetrics, gives_each_metric_of_each_device_a_series_of_its_own) {
  FakeHost host;
  host.stop_after_waits = 2;
  FakeInstance source(sluice_plugin_entry_v1_host_metrics(), host,
                      {.options = {{"host", "edge-01"}, {"devices", "filesystem"}}});

  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  std::set<std::string> series;
  for (const auto& event : host.events_of(kDevices)) {
    const auto device = event.as<::host::HostDevice>();
    EXPECT_EQ(device.kind, "filesystem");
    EXPECT_TRUE(series.emplace(device.series).second) << device.series;
  }
  EXPECT_TRUE(series.contains("edge-01/filesystem/used_percent")) << ::testing::PrintToString(series);
}

TEST(HostMetrics, sends_the_first_reading_soon_and_then_keeps_its_interval) {
  FakeHost host;
  host.stop_after_waits = 4;
  FakeInstance source(sluice_plugin_entry_v1_host_metrics(), host, {.options = {{"interval", "10s"}, {"devices", ""}}});

  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  const auto us = [](std::chrono::microseconds d) { return d.count(); };
  EXPECT_EQ(host.waits_us, (std::vector<std::int64_t>{us(1s), us(10s), us(10s), us(10s)}));
  EXPECT_EQ(host.events.size(), 3U);
}

TEST(HostMetrics, names_a_kind_of_device_that_it_does_not_know) {
  FakeHost host;

  const FakeInstance source(sluice_plugin_entry_v1_host_metrics(), host, {.options = {{"devices", "disk, gpu"}}});

  EXPECT_FALSE(source.is_created());
  EXPECT_NE(source.error().find("gpu"), std::string::npos);
}

}  // namespace
}  // namespace sluice::host_metrics
