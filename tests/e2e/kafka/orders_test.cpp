#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "e2e/gateway.hpp"
#include "e2e/kafka/topic.hpp"
#include "support/kafka_cluster.hpp"

namespace sluice::e2e {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr long kMaxGrowthKib = 8 * 1024;

TEST(Orders, AMillionLinesArriveOnceInTheOrderOfTheirKeysOverAStopInTheMiddle) {
  SLUICE_REQUIRE_KAFKA();
  const std::string broker = testing::KafkaCluster::start(1).bootstrap_servers();
  const test::TempFolder folder;
  const auto config =
      folder.write("c.toml", head(folder, broker) + orders_source(write_orders(folder, kMillion), "orders-million"));

  Gateway first(folder, "first", config);
  ASSERT_TRUE(first.wait_status([](const Json& status) { return status.at("events").at("delivered") >= 100'000; }))
      << first.process().standard_error();
  const auto first_exit = first.stop();
  const Json stopped = first.report();
  Gateway second(folder, "second", config, {"--until-done"});
  const auto second_exit = second.wait();
  const Json done = second.report();

  ASSERT_EQ(first_exit.code, 0) << first.process().standard_error();
  ASSERT_EQ(second_exit.code, 0) << second.process().standard_error();
  ASSERT_TRUE(is_closed(stopped) && is_closed(done)) << stopped << done;
  EXPECT_LT(stopped.at("events").at("accepted"), kMillion) << "the stop came too late to prove anything";
  EXPECT_EQ(
      stopped.at("events").at("delivered").get<std::int64_t>() + done.at("events").at("delivered").get<std::int64_t>(),
      kMillion);
  std::int64_t repeats = 0;
  EXPECT_EQ(fault_of_orders(Topic(folder, broker, "orders-million"), kMillion, repeats), "");
  EXPECT_EQ(repeats, 0);
}

TEST(Orders, MalformedLinesAreCountedAndKeptWithFileAndLineWhileTheGoodOnesArrive) {
  SLUICE_REQUIRE_KAFKA();
  const std::string broker = testing::KafkaCluster::start(1).bootstrap_servers();
  const test::TempFolder folder;
  constexpr std::int64_t kGood = 10'000;
  const auto file = write_orders(folder, 0);
  std::set<std::string> bad_places;
  {
    std::ofstream out(file, std::ios::binary);
    int line = 0;
    for (std::int64_t id = 0; id < kGood; ++id) {
      if (id % 2500 == 1000) {
        out << R"({"id":"not a number","key":"k0"})" << '\n' << R"({"id":17,)" << '\n';
        bad_places.insert(file.string() + ":" + std::to_string(++line));
        bad_places.insert(file.string() + ":" + std::to_string(++line));
      }
      out << order_line(id) << '\n';
      ++line;
    }
  }
  const auto config = folder.write("c.toml", head(folder, broker) + orders_source(file, "orders-malformed"));

  Gateway gateway(folder, "gateway", config, {"--until-done"});
  const auto exit = gateway.wait();
  const Json report = gateway.report();

  ASSERT_EQ(exit.code, 0) << gateway.process().standard_error();
  EXPECT_TRUE(is_closed(report)) << report;
  EXPECT_EQ(report.at("streams").at("orders").at("delivered"), kGood);
  EXPECT_EQ(report.at("sources").at("orders").at("rejected").at("malformed_line"), bad_places.size())
      << report.at("sources");
  std::int64_t repeats = 0;
  EXPECT_EQ(fault_of_orders(Topic(folder, broker, "orders-malformed"), kGood, repeats), "");
  EXPECT_EQ(repeats, 0);
  std::set<std::string> kept_places;
  const Topic letters(folder, broker, "sluice-dead-letters");
  for (const Topic::Record& record : letters.records()) {
    const Json letter = Json::parse(record.value);
    if (letter.at("reason") != "malformed_line") continue;
    const std::string detail = letter.at("detail");
    kept_places.insert(detail.substr(0, detail.find(' ')));
    EXPECT_EQ(letter.at("instance"), "orders");
    EXPECT_FALSE(letter.at("payload").get<std::string>().empty());
  }
  EXPECT_EQ(kept_places, bad_places);
}

TEST(Outage, FillsTheJournalHoldsTheMemoryAndLosesNothing) {
  SLUICE_REQUIRE_KAFKA();
  testing::KafkaCluster& kafka = testing::KafkaCluster::start(1);
  const test::TempFolder folder;
  const auto config =
      folder.write("c.toml", head(folder, kafka.bootstrap_servers()) +
                                 orders_source(write_orders(folder, kMillion), "orders-outage") +
                                 "[[source]]\nname = \"phones\"\nplugin = \"device_sensors\"\n"
                                 "options = { profile = \"realistic\", rate = 2000.0, events = 20000 }\n"
                                 "[source.streams.device_readings]\ntopic = \"outage-readings\"\n");
  Gateway gateway(folder, "gateway", config, {"--until-done"});
  ASSERT_TRUE(gateway.wait_status([](const Json& status) { return status.at("events").at("delivered") >= 50'000; }))
      << gateway.process().standard_error();

  kafka.kill_node(1);
  std::int64_t busy = 0;
  const bool is_full = gateway.wait_status([&](const Json& status) {
    busy = status.at("sources").at("orders").at("busy");
    return status.at("journal").at("full_refusals") > 0 && busy > 0;
  });
  const long rss_before_kib = gateway.process().rss_kib();
  const bool is_trying = gateway.wait_status([&](const Json& status) {
    return status.at("sources").at("orders").at("busy").get<std::int64_t>() >= busy + 20;
  });
  const long rss_after_kib = gateway.process().rss_kib();
  const std::optional<Json> during = gateway.get("/api/status");
  kafka.start_node(1);
  const auto exit = gateway.wait();
  const Json report = gateway.report();

  ASSERT_TRUE(is_full && is_trying && during) << gateway.process().standard_error();
  EXPECT_LT((*during).at("events").at("delivered"), kMillion);
  EXPECT_EQ((*during).at("events").at("unaccounted"), 0);
  EXPECT_LE((*during).at("journal").at("bytes"), (*during).at("journal").at("capacity_bytes"));
  EXPECT_EQ((*during).at("sources").at("orders").at("state"), "running");
  EXPECT_EQ((*during).at("sources").at("phones").at("state"), "running");
  EXPECT_LE(rss_after_kib - rss_before_kib, kMaxGrowthKib);
  EXPECT_EQ(exit.code, 0) << gateway.process().standard_error();
  EXPECT_TRUE(is_closed(report)) << report;
  EXPECT_EQ(report.at("events").at("accepted"), report.at("events").at("delivered"));
  EXPECT_EQ(report.at("streams").at("orders").at("delivered"), kMillion);
  EXPECT_GT(report.at("streams").at("device_readings").at("delivered"), 0);
  std::int64_t repeats = 0;
  EXPECT_EQ(fault_of_orders(Topic(folder, kafka.bootstrap_servers(), "orders-outage"), kMillion, repeats), "");
}

}  // namespace
}  // namespace sluice::e2e
