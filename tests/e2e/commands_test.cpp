#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "e2e/gateway.hpp"
#include "support/wait_until.hpp"

namespace sluice::e2e {
namespace {

/// The first lines of a configuration that runs anywhere.
std::string head(const test::TempFolder& folder) {
  return R"([gateway]
name = "commands"
state_dir = ")" +
         (folder / "state").string() + R"("
plugin_path = [")" +
         plugin_folder() + R"(", ")" + SLUICE_E2E_LOADER_PLUGINS + R"("]
[log]
level = "warning"
[admin]
listen = "127.0.0.1:0"
[kafka]
bootstrap_servers = "embedded"
)";
}

constexpr const char* kTenReadings = R"([[source]]
name = "phones"
plugin = "device_sensors"
options = { mode = "burst", events = 10, seed = 3 }
)";

/// Lines that begin as given and contain the text.
std::size_t count_lines(const std::string& output, const std::string& begin, const std::string& text) {
  std::istringstream in(output);
  std::size_t count = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(begin) && line.find(text) != std::string::npos) ++count;
  }
  return count;
}

TEST(Check, PassesTheShippedConfigurations) {
  const test::TempFolder folder;
  for (const char* name : {"demo.toml", "devices.toml"}) {
    const Finished done = run_sluice(folder, {"check", config_file(name).string(), "--offline"},
                                     {{"SLUICE_STATE_DIR", (folder / "state").string()}});

    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(done.err, "");
    EXPECT_NE(done.out.find("device-sensors"), std::string::npos) << done.out;
  }
}

TEST(Check, NamesFileLineAndColumnOfEachErrorOfTheFile) {
  const test::TempFolder folder;
  const std::string file = folder
                               .write("bad.toml", R"([gateway]
name = "bad name"
memory_limt = "64MiB"

[admin]
listen = "nonsense"

[kafka.properties]
"compression.typo" = "lz4"

[[source]]
name = "phones"
plugin = "device_sensors"

[[source]]
name = "phones"
plugin = "device_sensors"
)")
                               .string();

  const Finished done = run_sluice(folder, {"check", file});

  EXPECT_EQ(done.code, 2);
  EXPECT_EQ(count_lines(done.err, file + ":2:8: error: ", "'bad name', expected"), 1U) << done.err;
  EXPECT_EQ(count_lines(done.err, file + ":3:1: error: unknown key 'memory_limt'", "did you mean 'memory_limit'?"), 1U)
      << done.err;
  EXPECT_EQ(count_lines(done.err, file + ":6:10: error: ", "expected HOST:PORT"), 1U) << done.err;
  EXPECT_EQ(count_lines(done.err, file + ":9:1: error: ", "'compression.typo'"), 1U) << done.err;
  EXPECT_EQ(count_lines(done.err, file + ":15:1: error: ", "already used at " + file + ":11:1"), 1U) << done.err;
  EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 5) << done.err;
}

TEST(Check, NamesEachErrorThatOnlyThePluginsKnow) {
  const test::TempFolder folder;
  const std::string text = head(folder) + R"([kafka.properties]
"compression.typo" = "lz4"
[[source]]
name = "phones"
plugin = "device_sensors"
options = { rate = "fast", mod = "burst" }
[source.streams.device_reading]
topic = "x"
[[source]]
name = "gone"
plugin = "no_such_plugin"
required = true
[[consumer]]
name = "wrong-kind"
plugin = "device_sensors"
)";
  const auto first =
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find("\"compression")), '\n');
  const std::string file = folder.write("bad.toml", text).string();
  const auto at = [&](std::ptrdiff_t line, int column) {
    return file + ":" + std::to_string(first + line) + ":" + std::to_string(column) + ": error: ";
  };

  const Finished done = run_sluice(folder, {"check", file});

  EXPECT_EQ(done.code, 2);
  EXPECT_EQ(count_lines(done.err, at(1, 1), "'compression.typo'"), 1U) << done.err;
  EXPECT_EQ(count_lines(done.err, at(5, 20), "option 'rate' of 'phones' is a string, expected a number"), 1U)
      << done.err;
  EXPECT_EQ(count_lines(done.err, at(5, 28), "did you mean 'mode'?"), 1U) << done.err;
  EXPECT_EQ(count_lines(done.err, at(6, 1), "did you mean 'device_readings'?"), 1U) << done.err;
  EXPECT_EQ(count_lines(done.err, at(8, 1), "plugin 'no_such_plugin' was not found in"), 1U) << done.err;
  EXPECT_EQ(count_lines(done.err, at(12, 1), "plugin 'device_sensors' is a source"), 1U) << done.err;
}

TEST(Check, SaysWhereTheTomlIsBroken) {
  const test::TempFolder folder;
  const std::string file = folder.write("broken.toml", "[gateway\nname = 3\n").string();

  const Finished done = run_sluice(folder, {"check", file});

  EXPECT_EQ(done.code, 2);
  EXPECT_TRUE(done.err.starts_with(file + ":1:9: error: ")) << done.err;
}

TEST(Check, NamesAFileThatIsNotThere) {
  const test::TempFolder folder;

  const Finished done = run_sluice(folder, {"check", (folder / "none.toml").string()});

  EXPECT_EQ(done.code, 2);
  EXPECT_NE(done.err.find((folder / "none.toml").string() + ": error: cannot be read"), std::string::npos) << done.err;
}

TEST(Plugins, ListsTheSixThatAreBuiltInAManifestThatParses) {
  const test::TempFolder folder;

  const Finished done = run_sluice(folder, {"plugins", "--json"});

  EXPECT_EQ(done.code, 0) << done.err;
  std::map<std::string, std::string> kinds;
  const Json manifest = Json::parse(done.out);
  for (const Json& plugin : manifest.at("plugins")) kinds[plugin.at("name")] = plugin.at("kind");
  EXPECT_EQ(kinds, (std::map<std::string, std::string>{{"console", "consumer"},
                                                       {"device_monitor", "consumer"},
                                                       {"device_sensors", "source"},
                                                       {"host_metrics", "source"},
                                                       {"json_files", "consumer"},
                                                       {"ndjson", "source"}}));
}

TEST(Plugins, RefusesAResetWithoutAConfiguration) {
  const test::TempFolder folder;

  const Finished done = run_sluice(folder, {"plugins", "--reset", "phones"});

  EXPECT_EQ(done.code, 2);
  EXPECT_NE(done.err.find("--reset needs CONFIG"), std::string::npos) << done.err;
}

TEST(Run, GoesOnWithoutABrokenPluginThatIsNotRequired) {
  const test::TempFolder folder;
  const auto config = folder.write("c.toml", head(folder) + kTenReadings + R"([[source]]
name = "broken"
plugin = "aborts_in_static_initialiser"
)");

  Gateway gateway(folder, "run", config, {"--until-done"});
  const auto exit = gateway.wait();

  EXPECT_EQ(exit.code, 0) << gateway.process().standard_error();
  EXPECT_NE(gateway.process().standard_error().find("warning: instance 'broken'"), std::string::npos)
      << gateway.process().standard_error();
  EXPECT_EQ(gateway.report().at("events").at("delivered"), 10) << gateway.report();
}

TEST(Run, RefusesABrokenPluginThatIsRequired) {
  const test::TempFolder folder;
  const auto config = folder.write("c.toml", head(folder) + kTenReadings + R"([[source]]
name = "broken"
plugin = "aborts_in_static_initialiser"
required = true
)");

  Gateway gateway(folder, "run", config, {"--until-done"});
  const auto exit = gateway.wait();

  EXPECT_EQ(exit.code, 2);
  EXPECT_NE(gateway.process().standard_error().find("error: instance 'broken'"), std::string::npos)
      << gateway.process().standard_error();
}

TEST(Quarantine, TakesAPluginThatKeepsCrashingOutUntilItIsReset) {
  const test::TempFolder folder;
  const auto config = folder.write("c.toml", head(folder) + kTenReadings + R"([[source]]
name = "crasher"
plugin = "run_crashes"
)");
  for (int start = 1; start <= 5; ++start) {
    Gateway gateway(folder, "crash", config);
    ASSERT_NE(gateway.wait().signal, 0) << "start " << start << " did not crash";
  }

  Gateway quarantined(folder, "quarantined", config);
  const bool is_quarantined = quarantined.wait_status([](const Json& status) {
    return status.at("sources").at("crasher").at("state") == "quarantined" && status.at("events").at("delivered") == 10;
  });
  const auto exit = quarantined.stop();
  const Finished listed = run_sluice(folder, {"plugins", config.string(), "--plugin-path", plugin_folder()});
  const Finished reset = run_sluice(folder, {"plugins", "--reset", "crasher", config.string()});
  Gateway again(folder, "again", config);
  const auto crashed_again = again.wait();

  EXPECT_TRUE(is_quarantined) << quarantined.process().standard_error();
  EXPECT_EQ(exit.code, 0) << quarantined.process().standard_error();
  EXPECT_NE(listed.out.find("quarantined instance 'crasher': 5 crashes"), std::string::npos) << listed.out;
  EXPECT_EQ(reset.code, 0) << reset.err;
  EXPECT_NE(crashed_again.signal, 0) << "after the reset it was not started again";
}

TEST(Quarantine, HasNothingToResetForAnInstanceThatNeverCrashed) {
  const test::TempFolder folder;
  const auto config = folder.write("c.toml", head(folder) + kTenReadings);

  const Finished done = run_sluice(folder, {"plugins", "--reset", "phones", config.string()});

  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.err.find("'phones' has no crash on record"), std::string::npos) << done.err;
}

class Broker : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::wait_until([&] { return process_.standard_output().find('\n') != std::string::npos; }));
    address_ = process_.standard_output();
    address_.pop_back();
  }

  const test::TempFolder folder_;
  test::ChildProcess process_{{.arguments = {sluice_program(), "broker", "--topic", "alpha:3", "--topic", "beta:1",
                                             "--address-file", (folder_ / "address").string()},
                               .output_dir = folder_.path(),
                               .name = "broker",
                               .environment = {},
                               .input = {}}};
  std::string address_;
};

TEST_F(Broker, HasTheTopicsItWasGivenAndTellsThemAtOnce) {
  const auto before = std::chrono::steady_clock::now();
  const Finished done = run_sluice(folder_, {"topics", "--json", "-b", address_});
  const auto took = std::chrono::steady_clock::now() - before;

  EXPECT_EQ(done.code, 0) << done.err;
  std::map<std::string, std::size_t> partitions;
  for (const Json& topic : Json::parse(done.out)) partitions[topic.at("topic")] = topic.at("partitions").size();
  EXPECT_EQ(partitions, (std::map<std::string, std::size_t>{{"alpha", 3}, {"beta", 1}}));
  EXPECT_LT(took, std::chrono::seconds(5));
}

TEST_F(Broker, WritesItsAddressToAFileAndEndsOnASignal) {
  EXPECT_TRUE(test::read_file(folder_ / "address").starts_with(address_));
  process_.signal(SIGTERM);

  const auto exit = process_.wait(std::chrono::seconds(10));

  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(exit->code, 0) << process_.standard_error();
}

TEST_F(Broker, CannotShowGroupsAndSaysSo) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"groups", "list"},
                                             {"groups", "describe", "g"},
                                             {"groups", "reset", "g", "--topic", "alpha", "--to-earliest"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"-b", address_});

    const Finished done = run_sluice(folder_, arguments, {}, std::chrono::seconds(15));

    EXPECT_EQ(done.code, 2) << command[1] << ": " << done.err;
    EXPECT_NE(done.err.find("cannot show groups"), std::string::npos) << command[1] << ": " << done.err;
  }
}

TEST_F(Broker, HasNoTopicThatItWasNotGiven) {
  const Finished done = run_sluice(folder_, {"topics", "gamma", "-b", address_});

  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.err.find("gamma"), std::string::npos) << done.err;
}

TEST(Query, NamesTheAddressWhereNoGatewayAnswers) {
  const test::TempFolder folder;
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"status"}, {"table", "device_metrics"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--address", "127.0.0.1:1"});

    const Finished done = run_sluice(folder, arguments);

    EXPECT_EQ(done.code, 1) << command[0];
    EXPECT_NE(done.err.find("no gateway answers at 127.0.0.1:1"), std::string::npos) << done.err;
  }
}

TEST(Help, IsThereForEveryCommand) {
  const test::TempFolder folder;
  for (const char* command :
       {"run", "check", "plugins", "simulate", "tail", "topics", "groups", "table", "status", "broker"}) {
    const Finished done = run_sluice(folder, {command, "--help"});

    EXPECT_EQ(done.code, 0) << command;
    EXPECT_NE(done.out.find(std::string("sluice ") + command), std::string::npos) << done.out;
  }
}

TEST(Help, IsReferredToByAnUnknownOption) {
  const test::TempFolder folder;

  const Finished done = run_sluice(folder, {"topics", "--bogus"});

  EXPECT_EQ(done.code, 2);
  EXPECT_NE(done.err.find("--bogus"), std::string::npos) << done.err;
}

TEST(UnknownCommand, IsNamedWithThoseThereAre) {
  const test::TempFolder folder;

  const Finished done = run_sluice(folder, {"frobnicate"});

  EXPECT_EQ(done.code, 2);
  EXPECT_NE(done.err.find("unknown command 'frobnicate', expected one of run, check"), std::string::npos) << done.err;
}

}  // namespace
}  // namespace sluice::e2e
