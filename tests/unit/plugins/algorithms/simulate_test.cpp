#include "sluice/simulate.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "sluice/plugin.hpp"
#include "support/fake_host.hpp"

namespace {

using namespace std::chrono_literals;
using sluice::testing::FakeHost;
using sluice::testing::FakeInstance;
using sluice::testing::FakeOptions;

constexpr auto kOptions = sluice::simulator_options("10");

// What the tests hang into the ticker.
std::uint64_t reported_unsent = 0;
std::function<void(std::uint64_t)> before_event;

/// Emits its time, as microseconds, and a random number.
class Ticker final : public sluice::Simulator {
 public:
  explicit Ticker(const sluice::Context& context) : Simulator(context) {
    if (profile() == sluice::Profile::kRealistic) spread_burst();
  }

 private:
  bool make(sluice::Rng& rng, sluice::Time time) override {
    if (before_event) before_event(made());
    return emit_raw(0, std::to_string(time.time_since_epoch().count()) + " " + std::to_string(rng.below(1000)));
  }
  void at_end(std::uint64_t unsent) override { reported_unsent = unsent; }
};

}  // namespace

SLUICE_PLUGIN(Ticker, sluice::Description{.version = "1.0.0", .description = "Ticks.", .options = kOptions});

namespace {

std::vector<std::int64_t> times_of(const FakeHost& host) {
  std::vector<std::int64_t> times;
  for (const auto& event : host.events) times.push_back(std::stoll(event.payload));
  return times;
}

std::vector<std::string> payloads_of(const FakeHost& host) {
  std::vector<std::string> payloads;
  for (const auto& event : host.events) payloads.push_back(event.payload);
  return payloads;
}

struct Running {
  explicit Running(const FakeOptions& options) : ticker(sluice_plugin_entry_v1_ticker(), host, {.options = options}) {}
  FakeHost host;
  FakeInstance ticker;
};

TEST(Simulator, KeepsToOneEventASecondWithoutDrift) {
  Running run({{"rate", "1"}, {"events", "100"}, {"seed", "1"}});
  const std::int64_t start = run.host.wall_us;

  ASSERT_EQ(run.ticker.run(), SLUICE_OK);

  const std::vector<std::int64_t> times = times_of(run.host);
  ASSERT_EQ(times.size(), 100U);
  for (std::size_t k = 0; k < times.size(); ++k) EXPECT_EQ(times[k], start + static_cast<std::int64_t>(k) * 1'000'000);
  EXPECT_EQ(run.host.monotonic_us, 99'000'000);  // it ends with the last event
}

TEST(Simulator, KeepsToAMillionEventsASecondInLargeBatches) {
  Running run({{"rate", "1000000"}, {"duration", "250ms"}, {"seed", "1"}});
  const std::int64_t start = run.host.wall_us;

  ASSERT_EQ(run.ticker.run(), SLUICE_OK);

  const std::vector<std::int64_t> times = times_of(run.host);
  ASSERT_EQ(times.size(), 250'000U);
  for (std::size_t k = 0; k < times.size(); ++k) ASSERT_EQ(times[k], start + static_cast<std::int64_t>(k));
  EXPECT_LT(run.host.emit_calls, times.size() / 250);
  EXPECT_EQ(run.host.monotonic_us, 250'000);
}

TEST(Simulator, EndsAfterItsDurationAlsoWhenTheNextEventIsFarAway) {
  Running run({{"rate", "0.2"}, {"duration", "12s"}, {"seed", "1"}});

  ASSERT_EQ(run.ticker.run(), SLUICE_OK);

  EXPECT_EQ(run.host.events.size(), 3U);  // at 0, 5 and 10 s
  EXPECT_EQ(run.host.monotonic_us, 12'000'000);
}

TEST(Simulator, GivesTheSameBytesForASeedHoweverTheEventsAreBatched) {
  const FakeOptions options = {{"rate", "700"}, {"events", "5000"}, {"seed", "7"}};
  Running plain(options);
  ASSERT_EQ(plain.ticker.run(), SLUICE_OK);
  Running stuttering(options);
  for (int i = 0; i < 40; ++i) {
    stuttering.host.emit_script.push_back({SLUICE_BUSY, static_cast<std::size_t>(i % 3), ""});
    stuttering.host.emit_script.push_back({SLUICE_OK, SIZE_MAX, ""});
  }
  ASSERT_EQ(stuttering.ticker.run(), SLUICE_OK);

  EXPECT_EQ(payloads_of(stuttering.host), payloads_of(plain.host));
  Running other_seed({{"rate", "700"}, {"events", "5000"}, {"seed", "8"}});
  ASSERT_EQ(other_seed.ticker.run(), SLUICE_OK);
  EXPECT_NE(payloads_of(other_seed.host), payloads_of(plain.host));
}

TEST(Simulator, SendsABurstWithoutWaiting) {
  Running run({{"mode", "burst"}, {"seed", "1"}});

  ASSERT_EQ(run.ticker.run(), SLUICE_OK);

  EXPECT_EQ(run.host.events.size(), 1000U);
  EXPECT_TRUE(run.host.waits_us.empty());
  for (const std::int64_t time : times_of(run.host)) EXPECT_EQ(time, run.host.wall_us);
}

TEST(Simulator, LaysASpreadBurstOutAsARecordingThatEndsNow) {
  Running run({{"mode", "burst"}, {"profile", "realistic"}, {"events", "20"}, {"rate", "10"}, {"seed", "1"}});

  ASSERT_EQ(run.ticker.run(), SLUICE_OK);

  const std::vector<std::int64_t> times = times_of(run.host);
  ASSERT_EQ(times.size(), 20U);
  for (std::size_t k = 0; k < times.size(); ++k) {
    EXPECT_EQ(times[k], run.host.wall_us - static_cast<std::int64_t>(20 - k) * 100'000);
  }
}

TEST(Simulator, MakesUpForAShortStallButNotForALongOne) {
  Running made_up({{"rate", "100"}, {"duration", "20s"}, {"seed", "1"}});
  for (int i = 0; i < 80; ++i) made_up.host.emit_script.push_back({SLUICE_BUSY, 0, ""});  // 7.6 s of waiting
  ASSERT_EQ(made_up.ticker.run(), SLUICE_OK);
  EXPECT_EQ(made_up.host.events.size(), 2000U);

  Running left_out({{"rate", "100"}, {"duration", "20s"}, {"catch_up", "1s"}, {"seed", "1"}});
  for (int i = 0; i < 80; ++i) left_out.host.emit_script.push_back({SLUICE_BUSY, 0, ""});
  ASSERT_EQ(left_out.ticker.run(), SLUICE_OK);
  EXPECT_GT(left_out.host.events.size(), 1200U);
  EXPECT_LT(left_out.host.events.size(), 1500U);
}

TEST(Simulator, FollowsAWallClockThatIsSetButNotItsNoise) {
  Running run({{"rate", "10"}, {"events", "20"}, {"seed", "1"}});
  run.host.wall_us = 0;  // 1970, before the first synchronisation
  before_event = [&run](std::uint64_t number) {
    if (number == 5) run.host.wall_us += 30;
    if (number == 9) run.host.wall_us += 1'700'000'000'000'000;
  };

  ASSERT_EQ(run.ticker.run(), SLUICE_OK);
  before_event = nullptr;

  const std::vector<std::int64_t> times = times_of(run.host);
  for (int k = 0; k < 10; ++k) EXPECT_EQ(times[static_cast<std::size_t>(k)], k * 100'000);
  for (int k = 10; k < 20; ++k) {
    EXPECT_EQ(times[static_cast<std::size_t>(k)], 1'700'000'000'000'030 + k * 100'000);
  }
}

TEST(Simulator, StopsPromptlyAndTellsHowManyEventsWereNotTaken) {
  Running run({{"mode", "burst"}, {"events", "100000"}, {"seed", "1"}});
  run.host.stop_after_events = 700;

  ASSERT_EQ(run.ticker.run(), SLUICE_OK);

  EXPECT_EQ(run.host.events.size(), 700U);
  EXPECT_GE(reported_unsent, 2U * 512 - 700);
  EXPECT_LE(reported_unsent, 2U * 512 - 700 + 1);
}

TEST(Simulator, LogsProgressEveryHundredEventsAndATotal) {
  Running run({{"mode", "burst"}, {"seed", "1"}});

  ASSERT_EQ(run.ticker.run(), SLUICE_OK);

  ASSERT_EQ(run.host.logs.size(), 11U);
  EXPECT_EQ(run.host.logs.front().text, "100 events");
  EXPECT_EQ(run.host.logs.back().text, "1000 events in all");
}

TEST(Simulator, LogsTheRateAndNoMoreThanALineASecondInTheLongRun) {
  Running run({{"rate", "100000"}, {"duration", "30s"}, {"seed", "1"}});

  ASSERT_EQ(run.ticker.run(), SLUICE_OK);

  EXPECT_LE(run.host.logs.size(), 52U);
  EXPECT_EQ(run.host.logs.back().text, "3000000 events in all, 100000.0 events/s");
}

TEST(Simulator, DrawsASeedAndLogsItWhenNoneIsGiven) {
  Running first(FakeOptions{{"mode", "burst"}});
  Running second(FakeOptions{{"mode", "burst"}});
  ASSERT_EQ(first.ticker.run(), SLUICE_OK);
  ASSERT_EQ(second.ticker.run(), SLUICE_OK);

  const std::string line = first.host.logs.front().text;
  ASSERT_EQ(line.rfind("seed ", 0), 0U) << line;
  Running repeated({{"mode", "burst"}, {"seed", line.substr(5, line.find(' ', 5) - 5)}});
  ASSERT_EQ(repeated.ticker.run(), SLUICE_OK);
  EXPECT_EQ(payloads_of(repeated.host), payloads_of(first.host));
  EXPECT_NE(payloads_of(second.host), payloads_of(first.host));
}

}  // namespace
