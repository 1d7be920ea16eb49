#include <gtest/gtest.h>

#include <set>

#include "readings.hpp"

namespace {

using namespace device_sensors_test;
using sluice::testing::FakeHost;
using sluice::testing::FakeInstance;

std::vector<Reading> many() { return simulate({{"mode", "burst"}, {"events", "60000"}, {"seed", "5"}}); }

double share(const std::map<std::string, int>& counts, const std::string& value, std::size_t of) {
  const auto found = counts.find(value);
  return found == counts.end() ? 0 : found->second / static_cast<double>(of);
}

TEST(DeviceSensorsCompat, DrawTwelveDevicesUsersAndActivitiesUniformly) {
  const std::vector<Reading> readings = many();
  std::map<std::string, int> devices;
  std::map<std::string, int> users;
  std::map<std::string, int> activities;
  for (const Reading& r : readings) {
    ++devices[r.device];
    ++users[r.user];
    ++activities[r.gt];
    EXPECT_EQ(r.device.substr(0, r.device.size() - 2), r.model);
  }
  ASSERT_EQ(devices.size(), 12U);
  for (const char* model : {"nexus4", "iphone12", "pixel6", "galaxy_s21"}) {
    for (const char* number : {"_1", "_2", "_3"}) {
      EXPECT_NEAR(share(devices, std::string(model) + number, readings.size()), 1.0 / 12, 0.005);
    }
  }
  ASSERT_EQ(activities.size(), 4U);
  for (const char* gt : {"stand", "walk", "run", "sit"})
    EXPECT_NEAR(share(activities, gt, readings.size()), 0.25, 0.01);
  ASSERT_EQ(users.size(), 26U);
  for (char user = 'a'; user <= 'z'; ++user) {
    EXPECT_NEAR(share(users, std::string(1, user), readings.size()), 1.0 / 26, 0.004);
  }
}

TEST(DeviceSensorsCompat, DrawAxesInTheirRangesWithTenDecimals) {
  double largest = 0;
  int above_threshold = 0;
  const std::vector<Reading> readings = many();
  for (const Reading& r : readings) {
    ASSERT_LE(std::fabs(r.x), 0.01);
    ASSERT_LE(std::fabs(r.y), 0.05);
    ASSERT_LE(std::fabs(r.z), 0.02);
    for (const double value : {r.x, r.y, r.z}) {
      ASSERT_EQ(value, std::round(value * 1e10) / 1e10);
    }
    largest = std::max(largest, std::fabs(r.y));
    above_threshold += r.magnitude() > 0.05 ? 1 : 0;
  }
  EXPECT_GT(largest, 0.0499);
  EXPECT_NEAR(above_threshold / static_cast<double>(readings.size()), 0.034, 0.004);
}

TEST(DeviceSensorsCompat, CountIndexPerDeviceFromOne) {
  for (const auto& [device, readings] : by_device(many())) {
    for (std::size_t i = 0; i < readings.size(); ++i) ASSERT_EQ(readings[i].index, static_cast<int>(i) + 1) << device;
  }
}

TEST(DeviceSensorsCompat, SendOneReadingEveryFiveSecondsWithTheTimeOfTheHost) {
  FakeHost host;
  host.wall_us = 1'424'686'735'175'123;
  host.stop_at_us = 3'600'000'000;
  FakeInstance source(sluice_plugin_entry_v1_device_sensors(), host, {.options = {{"seed", "1"}}});

  ASSERT_EQ(source.run(), SLUICE_OK);

  const std::vector<Reading> readings = readings_of(host);
  ASSERT_EQ(readings.size(), 720U);
  EXPECT_EQ(readings[0].arrival_ms, 1'424'686'735'176);  // not before the creation
  EXPECT_EQ(readings[0].creation_ns, 1'424'686'735'175'123'000);
  EXPECT_EQ(readings[719].creation_ns - readings[0].creation_ns, 719 * 5'000'000'000);
}

TEST(DeviceSensorsCompat, GiveTheSameBytesForTheSameSeed) {
  for (const char* profile : {"compat", "realistic"}) {
    std::vector<std::vector<std::string>> runs;
    for (const char* seed : {"3", "3", "4"}) {
      FakeHost host;
      FakeInstance source(sluice_plugin_entry_v1_device_sensors(), host,
                          {.options = {{"profile", profile}, {"seed", seed}, {"events", "2000"}, {"rate", "1000"}}});
      ASSERT_EQ(source.run(), SLUICE_OK);
      std::vector<std::string>& payloads = runs.emplace_back();
      for (const auto& event : host.events) payloads.push_back(event.payload);
    }
    EXPECT_EQ(runs[0], runs[1]);
    EXPECT_NE(runs[0], runs[2]);
  }
}

TEST(DeviceSensors, DeclareTheStreamOfTheSeed) {
  const sluice_plugin_v1& plugin = *sluice_plugin_entry_v1_device_sensors();
  ASSERT_EQ(plugin.stream_count, 1U);
  const sluice_stream_v1& stream = plugin.streams[0];
  EXPECT_EQ(sluice::testing::to_string(stream.name), "device_readings");
  EXPECT_EQ(sluice::testing::to_string(stream.topic), "device-sensors");
  EXPECT_EQ(sluice::testing::to_string(stream.key_field), "device");
  EXPECT_EQ(sluice::testing::to_string(stream.time_field), "arrival_time");
  EXPECT_EQ(stream.partitions, 3U);
  EXPECT_EQ(stream.retention_ms, 7LL * 24 * 3600 * 1000);
}

TEST(DeviceSensors, AddActivitiesOnRequestAndRefuseUnknownOnes) {
  std::set<std::string> seen;
  for (const Reading& r :
       simulate({{"mode", "burst"}, {"seed", "1"}, {"activities", "bike, stairsup, stairsdown, null"}})) {
    seen.insert(r.gt);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"bike", "null", "run", "sit", "stairsdown", "stairsup", "stand", "walk"}));

  FakeHost host;
  const FakeInstance source(sluice_plugin_entry_v1_device_sensors(), host, {.options = {{"activities", "swim"}}});
  EXPECT_FALSE(source.is_created());
  EXPECT_NE(source.error().find("swim"), std::string::npos) << source.error();
}

}  // namespace
