#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "e2e/gateway.hpp"
#include "e2e/kafka/topic.hpp"
#include "support/kafka_cluster.hpp"

namespace sluice::e2e {
namespace {

constexpr double kTolerance = 1e-9;  // relative
constexpr std::size_t kWindow = 50;
constexpr std::array<const char*, 3> kAxes = {"x", "y", "z"};

/// What the monitor should know of a device, from its raw readings alone: everything is kept, and computed in two
/// passes.
struct Expected {
  std::vector<std::array<long double, 3>> readings;
  std::map<std::string, std::int64_t> activities;
  std::vector<std::string> in_order_seen;
  std::string current_activity;
  std::int64_t last_seen = 0;
};

std::map<std::string, Expected> expected_of(const Topic& raw) {
  std::map<std::string, Expected> devices;
  for (const Topic::Record& record : raw.records()) {
    const Json reading = Json::parse(record.value);
    Expected& device = devices[reading.at("Device")];
    device.readings.push_back(
        {reading.at("x").get<double>(), reading.at("y").get<double>(), reading.at("z").get<double>()});
    const std::string gt = reading.at("gt");
    if (device.activities[gt]++ == 0) device.in_order_seen.push_back(gt);
    const std::int64_t arrival = reading.at("Arrival_Time");
    if (arrival < device.last_seen) continue;
    device.last_seen = arrival;
    device.current_activity = gt;
  }
  return devices;
}

/// The latest row per key: what a compacted topic means.
std::map<std::string, Json> rows_of(const Topic& table) {
  std::map<std::string, Json> rows;
  for (const Topic::Record& record : table.records()) rows[std::string(record.key)] = Json::parse(record.value);
  return rows;
}

void expect_close(const Json& actual, long double expected, const std::string& what) {
  const auto value = static_cast<long double>(actual.get<double>());
  EXPECT_LE(std::fabs(value - expected), kTolerance * std::max(std::fabs(expected), 1e-3L))
      << what << " is " << actual << ", expected " << static_cast<double>(expected);
}

void expect_metrics(const Json& row, const Expected& expected) {
  const std::size_t n = expected.readings.size();
  const std::size_t first = n > kWindow ? n - kWindow : 0;
  EXPECT_EQ(row.at("total_events"), n);
  EXPECT_EQ(row.at("current_activity"), expected.current_activity);
  EXPECT_EQ(row.at("last_seen"), expected.last_seen);
  std::string most;
  for (const std::string& gt : expected.in_order_seen) {
    EXPECT_EQ(row.at("activities_count")[gt], expected.activities.at(gt)) << gt;
    if (most.empty() || expected.activities.at(gt) > expected.activities.at(most)) most = gt;
  }
  EXPECT_EQ(row.at("activities_count").size(), expected.activities.size());
  EXPECT_EQ(row.at("most_common_activity"), most);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    long double sum = 0;
    long double low = expected.readings[first][axis];
    long double high = low;
    for (std::size_t i = first; i < n; ++i) {
      sum += expected.readings[i][axis];
      low = std::min(low, expected.readings[i][axis]);
      high = std::max(high, expected.readings[i][axis]);
    }
    const long double mean = sum / static_cast<long double>(n - first);
    long double squares = 0;
    for (std::size_t i = first; i < n; ++i) squares += std::pow(expected.readings[i][axis] - mean, 2.0L);
    const Json& of_axis = row.at("sensor_metrics")[kAxes[axis]];
    expect_close(of_axis.at("mean"), mean, "mean");
    expect_close(of_axis.at("std"), std::sqrt(squares / static_cast<long double>(n - first)), "std");
    EXPECT_EQ(of_axis.at("min").get<double>(), static_cast<double>(low));
    EXPECT_EQ(of_axis.at("max").get<double>(), static_cast<double>(high));
  }
}

void expect_sensor_stats(const Json& row, const Expected& expected) {
  EXPECT_EQ(row.at("reading_count"), expected.readings.size());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    long double sum = 0;
    long double largest = 0;
    for (const auto& reading : expected.readings) {
      sum += reading[axis];
      largest = std::max(largest, std::fabs(reading[axis]));
    }
    expect_close(row[std::string("avg_") + kAxes[axis]], sum / static_cast<long double>(expected.readings.size()),
                 "avg");
    EXPECT_EQ(row[std::string("max_movement_") + kAxes[axis]].get<double>(), static_cast<double>(largest));
  }
}

TEST(DeviceMonitor, StatisticsEqualThoseComputedAnewFromTheRawTopic) {
  SLUICE_REQUIRE_KAFKA();
  const std::string broker = testing::KafkaCluster::start(1).bootstrap_servers();
  const test::TempFolder folder;
  constexpr int kReadings = 20'000;
  const auto config = folder.write("c.toml", head(folder, broker) + R"([[source]]
name = "phones"
plugin = "device_sensors"
options = { mode = "burst", events = 20000, seed = 42, profile = "realistic" }
[[consumer]]
name = "monitor"
plugin = "device_monitor"
options = { gravity_filter = true, movement_threshold = 0.5 }
)");
  Gateway gateway(folder, "gateway", config);

  ASSERT_TRUE(gateway.wait_status([](const Json& status) {
    return status.at("consumers").at("monitor").at("consumed") == kReadings;
  })) << gateway.process().standard_error();
  const auto exit = gateway.stop();
  const Json report = gateway.report();

  ASSERT_EQ(exit.code, 0) << gateway.process().standard_error();
  EXPECT_TRUE(is_closed(report)) << report;
  const Topic raw(folder, broker, "device-sensors");
  ASSERT_EQ(raw.records().size(), static_cast<std::size_t>(kReadings));
  const std::map<std::string, Expected> expected = expected_of(raw);
  const std::map<std::string, Json> metrics = rows_of(Topic(folder, broker, "device-metrics"));
  const std::map<std::string, Json> stats = rows_of(Topic(folder, broker, "device-sensor-stats"));
  const std::map<std::string, Json> counts = rows_of(Topic(folder, broker, "device-activity-counts"));
  ASSERT_EQ(expected.size(), 12U);
  EXPECT_EQ(metrics.size(), 12U);
  EXPECT_EQ(stats.size(), 12U);
  for (const auto& [device, of_device] : expected) {
    SCOPED_TRACE(device);
    ASSERT_TRUE(metrics.contains(device) && stats.contains(device));
    expect_metrics(metrics.at(device), of_device);
    expect_sensor_stats(stats.at(device), of_device);
    for (const auto& [gt, count] : of_device.activities) {
      ASSERT_TRUE(counts.contains(device + "-" + gt)) << gt;
      EXPECT_EQ(counts.at(device + "-" + gt).at("activity_count"), count) << gt;
    }
  }
}

/// Rows without what depends on when the reading was made.
std::map<std::string, Json> timeless(std::map<std::string, Json> rows) {
  for (auto& [device, row] : rows) {
    for (const char* column : {"timestamp", "last_seen", "online", "out_of_order"}) row.erase(column);
  }
  return rows;
}

/// The values of a topic as `sluice tail --json` shows them, without the times.
std::multiset<std::string> values_of(const std::string& tail, const std::string& topic) {
  std::multiset<std::string> values;
  std::istringstream in(tail);
  for (std::string line; std::getline(in, line);) {
    Json record = Json::parse(line);
    if (record.at("topic") != topic) continue;
    Json& value = record.at("value");
    if (!value.is_object() || value.size() != 10 || record.at("key") != value.at("Device")) {
      ADD_FAILURE() << line;
      return values;
    }
    value.erase("Arrival_Time");
    value.erase("Creation_Time");
    values.insert(value.dump());
  }
  return values;
}

TEST(DeviceMonitor, SeesTheSameInProtobufAsInJson) {
  SLUICE_REQUIRE_KAFKA();
  const std::string broker = testing::KafkaCluster::start(1).bootstrap_servers();
  const test::TempFolder folder;
  constexpr int kReadings = 2'000;
  std::string text = head(folder, broker);
  for (const char* format : {"json", "protobuf"}) {
    const std::string name = format;
    text +=
        "[[source]]\nname = \"phones-" + name + "\"\nplugin = \"device_sensors\"\n" +
        "options = { mode = \"burst\", events = 2000, seed = 7 }\n[source.streams.device_readings]\ntopic = \"two-" +
        name + "\"\nformat = \"" + name + "\"\n";
    text +=
        "[[consumer]]\nname = \"monitor-" + name + "\"\nplugin = \"device_monitor\"\ntopics = [\"two-" + name + "\"]\n";
    for (const char* stream :
         {"device_metrics", "device_activity_counts", "device_sensor_stats", "movement_alerts", "activity_changes"}) {
      text += "[consumer.streams." + std::string(stream) + "]\ntopic = \"two-" + name + "-" + stream + "\"\n";
    }
  }
  const auto config = folder.write("c.toml", text);
  Gateway gateway(folder, "gateway", config);

  ASSERT_TRUE(gateway.wait_status([](const Json& status) {
    return status.at("consumers").at("monitor-json").at("consumed") == kReadings &&
           status.at("consumers").at("monitor-protobuf").at("consumed") == kReadings;
  })) << gateway.process().standard_error();
  const auto exit = gateway.stop();
  const Finished tail =
      run_sluice(folder, {"tail", "two-json", "two-protobuf", "--from-beginning", "--max",
                          std::to_string(2 * kReadings), "--json", "--config", config.string(), "-b", broker});

  ASSERT_EQ(exit.code, 0) << gateway.process().standard_error();
  EXPECT_TRUE(is_closed(gateway.report())) << gateway.report();
  const std::map<std::string, Json> from_json = timeless(rows_of(Topic(folder, broker, "two-json-device_metrics")));
  EXPECT_EQ(from_json.size(), 12U);
  EXPECT_EQ(from_json, timeless(rows_of(Topic(folder, broker, "two-protobuf-device_metrics"))));
  EXPECT_EQ(rows_of(Topic(folder, broker, "two-json-device_sensor_stats")),
            rows_of(Topic(folder, broker, "two-protobuf-device_sensor_stats")));
  ASSERT_EQ(tail.code, 0) << tail.err;
  const std::multiset<std::string> json_values = values_of(tail.out, "two-json");
  EXPECT_EQ(json_values.size(), static_cast<std::size_t>(kReadings));
  EXPECT_EQ(json_values, values_of(tail.out, "two-protobuf"));
}

TEST(Operations, GroupsAndTopicsOfAStoppedGatewayCanBeLookedAtAndReset) {
  SLUICE_REQUIRE_KAFKA();
  const std::string broker = testing::KafkaCluster::start(1).bootstrap_servers();
  const test::TempFolder folder;
  const auto config = folder.write("c.toml", head(folder, broker) + R"([[source]]
name = "phones"
plugin = "device_sensors"
options = { mode = "burst", events = 300, seed = 5 }
[source.streams.device_readings]
topic = "operations"
[[consumer]]
name = "monitor"
plugin = "device_monitor"
topics = ["operations"]
group = "operations-group"
)");
  const Finished created =
      run_sluice(folder, {"topics", "operations", "--create", config.string(), "--json", "-b", broker});
  Gateway gateway(folder, "gateway", config);
  ASSERT_TRUE(gateway.wait_status([](const Json& status) {
    return status.at("consumers").at("monitor").at("consumed") == 300;
  })) << gateway.process().standard_error();
  ASSERT_EQ(gateway.stop().code, 0) << gateway.process().standard_error();

  const Finished topics = run_sluice(folder, {"topics", "operations", "--json", "-b", broker});
  const Finished list = run_sluice(folder, {"groups", "list", "--json", "-b", broker});
  const Finished group = run_sluice(folder, {"groups", "describe", "operations-group", "--json", "-b", broker});
  const Finished dry = run_sluice(
      folder, {"groups", "reset", "operations-group", "--topic", "operations", "--to-earliest", "-b", broker});
  const Finished kept = run_sluice(folder, {"groups", "describe", "operations-group", "--json", "-b", broker});
  const Finished reset = run_sluice(folder, {"groups", "reset", "operations-group", "--topic", "operations",
                                             "--to-earliest", "--execute", "-b", broker});
  const Finished moved = run_sluice(folder, {"groups", "describe", "operations-group", "--json", "-b", broker});

  ASSERT_EQ(created.code, 0) << created.err;
  EXPECT_EQ(Json::parse(created.out)[0].at("partitions").size(), 3U) << created.out;
  ASSERT_EQ(topics.code, 0) << topics.err;
  std::int64_t records = 0;
  const Json listed = Json::parse(topics.out);
  for (const Json& partition : listed[0].at("partitions")) {
    records += partition.at("end").get<std::int64_t>() - partition.at("first").get<std::int64_t>();
  }
  EXPECT_EQ(records, 300);
  EXPECT_NE(list.out.find("operations-group"), std::string::npos) << list.out << list.err;
  ASSERT_EQ(group.code, 0) << group.err;
  EXPECT_EQ(Json::parse(group.out).at("lag"), 0) << group.out;
  EXPECT_EQ(dry.code, 0) << dry.err;
  EXPECT_NE(dry.out.find("dry run"), std::string::npos) << dry.out;
  EXPECT_EQ(Json::parse(kept.out).at("lag"), 0) << kept.out;
  EXPECT_EQ(reset.code, 0) << reset.err;
  EXPECT_EQ(Json::parse(moved.out).at("lag"), 300) << moved.out;
}

}  // namespace
}  // namespace sluice::e2e
