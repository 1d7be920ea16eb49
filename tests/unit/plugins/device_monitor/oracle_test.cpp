// The whole consumer against a slow recomputation from the list of all readings, live and over restarts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "monitor.hpp"
#include "sluice/random.hpp"

namespace {

using namespace device_monitor_test;
using sluice::testing::FakeEvent;

std::vector<Reading> random_readings(std::uint64_t seed, int count, double offset) {
  sluice::Rng rng(seed);
  std::vector<Reading> readings;
  for (int i = 0; i < count; ++i) {
    const std::string model = std::vector<std::string>{"nexus4", "pixel6"}[rng.below(2)];
    readings.push_back({.device = model + "_" + std::to_string(rng.integer(1, 3)),
                        .gt = std::vector<std::string>{"sit", "stand", "walk", "run"}[rng.below(4)],
                        .x = offset + rng.real(-0.01, 0.01),
                        .y = rng.real(-0.05, 0.05),
                        .z = rng.real(-0.02, 0.02),
                        .arrival_ms = kNowMs - 10 * (count - i) + rng.integer(-15, 15),
                        .model = model,
                        .user = std::string(1, static_cast<char>('a' + rng.below(26)))});
  }
  return readings;
}

struct Recomputed {
  std::vector<Reading> all;
  [[nodiscard]] std::vector<double> last(std::size_t window, double Reading::*axis) const {
    std::vector<double> values;
    for (std::size_t i = all.size() - std::min(window, all.size()); i < all.size(); ++i) values.push_back(all[i].*axis);
    return values;
  }
};

std::map<std::string, Recomputed> per_device(const std::vector<Reading>& readings) {
  std::map<std::string, Recomputed> devices;
  for (const Reading& reading : readings) devices[reading.device].all.push_back(reading);
  return devices;
}

void expect_axis(const device::AxisStatistics& axis, const std::vector<double>& values) {
  long double sum = 0;
  for (const double value : values) sum += value;
  const long double mean = sum / static_cast<long double>(values.size());
  long double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto std = static_cast<double>(std::sqrt(squares / static_cast<long double>(values.size())));
  EXPECT_NEAR(axis.mean, static_cast<double>(mean), 1e-9 * std::fabs(static_cast<double>(mean)));
  EXPECT_NEAR(axis.std, std, 1e-9 * std);
  EXPECT_EQ(axis.min, *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(axis.max, *std::max_element(values.begin(), values.end()));
}

class AgainstTheOracle : public testing::TestWithParam<double> {};

TEST_P(AgainstTheOracle, TablesAreWhatARecomputationGives) {
  const std::vector<Reading> readings = random_readings(3, 4000, GetParam());
  Monitor monitor;
  for (std::size_t i = 0; i < readings.size(); i += 250) {
    monitor.feed(
        {readings.begin() + static_cast<std::ptrdiff_t>(i), readings.begin() + static_cast<std::ptrdiff_t>(i + 250)});
    monitor.host.events.clear();
    monitor.tick();
  }
  const auto devices = per_device(readings);

  const std::vector<FakeEvent> rows = monitor.take(kMetrics);
  ASSERT_EQ(rows.size(), devices.size());
  for (const FakeEvent& event : rows) {
    const auto row = event.as<device::DeviceMetrics>();
    const Recomputed& device = devices.at(std::string(row.device_id));
    EXPECT_EQ(row.total_events, static_cast<std::int64_t>(device.all.size()));
    expect_axis(row.sensor_metrics.x, device.last(50, &Reading::x));
    expect_axis(row.sensor_metrics.y, device.last(50, &Reading::y));
    expect_axis(row.sensor_metrics.z, device.last(50, &Reading::z));
    std::int64_t latest = 0;
    std::int64_t out_of_order = 0;
    std::string current;
    std::map<std::string, std::int64_t> counts;
    for (const Reading& reading : device.all) {
      ++counts[reading.gt];
      if (reading.arrival_ms < latest) {
        ++out_of_order;
      } else {
        latest = reading.arrival_ms;
        current = reading.gt;
      }
    }
    EXPECT_EQ(row.out_of_order, out_of_order);
    EXPECT_GT(out_of_order, 0);
    EXPECT_EQ(row.last_seen, latest);
    EXPECT_EQ(row.current_activity, current);
    for (const auto& [gt, count] : counts) EXPECT_EQ(row.activities_count.find(gt), count);
  }
  for (const FakeEvent& event : monitor.take(kSensorStats)) {
    const auto row = event.as<device::DeviceSensorStats>();
    const Recomputed& device = devices.at(std::string(row.device));
    long double sum = 0;
    double largest = 0;
    for (const Reading& reading : device.all) {
      sum += reading.x;
      largest = std::max(largest, std::fabs(reading.x));
    }
    const auto mean = static_cast<double>(sum / static_cast<long double>(device.all.size()));
    EXPECT_NEAR(row.avg_x, mean, 1e-9 * std::fabs(mean));
    EXPECT_EQ(row.max_movement_x, largest);
    EXPECT_EQ(row.reading_count, static_cast<std::int64_t>(device.all.size()));
  }
}

TEST_P(AgainstTheOracle, EventsAreWhatARecomputationGives) {
  const std::vector<Reading> readings = random_readings(4, 3000, GetParam());
  Monitor monitor;
  monitor.feed(readings);

  std::vector<std::string> expected_changes;
  std::size_t expected_alerts = 0;
  struct Last {
    std::int64_t arrival_ms = 0;
    std::int64_t since_ms = 0;
    std::string gt;
  };
  std::map<std::string, Last> lasts;
  for (const Reading& r : readings) {
    expected_alerts += std::sqrt(r.x * r.x + r.y * r.y + r.z * r.z) > 0.05 ? 1 : 0;
    Last& last = lasts[r.device];
    if (r.arrival_ms < last.arrival_ms) continue;
    if (!last.gt.empty() && last.gt != r.gt) {
      expected_changes.push_back(r.device + " " + last.gt + " " + r.gt + " " +
                                 std::to_string(r.arrival_ms - last.since_ms));
    }
    if (last.gt != r.gt) last.since_ms = r.arrival_ms;
    last.gt = r.gt;
    last.arrival_ms = r.arrival_ms;
  }

  std::vector<std::string> changes;
  for (const FakeEvent& event : monitor.take(kChanges)) {
    const auto c = event.as<device::ActivityChange>();
    changes.push_back(std::string(c.device) + " " + std::string(c.previous_activity) + " " +
                      std::string(c.current_activity) + " " +
                      std::to_string(std::llround(c.seconds_in_previous * 1000)));
  }
  EXPECT_EQ(changes, expected_changes);
  EXPECT_EQ(monitor.take(kAlerts).size(), expected_alerts);
  EXPECT_GT(expected_alerts, 0U);
}

INSTANTIATE_TEST_SUITE_P(Offsets, AgainstTheOracle, testing::Values(0.0, 1e9));

std::vector<std::string> written(const sluice::testing::FakeHost& host) {
  std::vector<std::string> all;
  for (const FakeEvent& event : host.events) all.push_back(std::to_string(event.stream) + event.key + event.payload);
  return all;
}

TEST(DeviceMonitor, GoesOnFromASavedStateAsIfNothingHappened) {
  const std::initializer_list<Monitor::Option> options = {{"gravity_filter", "true"},
                                                          {"movement_threshold", "0.03"},
                                                          {"alert_cooldown", "200ms"},
                                                          {"device_expiry", "20s"}};
  const std::vector<Reading> readings = random_readings(5, 3000, 0);
  const auto part = [&](std::size_t i) {
    return std::vector<Reading>(readings.begin() + static_cast<std::ptrdiff_t>(i * 100),
                                readings.begin() + static_cast<std::ptrdiff_t>(i * 100 + 100));
  };
  Monitor whole(options);
  auto parts = std::make_unique<Monitor>(options);
  for (std::size_t i = 0; i < 30; ++i) {
    if (i % 7 == 3) {
      std::string state;
      ASSERT_EQ(parts->instance().save(state), SLUICE_OK);
      parts = std::make_unique<Monitor>(options);
      ASSERT_EQ(parts->instance().load(state), SLUICE_OK);
      parts->tick();  // publishes every row again
    }
    for (Monitor* monitor : {&whole, parts.get()}) {
      monitor->host.events.clear();
      monitor->feed(part(i));
      monitor->tick();
    }
    ASSERT_TRUE(written(parts->host) == written(whole.host)) << "part " << i;
  }
}

TEST(DeviceMonitor, PublishesEveryRowAgainAfterARestart) {
  Monitor first;
  first.feed({{.device = "a"}, {.device = "b", .gt = "run"}});
  std::string state;
  ASSERT_EQ(first.instance().save(state), SLUICE_OK);

  Monitor second;
  ASSERT_EQ(second.instance().load(state), SLUICE_OK);
  second.tick();

  EXPECT_EQ(second.take(kMetrics).size(), 2U);
  EXPECT_EQ(second.take(kSensorStats).size(), 2U);
  EXPECT_EQ(second.take(kActivityCounts).size(), 2U);
}

TEST(DeviceMonitor, RefusesADamagedStateAndStaysFresh) {
  Monitor first;
  first.feed({{.device = "a"}, {.device = "b", .gt = "run"}});
  std::string state;
  ASSERT_EQ(first.instance().save(state), SLUICE_OK);
  for (std::size_t size = 1; size < state.size(); ++size) {
    Monitor second;
    ASSERT_EQ(second.instance().load(state.substr(0, size)), SLUICE_FAILED) << size;
    second.tick();
    ASSERT_TRUE(second.host.events.empty());
  }
}

}  // namespace
