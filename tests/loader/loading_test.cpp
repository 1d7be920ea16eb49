/// What must load: every plugin in loads/, older ABI versions among them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "loader/loader_fixture.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path kPlugins = LOADER_PLUGINS;

plugin::LoadedPlugin load_or_die(const std::string& name) {
  auto loaded = load_plugin(kPlugins / (name + ".so"));
  if (!loaded) throw std::runtime_error(loaded.status().text());
  return *std::move(loaded);
}

class VersionMatrix : public ::testing::TestWithParam<std::tuple<std::uint32_t, std::uint32_t>> {};

TEST_P(VersionMatrix, LoadsOlderAndEqualRefusesNewer) {
  const auto [plugin_minor, host_minor] = GetParam();
  plugin::LoadOptions options;
  options.host_minor = host_minor;

  const auto loaded = load_plugin(kPlugins / ("version_matrix_" + std::to_string(plugin_minor) + ".so"), options);

  EXPECT_EQ(loaded.ok(), plugin_minor <= host_minor) << loaded.status().text();
  if (!loaded.ok()) {
    EXPECT_THAT(loaded.status().text(), HasSubstr("plugin ABI 1." + std::to_string(plugin_minor)));
    EXPECT_THAT(loaded.status().text(), HasSubstr("this gateway has 1." + std::to_string(host_minor)));
  }
}

INSTANTIATE_TEST_SUITE_P(Loader, VersionMatrix,
                         ::testing::Combine(::testing::Values(0U, 1U, 2U), ::testing::Values(0U, 1U, 2U)),
                         [](const auto& tested) {
                           return "plugin_1_" + std::to_string(std::get<0>(tested.param)) + "_on_host_1_" +
                                  std::to_string(std::get<1>(tested.param));
                         });

TEST(Loader, CopiesEverythingAPluginSaysOfItself) {
  const PluginInfo info = load_or_die("sound_source").info();

  EXPECT_EQ(info.name, "sound_source");
  EXPECT_EQ(info.version, "1.0.0");
  EXPECT_EQ(info.kind, PluginKind::kSource);
  EXPECT_EQ(info.abi_major, 1U);
  ASSERT_EQ(info.options.size(), 1U);
  EXPECT_EQ(info.options[0].name, "rate");
  EXPECT_EQ(info.options[0].default_text, "10");
  EXPECT_EQ(info.options[0].bounds, "1..100");
  ASSERT_EQ(info.streams.size(), 1U);
  EXPECT_EQ(info.streams[0].message, "test.Reading");
  EXPECT_EQ(info.streams[0].topic, "test-readings");
  EXPECT_EQ(info.streams[0].key_field, "device");
  EXPECT_EQ(info.streams[0].partitions, 4U);
}

TEST(Loader, LoadsTheSameFileTwice) {
  FakeHost host;
  const plugin::LoadedPlugin first = load_or_die("sound_source");
  const plugin::LoadedPlugin second = load_or_die("sound_source");

  EXPECT_TRUE(first.create_source(args_for(first.info()), host).ok());
  EXPECT_TRUE(second.create_source(args_for(second.info()), host).ok());
}

TEST(Loader, TakesAStrideWiderThanItsRows) {
  EXPECT_EQ(load_or_die("stride_wider_than_its_rows").info().options.size(), 1U);
}

TEST(Loader, RefusesAnInstanceOfTheOtherKind) {
  FakeHost host;
  const plugin::LoadedPlugin source = load_or_die("sound_source");
  const plugin::LoadedPlugin consumer = load_or_die("sound_consumer");

  EXPECT_EQ(source.create_consumer(args_for(source.info()), host).status().text(),
            "plugin 'sound_source' is a source, not a consumer");
  EXPECT_EQ(consumer.create_source(args_for(consumer.info()), host).status().text(),
            "plugin 'sound_consumer' is a consumer, not a source");
}

TEST(Loader, RefusesValuesThatDoNotFitTheOptionTable) {
  FakeHost host;
  const plugin::LoadedPlugin source = load_or_die("sound_source");
  plugin::CreateArgs args = args_for(source.info());
  args.values.clear();

  EXPECT_EQ(source.create_source(std::move(args), host).status().code(), Code::kInternal);
}

TEST(Consumer, LivesWithoutItsOptionalCallbacks) {
  FakeHost host;
  const plugin::LoadedPlugin loaded = load_or_die("sound_consumer");
  auto consumer = loaded.create_consumer(args_for(loaded.info()), host);
  ASSERT_TRUE(consumer.ok()) << consumer.status().text();
  std::string state = "old";

  EXPECT_TRUE((*consumer)->on_tick(2, 1).ok());
  EXPECT_FALSE((*consumer)->can_save());
  EXPECT_TRUE((*consumer)->save(state).ok());
  EXPECT_EQ(state, "");
  EXPECT_FALSE((*consumer)->load("x").ok());
  EXPECT_EQ((*consumer)->tick_interval(), std::chrono::seconds(1));
  EXPECT_FALSE((*consumer)->wants_event_time_order());
}

TEST(Consumer, IsGivenItsInputsAndKeepsItsState) {
  FakeHost host;
  const plugin::LoadedPlugin loaded = load_or_die("counts_inputs");
  auto consumer = loaded.create_consumer(args_for(loaded.info()), host);
  ASSERT_TRUE(consumer.ok()) << consumer.status().text();
  const ConsumerInput inputs[] = {
      {0, 0, 7, 1, 2, "a", "four", false}, {0, 0, 8, 1, 2, "", "sixsix", false}, {0, 0, 9, 1, 2, "b", "", true}};
  std::string state;

  EXPECT_TRUE((*consumer)->on_batch(inputs, 10, 0).ok());
  EXPECT_TRUE((*consumer)->save(state).ok());

  std::uint64_t count = 0;
  ASSERT_EQ(state.size(), sizeof count);
  std::memcpy(&count, state.data(), sizeof count);
  EXPECT_EQ(count, 4U + 6U + 1000U);
  ASSERT_EQ(host.refused().size(), 1U);
  EXPECT_EQ(host.refused()[0].reason, "no_key");
  EXPECT_EQ(host.refused()[0].offset, 8) << "the refused input is the second of the batch";
  EXPECT_TRUE((*consumer)->load(state).ok());
  EXPECT_THAT((*consumer)->load("short").text(), HasSubstr("a state has eight bytes"));
  EXPECT_EQ((*consumer)->state_version(), 3U);
  EXPECT_EQ((*consumer)->tick_interval(), std::chrono::milliseconds(250));
  EXPECT_TRUE((*consumer)->wants_event_time_order());
  EXPECT_TRUE((*consumer)->on_tick(/*wall_us=*/2, /*monotonic_us=*/1).ok());
  EXPECT_THAT((*consumer)->on_tick(1, 2).text(), HasSubstr("the clocks are mixed up"));
}

}  // namespace
}  // namespace sluice::testing
