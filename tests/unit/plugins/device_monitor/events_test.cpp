#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "monitor.hpp"

namespace {

using namespace device_monitor_test;
using sluice::testing::FakeEvent;

TEST(MovementAlerts, AreRaisedStrictlyAboveTheThreshold) {
  Monitor monitor{{"movement_threshold", "5"}};
  monitor.feed({{.x = 3, .y = 4}, {.gt = "run", .x = 3, .y = 4, .z = 0.1}, {.z = 4.9}});

  const std::vector<FakeEvent> alerts = monitor.take(kAlerts);
  ASSERT_EQ(alerts.size(), 1U);
  const auto alert = alerts[0].as<device::MovementAlert>();
  EXPECT_EQ(alert.device, "nexus4_1");
  EXPECT_EQ(alert.model, "nexus4");
  EXPECT_EQ(alert.gt, "run");
  EXPECT_EQ(alert.z, 0.1);
  EXPECT_DOUBLE_EQ(alert.movement_magnitude, std::sqrt(25.01));
  EXPECT_EQ(alert.arrival_time, kNowMs);
}

TEST(MovementAlerts, KeepTheirDistancePerDevice) {
  Monitor monitor{{"alert_cooldown", "10s"}};
  monitor.feed({{.device = "a", .x = 1, .arrival_ms = kNowMs - 20'000},
                {.device = "b", .x = 1, .arrival_ms = kNowMs - 19'000},
                {.device = "a", .x = 1, .arrival_ms = kNowMs - 10'001},
                {.device = "a", .x = 1, .arrival_ms = kNowMs - 10'000},
                {.device = "a", .x = 1, .arrival_ms = kNowMs - 15'000}});
  EXPECT_EQ(monitor.take(kAlerts).size(), 3U);
}

TEST(MovementAlerts, AreMeasuredWithoutGravityWhenItIsFilteredOut) {
  Monitor monitor{{"gravity_filter", "true"}, {"movement_threshold", "0.5"}};
  const std::int64_t step_ns = 100'000'000;
  std::vector<Reading> readings;
  for (int i = 0; i < 20; ++i) {
    readings.push_back({.z = 9.81, .creation_ns = kNowMs * 1'000'000 + i * step_ns});
  }
  readings.push_back({.z = 11.81, .creation_ns = kNowMs * 1'000'000 + 20 * step_ns});
  readings.push_back({.z = 11.81, .creation_ns = kNowMs * 1'000'000 + 20 * step_ns});  // no time has passed
  monitor.feed(readings);

  const std::vector<FakeEvent> alerts = monitor.take(kAlerts);
  ASSERT_EQ(alerts.size(), 2U);
  for (const FakeEvent& alert : alerts) {
    EXPECT_NEAR(alert.as<device::MovementAlert>().movement_magnitude, 2 * std::exp(-0.1), 1e-9);
  }
}

TEST(ActivityChanges, AreEmittedOnceWithTheTimeSpentBefore) {
  Monitor monitor;
  monitor.feed({{.gt = "sit", .arrival_ms = kNowMs - 9000},
                {.gt = "sit", .arrival_ms = kNowMs - 6000},
                {.gt = "walk", .arrival_ms = kNowMs - 4500},
                {.gt = "walk", .arrival_ms = kNowMs - 1000}});

  const std::vector<FakeEvent> changes = monitor.take(kChanges);
  ASSERT_EQ(changes.size(), 1U);
  const auto change = changes[0].as<device::ActivityChange>();
  EXPECT_EQ(change.current_activity, "walk");
  EXPECT_EQ(change.previous_activity, "sit");
  EXPECT_EQ(change.arrival_time, kNowMs - 4500);
  EXPECT_EQ(change.seconds_in_previous, 4.5);
}

TEST(ActivityChanges, LeaveOutAReadingThatArrivedEarlierThanTheLast) {
  Monitor monitor;
  monitor.feed({{.gt = "sit", .arrival_ms = kNowMs - 9000},
                {.gt = "sit", .arrival_ms = kNowMs - 5000},
                {.gt = "run", .x = 7, .arrival_ms = kNowMs - 6000},
                {.gt = "sit", .arrival_ms = kNowMs - 5000}});

  EXPECT_TRUE(monitor.take(kChanges).empty());
  const FakeEvent event = monitor.row(kMetrics);
  const auto row = event.as<device::DeviceMetrics>();
  EXPECT_EQ(row.out_of_order, 1);
  EXPECT_EQ(row.total_events, 4) << "it counts everywhere else";
  EXPECT_EQ(row.sensor_metrics.x.max, 7);
  EXPECT_EQ(row.current_activity, "sit");
  EXPECT_EQ(row.last_seen, kNowMs - 5000);
}

TEST(ActivityChanges, AreEmittedForEveryReadingButTheFirstWhenAsked) {
  Monitor monitor{{"emit_unchanged", "true"}};
  monitor.feed({{.gt = "sit", .arrival_ms = kNowMs - 3000},
                {.gt = "sit", .arrival_ms = kNowMs - 2000},
                {.gt = "run", .arrival_ms = kNowMs - 1000}});
  const std::vector<FakeEvent> changes = monitor.take(kChanges);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].as<device::ActivityChange>().previous_activity, "sit");
  EXPECT_EQ(changes[0].as<device::ActivityChange>().current_activity, "sit");
  EXPECT_EQ(changes[1].as<device::ActivityChange>().current_activity, "run");
}

struct Refused {
  const char* reason;
  Reading reading;
};
class Refusal : public testing::TestWithParam<Refused> {};

TEST_P(Refusal, IsCountedByReasonKeepsThePayloadAndChangesNothing) {
  Monitor monitor;
  monitor.feed({GetParam().reading});

  ASSERT_EQ(monitor.host.refusals.size(), 1U);
  EXPECT_EQ(monitor.host.refusals[0].reason, GetParam().reason);
  EXPECT_EQ(monitor.host.refusals[0].payload, GetParam().reading.wire());
  EXPECT_TRUE(monitor.host.refusals[0].has_input);
  monitor.tick();
  EXPECT_TRUE(monitor.host.events.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, Refusal,
    testing::Values(Refused{"missing_device", {.device = ""}}, Refused{"missing_activity", {.gt = ""}},
                    Refused{"missing_time", {.arrival_ms = 0}}, Refused{"missing_time", {.arrival_ms = -5}},
                    Refused{"not_a_number", {.y = std::numeric_limits<double>::quiet_NaN()}},
                    Refused{"not_a_number", {.z = std::numeric_limits<double>::infinity()}},
                    Refused{"too_long", {.user = std::string(257, 'u')}},
                    Refused{"too_far_ahead", {.arrival_ms = kNowMs + 300'001, .creation_ns = 1}},
                    Refused{"too_far_ahead",
                            {.arrival_ms = std::numeric_limits<std::int64_t>::max(), .creation_ns = 1}}));

TEST(Refusal, BeginsBehindFiveMinutesAheadOfTheClock) {
  Monitor monitor;
  monitor.feed({{.arrival_ms = kNowMs + 300'000}});
  EXPECT_TRUE(monitor.host.refusals.empty());
}

TEST(StatisticsText, IsLoggedAfterEveryIntervalAtATickAndAtTheEnd) {
  sluice::testing::FakeHost host;
  {
    sluice::testing::FakeInstance monitor(sluice_plugin_entry_v1_device_monitor(), host,
                                          {.options = {{"stats_interval", "2"}}});
    ASSERT_EQ(monitor.on_batch({{.stream = 0, .payload = Reading{.x = 0.25}.wire(), .partition = 2}}), SLUICE_OK);
    ASSERT_EQ(monitor.on_tick(), SLUICE_OK);
    EXPECT_TRUE(host.logs.empty());
    ASSERT_EQ(monitor.on_batch({{.stream = 0, .payload = Reading{.x = 0.75}.wire(), .partition = 2}}), SLUICE_OK);
    ASSERT_EQ(monitor.on_tick(), SLUICE_OK);
    ASSERT_EQ(host.logs.size(), 1U);
    EXPECT_EQ(host.logs[0].text,
              "2 readings of 1 devices\n  partition 2, nexus4_1: 2 readings, now stand, mostly stand"
              "; x mean 0.500000 std 0.250000 min 0.250000 max 0.750000"
              "; y mean 0.000000 std 0.000000 min 0.000000 max 0.000000"
              "; z mean 0.000000 std 0.000000 min 0.000000 max 0.000000");
  }
  EXPECT_EQ(host.logs.size(), 2U);
}

}  // namespace
