/// Plugins in broken/ that take their process along: found out by a child, or remembered by the next start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "plugin/probe.hpp"
#include "plugin/quarantine.hpp"
#include "support/child_process.hpp"

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::filesystem::path kPlugins = LOADER_PLUGINS;

std::filesystem::path plugin_path(const std::string& name) { return kPlugins / (name + ".so"); }
std::string probe_text(const std::string& name, std::chrono::milliseconds timeout = 10s) {
  return plugin::probe(LOADER_CHILD, {plugin_path(name)}, timeout)[0].text();
}

TEST(Probe, PassesASoundPlugin) { EXPECT_EQ(probe_text("sound_source"), ""); }

TEST(Probe, PassesAPluginThatFloodsItsOutput) { EXPECT_EQ(probe_text("prints_while_loading"), ""); }

TEST(Probe, HandsOnTheLoadersOwnRefusal) {
  EXPECT_EQ(probe_text("kind_unknown"), "plugin " + plugin_path("kind_unknown").string() +
                                            ": the plugin's kind is 7, expected 1 (source) or 2 (consumer)");
}

TEST(Probe, NamesAPluginThatAbortsInAStaticInitialiser) {
  EXPECT_THAT(probe_text("aborts_in_static_initialiser"),
              StartsWith("plugin " + plugin_path("aborts_in_static_initialiser").string() +
                         ": killed by signal 6 (SIGABRT) while it was loaded"));
}

TEST(Probe, NamesAPluginThatExitsInAStaticInitialiser) {
  EXPECT_THAT(probe_text("exits_in_static_initialiser"),
              HasSubstr("ended its process with exit code 0 while it was loaded"));
}

TEST(Probe, NamesAPluginThatReturnsAWildPointer) {
  const std::string text = probe_text("entry_returns_wild_pointer");

  EXPECT_THAT(text, HasSubstr("while it was loaded"));
}

TEST(Probe, NamesAPluginThatHangsWhileItIsLoaded) {
  EXPECT_THAT(probe_text("entry_hangs", 300ms), HasSubstr("did not finish loading within 300 ms"));
}

TEST(Probe, JudgesEachOfSeveralPluginsInOrder) {
  const std::vector<Status> verdicts =
      plugin::probe(LOADER_CHILD, {plugin_path("aborts_in_static_initialiser"), plugin_path("sound_source"),
                                   plugin_path("no_entry"), plugin_path("sound_consumer")});

  ASSERT_EQ(verdicts.size(), 4U);
  EXPECT_THAT(verdicts[0].text(), HasSubstr("killed by signal 6"));
  EXPECT_TRUE(verdicts[1].ok()) << verdicts[1].text();
  EXPECT_THAT(verdicts[2].text(), HasSubstr("exports no sluice_plugin_entry_v1"));
  EXPECT_TRUE(verdicts[3].ok()) << verdicts[3].text();
}

class Crash : public ::testing::Test {
 protected:
  struct Run {
    test::ChildProcess::Exit exit;
    std::string standard_error;
  };

  /// One life of a gateway whose only source, "fragile", comes from this plugin.
  Run live(const std::string& name, const std::string& command = "run") {
    test::ChildProcess child({.arguments = {LOADER_CHILD, command, plugin_path(name).string(), state_.path().string()},
                              .output_dir = state_.path(),
                              .name = "gateway",
                              .environment = {},
                              .input = std::nullopt});
    const auto exit = child.wait(20s);
    if (!exit) ADD_FAILURE() << "the gateway still runs";
    return {exit.value_or(test::ChildProcess::Exit{}), child.standard_error()};
  }

  std::unique_ptr<plugin::Quarantine> next_start() {
    auto opened = plugin::Quarantine::open(state_.path(), clock_);
    EXPECT_TRUE(opened.ok()) << opened.status().text();
    return opened ? *std::move(opened) : nullptr;
  }

  test::TempFolder state_;
  SystemClock clock_;
};

TEST_F(Crash, InDestroyIsNamedAtOnceAndAtTheNextStart) {
  const Run run = live("destroy_crashes");

  EXPECT_THAT(run.standard_error, HasSubstr("sluice: signal 11 while calling instance 'fragile' (destroy)"));
  const auto next = next_start();
  ASSERT_EQ(next->last_crash().size(), 1U);
  EXPECT_EQ(next->last_crash()[0].instance, "fragile");
  EXPECT_EQ(next->last_crash()[0].to_string(), "killed by signal 11 (SIGSEGV) in destroy");
}

TEST_F(Crash, InRunEndsTheProcessByItsSignal) {
  const Run run = live("run_crashes");

  EXPECT_NE(run.exit.code, 0);
  EXPECT_THAT(run.standard_error, HasSubstr("sluice: signal 11 while calling instance 'fragile' (run)"));
  EXPECT_EQ(next_start()->last_crash().size(), 1U);
}

TEST_F(Crash, OfTheStackIsNamedToo) {
  const Run run = live("run_overflows_the_stack");

  EXPECT_THAT(run.standard_error, HasSubstr("sluice: signal 11 while calling instance 'fragile' (run)"));
}

TEST_F(Crash, ByExitIsBlamedOnWhoCalledIt) {
  const Run run = live("run_calls_exit");

  EXPECT_EQ(run.exit.code, 0);
  const auto next = next_start();
  ASSERT_EQ(next->last_crash().size(), 1U);
  EXPECT_EQ(next->last_crash()[0].to_string(), "ended the process by exit() in run");
}

TEST_F(Crash, FiveTimesQuarantinesTheInstanceUntilItIsReset) {
  for (int i = 0; i < 5; ++i) (void)live("run_crashes");

  const Run sixth = live("run_crashes");
  EXPECT_EQ(sixth.exit.code, 3);
  EXPECT_THAT(sixth.standard_error, HasSubstr("instance 'fragile' is quarantined: it crashed the gateway 5 times"));

  ASSERT_TRUE(next_start()->reset("fragile").ok());
  EXPECT_THAT(live("run_crashes").standard_error, HasSubstr("sluice: signal 11"));
}

TEST_F(Crash, FromOutsideAccusesNobody) {
  const Run run = live("request_stop_absent", "kill-itself");

  EXPECT_EQ(run.exit.signal, SIGKILL);
  EXPECT_TRUE(next_start()->last_crash().empty());
}

TEST_F(Crash, IsNotWhatAnOrderlyStopIs) {
  const Run run = live("sound_source");

  EXPECT_EQ(run.exit.code, 0) << run.standard_error;
  EXPECT_TRUE(next_start()->last_crash().empty());
}

}  // namespace
}  // namespace sluice::testing
