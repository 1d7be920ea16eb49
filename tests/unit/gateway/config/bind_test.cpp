#include <gmock/gmock.h>

#include "config/units.hpp"
#include "config_fixture.hpp"

namespace sluice::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

OptionSpec option(std::string name, OptionType type, std::string default_text = "", std::string bounds = "") {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.type = type;
  spec.has_default = !default_text.empty();
  spec.default_text = std::move(default_text);
  spec.bounds = std::move(bounds);
  return spec;
}

std::vector<OptionSpec> simulator_options() {
  std::vector<OptionSpec> table{option("mode", OptionType::kEnum, "continuous", "continuous|burst"),
                                option("rate", OptionType::kNumber, "10", "0.1..1000"),
                                option("events", OptionType::kInteger, "", "1.."),
                                option("loud", OptionType::kBoolean, "false"),
                                option("pause", OptionType::kDuration, "250ms", "1ms..1h"),
                                option("buffer", OptionType::kBytes, "64KiB"),
                                option("tags", OptionType::kList, "x,y"),
                                option("device", OptionType::kString)};
  table.back().is_required = true;
  return table;
}

/// Binds the options of the one source in `text`.
struct Bound {
  explicit Bound(const std::string& options, std::map<std::string, std::string> environment = {},
                 std::vector<std::string> sets = {}) {
    const Loaded loaded("[[source]]\nname = \"s\"\nplugin = \"p\"\n[source.options]\n" + options,
                        std::move(environment), std::move(sets));
    EXPECT_THAT(loaded.errors, IsEmpty());
    const SourceSettings& source = loaded.config.sources.at(0);
    Diagnostics diagnostics;
    values = bind_options(simulator_options(), source.options, source.where, source.name, diagnostics);
    errors = texts(diagnostics);
  }
  std::vector<OptionValue> values;
  std::vector<std::string> errors;
};

TEST(BindOptions, GivesOneTypedValuePerRowOfTheTable) {
  const Bound bound(
      "mode = \"burst\"\nrate = 5\nevents = 7\nloud = true\npause = \"2s\"\nbuffer = 4096\ntags = [\"a\"]\ndevice = "
      "\"d\"\n");
  ASSERT_THAT(bound.errors, IsEmpty());
  ASSERT_EQ(bound.values.size(), 8U);
  EXPECT_EQ(bound.values[0].text, "burst");
  EXPECT_EQ(bound.values[1].number, 5.0);
  EXPECT_EQ(bound.values[2].integer, 7);
  EXPECT_EQ(bound.values[3].integer, 1);
  EXPECT_EQ(bound.values[4].integer, 2'000'000);
  EXPECT_EQ(bound.values[5].integer, 4096);
  EXPECT_THAT(bound.values[6].list, ElementsAre("a"));
  EXPECT_EQ(bound.values[7].text, "d");
  for (const OptionValue& value : bound.values) EXPECT_TRUE(value.is_set && value.is_explicit);
}

TEST(BindOptions, FillsInDefaults) {
  const Bound bound("device = \"d\"\n");
  ASSERT_THAT(bound.errors, IsEmpty());
  EXPECT_EQ(bound.values[0].text, "continuous");
  EXPECT_EQ(bound.values[1].number, 10.0);
  EXPECT_FALSE(bound.values[2].is_set);
  EXPECT_EQ(bound.values[4].integer, 250'000);
  EXPECT_EQ(bound.values[5].integer, 65'536);
  EXPECT_THAT(bound.values[6].list, ElementsAre("x", "y"));
  EXPECT_TRUE(bound.values[0].is_set);
  EXPECT_FALSE(bound.values[0].is_explicit);
}

TEST(BindOptions, TypesTextOfTheEnvironmentAndOfSet) {
  const Bound bound("device = \"5\"\nevents = \"${N}\"\nloud = \"${LOUD}\"\n", {{"N", "1_000"}, {"LOUD", "true"}},
                    {"source.s.options.rate=2.5", "source.s.options.device=42", "source.s.options.pause=1m"});
  ASSERT_THAT(bound.errors, IsEmpty());
  EXPECT_EQ(bound.values[1].number, 2.5);
  EXPECT_EQ(bound.values[2].integer, 1000);
  EXPECT_EQ(bound.values[3].integer, 1);
  EXPECT_EQ(bound.values[4].integer, 60'000'000);
  EXPECT_EQ(bound.values[7].text, "42");
}

TEST(BindOptions, ReportsEveryMistakeOfAnInstance) {
  const Bound bound("mode = \"brust\"\nrate = 0.01\nevents = 1.5\npause = \"2h\"\ntags = true\nevent = 1\n");
  EXPECT_THAT(
      bound.errors,
      ElementsAre(
          "c.toml:5:8: error: option 'mode' of 's' is 'brust', expected one of continuous, burst; did you mean "
          "'burst'?",
          "c.toml:6:8: error: option 'rate' of 's' is 0.01, expected a number in 0.1..1000",
          "c.toml:7:10: error: option 'events' of 's' is a number with a fraction, expected an integer in 1..",
          "c.toml:8:9: error: option 'pause' of 's' is '2h', expected a duration such as \"250ms\", \"5s\" or \"7d\" "
          "in "
          "1ms..1h",
          "c.toml:9:8: error: option 'tags' of 's' is a boolean, expected a list of strings",
          "c.toml:1:1: error: option 'device' of 's' is missing, expected a string",
          "c.toml:10:1: error: unknown option 'event' of 's', expected one of mode, rate, events, loud, pause, buffer, "
          "tags, device; did you mean 'events'?"));
}

TEST(BindOptions, RefusesNumbersThatAreNotFinite) {
  EXPECT_THAT(Bound("device = \"d\"\nrate = inf\n").errors,
              ElementsAre("c.toml:6:8: error: option 'rate' of 's' is not finite, expected a number in 0.1..1000"));
  EXPECT_THAT(Bound("device = \"d\"\nrate = \"${R}\"\n", {{"R", "nan"}}).errors,
              ElementsAre("c.toml:6:8: error: option 'rate' of 's' is 'nan', expected a number in 0.1..1000"));
}

TEST(OptionTable, IsAcceptedWhenItIsRight) { EXPECT_TRUE(check_option_table(simulator_options()).ok()); }

TEST(OptionTable, IsRefusedForEachOfItsMistakes) {
  const auto refusal = [](std::vector<OptionSpec> table) { return check_option_table(table).text(); };
  OptionSpec required = option("a", OptionType::kString, "x");
  required.is_required = true;
  EXPECT_EQ(refusal({option("A", OptionType::kString)}), "option 'A': the name is not [a-z0-9_]{1,64}");
  EXPECT_EQ(refusal({option("a", OptionType::kString), option("a", OptionType::kString)}), "option 'a': named twice");
  EXPECT_EQ(refusal({option("a", static_cast<OptionType>(9))}), "option 'a': type 9 is unknown");
  EXPECT_EQ(refusal({required}), "option 'a': it is required and has a default");
  EXPECT_EQ(refusal({option("a", OptionType::kInteger, "x")}), "option 'a': default: 'x' is not a whole number");
  EXPECT_EQ(refusal({option("a", OptionType::kDuration, "5")}), "option 'a': default: '5' is not a duration");
  EXPECT_EQ(refusal({option("a", OptionType::kInteger, "5", "1..4")}), "option 'a': default '5' is not within '1..4'");
  EXPECT_EQ(refusal({option("a", OptionType::kEnum, "c", "a|b")}), "option 'a': default 'c' is not within 'a|b'");
  EXPECT_EQ(refusal({option("a", OptionType::kEnum)}), "option 'a': bounds '' are not a list of words 'a|b|c'");
  EXPECT_EQ(refusal({option("a", OptionType::kEnum, "", "a|a")}), "option 'a': bounds name 'a' twice");
  EXPECT_EQ(refusal({option("a", OptionType::kInteger, "", "4..1")}), "option 'a': bounds '4..1' are reversed");
  EXPECT_EQ(refusal({option("a", OptionType::kInteger, "", "4")}), "option 'a': bounds '4' are not 'LOW..HIGH'");
  EXPECT_EQ(refusal({option("a", OptionType::kBytes, "", "x..")}), "option 'a': bounds: 'x' is not a size");
  EXPECT_EQ(refusal({option("a", OptionType::kBoolean, "", "0..1")}), "option 'a': a boolean has no bounds");
}

TEST(StreamNames, AreCheckedAgainstThePlugin) {
  const Loaded loaded("[[source]]\nname = \"s\"\nplugin = \"p\"\n[source.streams.readigns]\ntopic = \"t\"\n");
  PluginInfo plugin;
  plugin.name = "p";
  plugin.streams.emplace_back().name = "readings";

  Diagnostics strict;
  check_stream_names(plugin, loaded.config.sources.at(0), strict);
  plugin.takes_streams_from_config = true;
  Diagnostics generic;
  check_stream_names(plugin, loaded.config.sources.at(0), generic);

  EXPECT_THAT(texts(strict), ElementsAre("c.toml:4:1: error: unknown stream 'readigns' of 's' (plugin p), expected "
                                         "readings; did you mean 'readings'?"));
  EXPECT_THAT(texts(generic), IsEmpty());
}

TEST(Nearest, FindsSlipsAndNothingFarAway) {
  const std::vector<std::string> known{"listen", "level", "name", "max_bytes"};
  EXPECT_EQ(nearest("lsiten", known), "listen");
  EXPECT_EQ(nearest("listn", known), "listen");
  EXPECT_EQ(nearest("max_byte", known), "max_bytes");
  EXPECT_EQ(nearest("nmae", known), "name");
  EXPECT_EQ(nearest("nnnn", known), "");
  EXPECT_EQ(nearest("colour", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest(std::string(100'000, 'x'), known), "");
}

TEST(Units, ReadDurations) {
  EXPECT_EQ(*parse_duration_us("7us"), 7);
  EXPECT_EQ(*parse_duration_us("5ms"), 5'000);
  EXPECT_EQ(*parse_duration_us("1s"), 1'000'000);
  EXPECT_EQ(*parse_duration_us("2m"), 120'000'000);
  EXPECT_EQ(*parse_duration_us("1h"), 3'600'000'000);
  EXPECT_EQ(*parse_duration_us("7d"), 604'800'000'000);
  for (const char* wrong :
       {"", "5", "s", "-5s", "-0s", "+5s", "5 s", "1.5s", "5S", "1h30m", " 5s", "5s ", "99999999999999d"}) {
    EXPECT_FALSE(parse_duration_us(wrong).ok()) << wrong;
  }
}

TEST(Units, ReadSizes) {
  EXPECT_EQ(*parse_bytes("0"), 0);
  EXPECT_EQ(*parse_bytes("1000B"), 1000);
  EXPECT_EQ(*parse_bytes("512KiB"), 512 * 1024);
  EXPECT_EQ(*parse_bytes("64MiB"), 64LL << 20U);
  EXPECT_EQ(*parse_bytes("1GiB"), 1LL << 30U);
  EXPECT_EQ(*parse_bytes("2TiB"), 2LL << 40U);
  for (const char* wrong : {"", "B", "-1", "64MB", "64mib", "1.5GiB", "9999999999TiB", "0x10"}) {
    EXPECT_FALSE(parse_bytes(wrong).ok()) << wrong;
  }
}

TEST(ConfigurationManual, NamesEveryKeyAndThePluginsOwn) {
  PluginInfo plugin;
  plugin.name = "device_sensors";
  plugin.description = "Simulated sensors.";
  plugin.options = simulator_options();
  StreamDeclaration& stream = plugin.streams.emplace_back();
  stream.name = "device_readings";
  stream.message = "device.Reading";
  stream.topic = "device-sensors";
  stream.retention_ms = 7LL * 24 * 3'600'000;

  const std::string manual = configuration_manual({plugin});

  for (const char* section : {"[gateway]", "[log]", "[admin]", "[kafka]", "[schema_registry]", "[journal]",
                              "[[source]]", "[[consumer]]", "[source.streams.NAME]"}) {
    EXPECT_THAT(manual, HasSubstr(section));
  }
  EXPECT_THAT(manual, HasSubstr("| `memory_limit` | bytes | `64MiB` | `16MiB..` | Memory the whole process may use"));
  EXPECT_THAT(manual, HasSubstr("| `on_full` | enum | `block` | `block`, `drop_newest`, `drop_oldest` |"));
  EXPECT_THAT(manual, HasSubstr("### `device_sensors` (source)\n\nSimulated sensors.\n"));
  EXPECT_THAT(manual, HasSubstr("| `mode` | enum | `continuous` | `continuous`, `burst` |"));
  EXPECT_THAT(manual, HasSubstr("| `device` | string | required |"));
  EXPECT_THAT(manual, HasSubstr("| `device_readings` | out | events | `device.Reading` | `device-sensors` | 1 | 7d |"));
}

}  // namespace
}  // namespace sluice::config
