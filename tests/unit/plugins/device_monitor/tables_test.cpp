#include <gtest/gtest.h>

#include <cmath>

#include "monitor.hpp"

namespace {

using namespace device_monitor_test;
using sluice::testing::FakeEvent;

TEST(DeviceMetrics, CoverTheLastReadingsOfTheWindow) {
  Monitor monitor{{"window", "2"}};
  monitor.feed({{.x = 100, .arrival_ms = kNowMs - 3000},
                {.x = 1, .y = -1, .arrival_ms = kNowMs - 2000},
                {.x = 4, .y = -1, .z = 0.5, .arrival_ms = kNowMs - 1000}});

  const FakeEvent event = monitor.row(kMetrics);
  const auto row = event.as<device::DeviceMetrics>();
  EXPECT_EQ(row.device_id, "nexus4_1");
  EXPECT_EQ(row.total_events, 3);
  EXPECT_EQ(row.sensor_metrics.x.mean, 2.5);
  EXPECT_EQ(row.sensor_metrics.x.std, 1.5);
  EXPECT_EQ(row.sensor_metrics.x.min, 1);
  EXPECT_EQ(row.sensor_metrics.x.max, 4);
  EXPECT_EQ(row.sensor_metrics.y.std, 0);
  EXPECT_EQ(row.sensor_metrics.z.mean, 0.25);
  EXPECT_EQ(row.last_seen, kNowMs - 1000);
  EXPECT_TRUE(row.online);
}

TEST(DeviceMetrics, NameTheActivitySeenFirstAmongTheMostCommon) {
  Monitor monitor;
  monitor.feed({{.gt = "walk"}, {.gt = "sit"}, {.gt = "sit"}, {.gt = "run"}, {.gt = "walk"}});

  const FakeEvent event = monitor.row(kMetrics);
  const auto row = event.as<device::DeviceMetrics>();
  EXPECT_EQ(row.most_common_activity, "walk");
  EXPECT_EQ(row.current_activity, "walk");
  EXPECT_EQ(row.activities_count.find("walk"), 2);
  EXPECT_EQ(row.activities_count.find("sit"), 2);
  EXPECT_EQ(row.activities_count.find("run"), 1);
}

TEST(DeviceMetrics, WriteTheTimeOfTheLastEventInTheZoneThatIsSet) {
  Monitor utc;
  utc.feed({{.arrival_ms = 1'424'686'735'999}});
  EXPECT_EQ(utc.row(kMetrics).as<device::DeviceMetrics>().timestamp, "2015-02-23 10:18:55");

  Monitor jakarta{{"timezone", "Asia/Jakarta"}, {"event_time", "creation"}};
  jakarta.feed({{.arrival_ms = 1'424'686'735'999, .creation_ns = 1'424'686'733'176'178'965}});
  EXPECT_EQ(jakarta.row(kMetrics).as<device::DeviceMetrics>().timestamp, "2015-02-23 17:18:53");

  sluice::testing::FakeHost host;
  const sluice::testing::FakeInstance nowhere(sluice_plugin_entry_v1_device_monitor(), host,
                                              {.options = {{"timezone", "Nowhere/Land"}}});
  EXPECT_FALSE(nowhere.is_created());
  EXPECT_NE(nowhere.error().find("Nowhere/Land"), std::string::npos);
}

TEST(DeviceMetrics, ShowADeviceAsOfflineWhenItFallsSilent) {
  Monitor monitor{{"offline_after", "5m"}};
  monitor.feed({Reading{}});
  EXPECT_TRUE(monitor.row(kMetrics).as<device::DeviceMetrics>().online);

  monitor.host.advance(std::chrono::minutes(5));
  monitor.tick();
  EXPECT_TRUE(monitor.take(kMetrics).empty());

  monitor.host.advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(monitor.row(kMetrics).as<device::DeviceMetrics>().online);
  monitor.tick();
  EXPECT_TRUE(monitor.take(kMetrics).empty()) << "nothing changed since";
}

TEST(DeviceTables, PublishOnlyWhatChangedSinceTheLastTick) {
  Monitor monitor;
  monitor.feed({{.device = "a", .gt = "sit"}, {.device = "a", .gt = "run"}, {.device = "b", .gt = "sit"}});
  monitor.tick();
  EXPECT_EQ(monitor.take(kMetrics).size(), 2U);
  EXPECT_EQ(monitor.take(kSensorStats).size(), 2U);
  EXPECT_EQ(monitor.take(kActivityCounts).size(), 3U);

  monitor.feed({{.device = "a", .gt = "run", .user = "q"}});
  const FakeEvent event = monitor.row(kActivityCounts);
  const auto row = event.as<device::DeviceActivityCount>();
  EXPECT_EQ(row.device_activity_key, "a-run");
  EXPECT_EQ(row.activity_count, 2);
  EXPECT_EQ(row.user, "q");
  EXPECT_EQ(monitor.take(kMetrics).size(), 1U);
  EXPECT_EQ(monitor.take(kSensorStats).size(), 1U);
}

TEST(DeviceActivityCounts, NameModelAndUserOfTheLatestReadingByTime) {
  Monitor monitor;
  monitor.feed(
      {{.arrival_ms = kNowMs, .model = "new", .user = "n"}, {.arrival_ms = kNowMs - 1, .model = "old", .user = "o"}});
  const FakeEvent event = monitor.row(kActivityCounts);
  const auto row = event.as<device::DeviceActivityCount>();
  EXPECT_EQ(row.activity_count, 2);
  EXPECT_EQ(row.model, "new");
  EXPECT_EQ(row.user, "n");
}

TEST(DeviceSensorStats, CoverAllReadingsSinceTheBeginning) {
  Monitor monitor{{"window", "1"}};
  monitor.feed({{.x = 1, .y = -8, .z = 0}, {.x = -2, .y = 4, .z = 0}, {.x = 4, .y = 1, .z = 3}});
  const FakeEvent event = monitor.row(kSensorStats);
  const auto row = event.as<device::DeviceSensorStats>();
  EXPECT_EQ(row.avg_x, 1);
  EXPECT_EQ(row.avg_y, -1);
  EXPECT_EQ(row.avg_z, 1);
  EXPECT_EQ(row.max_movement_x, 4);
  EXPECT_EQ(row.max_movement_y, 8);
  EXPECT_EQ(row.max_movement_z, 3);
  EXPECT_EQ(row.reading_count, 3);
  EXPECT_EQ(row.model, "nexus4");
}

TEST(DeviceTables, ForgetADeviceThatFellFarBehindAndDeleteItsRows) {
  Monitor monitor{{"device_expiry", "1h"}};
  monitor.feed({{.device = "old", .gt = "sit", .arrival_ms = kNowMs - 3'600'001}, {.device = "new"}});
  monitor.tick();

  std::vector<std::string> deleted;
  for (const FakeEvent& event : monitor.host.events) {
    if (event.is_delete()) deleted.push_back(std::to_string(event.stream) + " " + event.key);
  }
  EXPECT_EQ(deleted, (std::vector<std::string>{"1 old", "3 old", "2 old-sit"}));

  monitor.host.events.clear();
  monitor.feed({{.device = "old"}});
  EXPECT_EQ(monitor.row(kMetrics).as<device::DeviceMetrics>().total_events, 1) << "it starts anew";
}

TEST(DeviceTables, HoldABoundedNumberOfDevicesAndActivities) {
  Monitor monitor{{"max_devices", "2"}};
  std::vector<Reading> readings = {{.device = "a"}, {.device = "b"}, {.device = "c"}};
  for (int i = 0; i < 200; ++i) readings.push_back({.device = "a", .gt = "made-up-" + std::to_string(i)});
  monitor.feed(readings);

  ASSERT_EQ(monitor.host.refusals.size(), 1U);
  EXPECT_EQ(monitor.host.refusals[0].reason, "too_many_devices");
  monitor.tick();
  std::int64_t counted = 0;
  for (const FakeEvent& event : monitor.take(kActivityCounts)) {
    const auto row = event.as<device::DeviceActivityCount>();
    counted += row.activity_count;
    if (row.device_activity_key == "a-other") {
      EXPECT_EQ(row.activity_count, 200 - 62);
    }
  }
  EXPECT_EQ(counted, 202);
}

TEST(DeviceMonitor, DeclaresTheTopicsOfTheSeed) {
  const sluice_plugin_v1& plugin = *sluice_plugin_entry_v1_device_monitor();
  std::map<std::string, std::string> key_of_topic;
  for (std::size_t i = 0; i < plugin.stream_count; ++i) {
    const sluice_stream_v1& stream = plugin.streams[i];
    key_of_topic[sluice::testing::to_string(stream.topic)] = sluice::testing::to_string(stream.key_field);
    EXPECT_EQ(stream.partitions, 3U);
    EXPECT_EQ(stream.retention_ms, 7LL * 24 * 3600 * 1000);
  }
  EXPECT_EQ(key_of_topic, (std::map<std::string, std::string>{{"device-sensors", "device"},
                                                              {"device-metrics", "device_id"},
                                                              {"device-activity-counts", "device_activity_key"},
                                                              {"device-sensor-stats", "device"},
                                                              {"movement-alerts", "device"},
                                                              {"activity-changes", "device"}}));
}

}  // namespace
