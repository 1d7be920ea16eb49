#include <gtest/gtest.h>

#include "readings.hpp"
#include "sluice/snapshot.hpp"

namespace {

using namespace device_sensors_test;
using sluice::testing::FakeHost;
using sluice::testing::FakeInstance;

std::map<std::string, int> last_index(const std::vector<Reading>& readings) {
  std::map<std::string, int> last;
  for (const Reading& r : readings) last[r.device] = r.index;
  return last;
}

class DeviceSensorsRestart : public testing::TestWithParam<const char*> {};

TEST_P(DeviceSensorsRestart, GoesOnWithIndexUserAndClockAfterACleanStop) {
  FakeHost host;
  host.stop_after_events = 5000;
  FakeInstance first(sluice_plugin_entry_v1_device_sensors(), host,
                     {.options = {{"profile", GetParam()}, {"rate", "1000"}}});
  ASSERT_EQ(first.run(), SLUICE_OK);
  const std::vector<Reading> before = readings_of(host);

  FakeHost later;
  later.wall_us = host.wall_us + 3'600'000'000;
  FakeInstance second(
      sluice_plugin_entry_v1_device_sensors(), later,
      {.options = {{"profile", GetParam()}, {"rate", "1000"}, {"events", "5000"}}, .saved_state = host.saved_state});
  ASSERT_EQ(second.run(), SLUICE_OK);

  ASSERT_EQ(before.size(), 5000U);
  const auto last = last_index(before);
  const PerDevice before_by_device = by_device(before);
  for (const auto& [device, readings] : by_device(readings_of(later))) {
    ASSERT_TRUE(last.contains(device));
    EXPECT_EQ(readings.front().index, last.at(device) + 1) << device;
    const Reading& previous = before_by_device.at(device).back();
    EXPECT_GT(readings.front().creation_ns, previous.creation_ns);
    if (std::string(GetParam()) == "realistic") {
      EXPECT_EQ(readings.front().user, previous.user);
    }
  }
}

TEST_P(DeviceSensorsRestart, NeverRepeatsAnIndexAfterACrash) {
  FakeHost crashed;
  crashed.emit_script.assign(60, {SLUICE_OK, SIZE_MAX, ""});
  crashed.emit_script.push_back({SLUICE_FAILED, 0, "pulled the plug"});
  FakeInstance killed(sluice_plugin_entry_v1_device_sensors(), crashed,
                      {.options = {{"profile", GetParam()}, {"rate", "1000"}, {"seed", "9"}}});
  ASSERT_EQ(killed.run(), SLUICE_FAILED);
  const std::string reserved = crashed.saved_state;
  const auto last = last_index(readings_of(crashed));

  FakeHost later;
  later.wall_us = crashed.wall_us + 1'000'000;
  FakeInstance again(
      sluice_plugin_entry_v1_device_sensors(), later,
      {.options = {{"profile", GetParam()}, {"rate", "1000"}, {"events", "1000"}}, .saved_state = reserved});
  ASSERT_EQ(again.run(), SLUICE_OK);
  for (const Reading& r : readings_of(later)) EXPECT_GT(r.index, last.at(r.device));
}

INSTANTIATE_TEST_SUITE_P(Profiles, DeviceSensorsRestart, testing::Values("compat", "realistic"));

TEST(DeviceSensors, WrapIndexToOneBehindTheLargestInteger) {
  sluice::SnapshotWriter state;
  state.integer(1);
  state.integer(77);
  state.integer(0);
  for (int phone = 0; phone < 12; ++phone) state.integer(2'147'483'646);
  FakeHost host;
  FakeInstance source(sluice_plugin_entry_v1_device_sensors(), host,
                      {.options = {{"mode", "burst"}}, .saved_state = std::string(state.bytes())});
  ASSERT_EQ(source.run(), SLUICE_OK);
  for (const auto& [device, readings] : by_device(readings_of(host))) {
    EXPECT_EQ(readings[0].index, 2'147'483'647) << device;
    EXPECT_EQ(readings[1].index, 1) << device;
  }
}

TEST(DeviceSensors, StartAnewWithAWarningWhenTheStateIsDamaged) {
  FakeHost host;
  FakeInstance source(sluice_plugin_entry_v1_device_sensors(), host,
                      {.options = {{"mode", "burst"}, {"seed", "1"}}, .saved_state = "rubbish"});
  ASSERT_EQ(source.run(), SLUICE_OK);
  EXPECT_EQ(host.logs.front().level, static_cast<std::uint32_t>(SLUICE_LOG_WARNING));
  EXPECT_EQ(by_device(readings_of(host)).begin()->second.front().index, 1);
}

TEST(DeviceSensors, GoOnWhenTheStateCannotBeSaved) {
  FakeHost host;
  host.fail_save_state = true;
  FakeInstance source(sluice_plugin_entry_v1_device_sensors(), host, {.options = {{"mode", "burst"}, {"seed", "1"}}});
  EXPECT_EQ(source.run(), SLUICE_OK);
  EXPECT_EQ(host.events.size(), 1000U);
}

}  // namespace
