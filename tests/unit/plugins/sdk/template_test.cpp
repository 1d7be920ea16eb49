#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room.sluice.hpp"
#include "support/fake_host.hpp"

extern "C" SLUICE_PLUGIN_ENTRY(room_sensor);
extern "C" SLUICE_PLUGIN_ENTRY(room_average);
extern "C" SLUICE_PLUGIN_ENTRY(room_button);
extern "C" SLUICE_PLUGIN_ENTRY(room_logger);

namespace sluice::testing {
namespace {

TEST(RoomSensor, EmitsAReadingPerIntervalUntilItIsStopped) {
  FakeHost host;
  host.stop_after_waits = 3;
  FakeInstance sensor(sluice_plugin_entry_v1_room_sensor(), host,
                      {.options = {{"room", "attic"}, {"interval", "250ms"}}});

  ASSERT_EQ(sensor.run(), SLUICE_OK) << sensor.error();

  ASSERT_EQ(host.events.size(), 3U);
  EXPECT_THAT(host.waits_us, ::testing::Each(250'000));
  const auto last = host.events.back().as<room::Reading>();
  EXPECT_EQ(last.room, "attic");
  EXPECT_EQ(last.time, 1'700'000'000'500'000);
}

TEST(RoomAverage, PublishesTheMeanOfEachRoomOnTick) {
  FakeHost host;
  FakeInstance average(sluice_plugin_entry_v1_room_average(), host);

  ASSERT_EQ(average.on_batch({{.payload = wire_of(room::Reading{.room = "attic", .celsius = 10})},
                              {.payload = wire_of(room::Reading{.room = "attic", .celsius = 20})}}),
            SLUICE_OK);
  ASSERT_EQ(average.on_tick(), SLUICE_OK);

  ASSERT_EQ(host.events.size(), 1U);
  const auto row = host.events[0].as<room::Average>();
  EXPECT_EQ(host.events[0].stream, 1U);
  EXPECT_EQ(row.readings, 2);
  EXPECT_EQ(row.celsius, 15.0);
}

TEST(RoomAverage, RefusesAReadingWithoutARoomAndOneThatIsMalformed) {
  FakeHost host;
  FakeInstance average(sluice_plugin_entry_v1_room_average(), host);

  ASSERT_EQ(average.on_batch({{.payload = ""}, {.payload = "\x0a\x7f"}}), SLUICE_OK);

  ASSERT_EQ(host.refusals.size(), 2U);
  EXPECT_EQ(host.refusals[0].reason, "missing_room");
  EXPECT_EQ(host.refusals[1].reason, "malformed");
  EXPECT_TRUE(host.refusals[1].has_input);
}

TEST(RoomButtonInC, EmitsJsonAndTriesAgainWhenTheHostIsBusy) {
  FakeHost host;
  host.emit_script = {{SLUICE_BUSY, 0, ""}};
  host.stop_after_waits = 3;
  FakeInstance button(sluice_plugin_entry_v1_room_button(), host, {.options = {{"interval", "1s"}}});

  ASSERT_EQ(button.run(), SLUICE_OK);

  ASSERT_EQ(host.events.size(), 2U);
  EXPECT_EQ(host.events[0].encoding, SLUICE_ENCODING_JSON);
  EXPECT_EQ(host.events[0].payload, R"({"room":"hall","celsius":21.5})");
  EXPECT_THAT(host.waits_us, ::testing::ElementsAre(10'000, 1'000'000, 1'000'000));
}

TEST(RoomLoggerInC, LogsHowManyReadingsCame) {
  FakeHost host;
  FakeInstance logger(sluice_plugin_entry_v1_room_logger(), host);

  ASSERT_EQ(logger.on_batch({{.payload = "{}"}, {.payload = R"({"room":"hall"})"}}), SLUICE_OK);
  ASSERT_EQ(logger.on_tick(), SLUICE_OK);

  ASSERT_EQ(host.logs.size(), 1U);
  EXPECT_EQ(host.logs[0].text, R"(2 readings, the latest: {"room":"hall"})");
}

}  // namespace
}  // namespace sluice::testing
