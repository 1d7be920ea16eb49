#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "e2e/gateway.hpp"

namespace sluice::e2e {
namespace {

using std::chrono::steady_clock;

constexpr int kEvents = 10'000;

/// A gateway whose Kafka does not exist: nothing listens on port 1.
std::filesystem::path without_kafka(const test::TempFolder& folder) {
  return folder.write("down.toml", R"([gateway]
name = "down"
state_dir = ")" + (folder / "state").string() +
                                       R"("
[log]
level = "error"
[admin]
listen = "127.0.0.1:0"
[kafka]
bootstrap_servers = "127.0.0.1:1"
[[source]]
name = "phones"
plugin = "device_sensors"
options = { mode = "burst", events = )" +
                                       std::to_string(kEvents) + R"(, seed = 3 }
[[consumer]]
name = "monitor"
plugin = "device_monitor"
)");
}

bool has_accepted_all(const Json& status) { return status.at("events").at("accepted") == kEvents; }

TEST(Stop, WithKafkaDownEndsWithinTenSecondsAndCountsWhatWasNotDelivered) {
  const test::TempFolder folder;
  Gateway gateway(folder, "down", without_kafka(folder));
  ASSERT_TRUE(gateway.wait_status(has_accepted_all)) << gateway.process().standard_error();

  const auto before = steady_clock::now();
  const auto exit = gateway.stop();
  const auto took = steady_clock::now() - before;

  EXPECT_EQ(exit.code, 0);
  EXPECT_LE(took, std::chrono::seconds(10));
  const Json report = gateway.report();
  EXPECT_TRUE(is_closed(report)) << report;
  EXPECT_EQ(report.at("events").at("accepted"), kEvents);
  EXPECT_EQ(report.at("events").at("delivered"), 0);
  EXPECT_EQ(report.at("events").at("dropped"), Json({{"not_delivered_at_stop", kEvents}}));
}

TEST(Stop, ASecondSignalEndsItAtOnce) {
  const test::TempFolder folder;
  Gateway gateway(folder, "down", without_kafka(folder));
  ASSERT_TRUE(gateway.wait_status(has_accepted_all)) << gateway.process().standard_error();
  gateway.process().signal(SIGTERM);
  // Two signals of one kind that come together are one; this shows that the first has been taken.
  ASSERT_TRUE(gateway.wait_status([](const Json& status) {
    return status.at("consumers").at("monitor").at("state") == "stopped";
  })) << "it ended before it could be signalled again";

  const auto before = steady_clock::now();
  const auto exit = gateway.stop();
  const auto took = steady_clock::now() - before;

  EXPECT_EQ(exit.code, 1);
  EXPECT_LE(took, std::chrono::seconds(1));
}

}  // namespace
}  // namespace sluice::e2e
