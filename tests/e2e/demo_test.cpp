#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "e2e/gateway.hpp"
#include "support/wait_until.hpp"

namespace sluice::e2e {
namespace {

/// The demo finds its plugins beside the program, as it does for a user.
Environment demo_environment(const test::TempFolder& folder) {
  return {{"SLUICE_STATE_DIR", (folder / "state").string()},
          {"SLUICE_ADMIN_PORT", "0"},
          {"KAFKA_BOOTSTRAP_SERVERS", "embedded"}};
}

TEST(Demo, EndsAfterItsDurationWithEverythingDelivered) {
  const test::TempFolder folder;
  Gateway demo(folder, "demo", config_file("demo.toml"), {"--duration", "5"}, demo_environment(folder));

  const auto exit = demo.wait();

  ASSERT_EQ(exit.code, 0) << demo.process().standard_error();
  const Json report = demo.report();
  ASSERT_TRUE(is_closed(report)) << report;
  EXPECT_GT(report.at("events").at("accepted"), 0);
  EXPECT_EQ(report.at("events").at("accepted"), report.at("events").at("delivered"));
  EXPECT_GT(report.at("streams").at("host_readings").at("delivered"), 0);
  EXPECT_GT(report.at("streams").at("device_readings").at("delivered"), 0);
  EXPECT_TRUE(report.at("broker").at("volatile"));
  EXPECT_NE(demo.process().standard_output().find("closing account"), std::string::npos);
}

TEST(Demo, ShowsRollingStatisticsOnTheConsoleAndOverHttpWhileItRuns) {
  const test::TempFolder folder;
  Gateway demo(folder, "demo", config_file("demo.toml"), {}, demo_environment(folder));

  const bool has_rows = demo.wait_status([&](const Json& status) {
    const std::optional<Json> table = demo.get("/api/tables/device_metrics");
    return status.at("consumers").at("monitor").at("consumed") > 0 && table && !(*table).at("rows").empty();
  });
  const std::optional<Json> metrics = demo.get("/api/tables/device_metrics");
  const Finished table = run_sluice(folder, {"table", "device_metrics", "--address", demo.address()});
  const Finished status = run_sluice(folder, {"status", "--json", "--address", demo.address()});
  const bool has_screen = testing::wait_until([&] {
    const std::string screen = demo.process().standard_output();
    return screen.find("device-metrics") != std::string::npos && screen.find("host-readings") != std::string::npos;
  });
  const auto exit = demo.stop();

  ASSERT_TRUE(has_rows && metrics) << demo.process().standard_error();
  const Json& row = (*metrics).at("rows")[0].at("value");
  EXPECT_FALSE(row.at("device_id").get<std::string>().empty());
  EXPECT_GT(row.at("total_events"), 0);
  EXPECT_TRUE(row.at("sensor_metrics").at("z").at("mean").is_number_float());
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_NE(table.out.find(row.at("device_id").get<std::string>()), std::string::npos) << table.out;
  EXPECT_EQ(Json::parse(status.out).at("name"), "demo");
  EXPECT_TRUE(has_screen) << demo.process().standard_output();
  EXPECT_EQ(exit.code, 0) << demo.process().standard_error();
  const Json report = demo.report();
  EXPECT_TRUE(is_closed(report)) << report;
  EXPECT_EQ(report.at("events").at("accepted"), report.at("events").at("delivered"));
}

TEST(Demo, TheEmbeddedBrokerSpeaksToOtherKafkaClients) {
  const test::TempFolder folder;
  Gateway demo(folder, "demo", config_file("demo.toml"), {}, demo_environment(folder));
  ASSERT_TRUE(demo.wait_status(
      [](const Json& status) { return status.at("streams").at("host_readings").at("delivered") > 0; }));
  const std::string broker = demo.get("/api/status").value().at("broker").at("bootstrap");

  const Finished theirs = run_program(
      folder, {"kcat", "-b", broker, "-C", "-t", "host-readings", "-o", "beginning", "-c", "1", "-e", "-q"});

  EXPECT_EQ(theirs.code, 0) << theirs.err;
  EXPECT_FALSE(Json::parse(theirs.out).at("host").get<std::string>().empty()) << theirs.out;
  EXPECT_EQ(demo.stop().code, 0);
}

}  // namespace
}  // namespace sluice::e2e
