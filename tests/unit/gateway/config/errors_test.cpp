#include <gmock/gmock.h>

#include "config_fixture.hpp"

namespace sluice::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Case {
  const char* name;
  const char* text;
  const char* error;  // after "c.toml:"
};

constexpr const char* kSource = "[[source]]\nname = \"s\"\nplugin = \"p\"\n";

class ConfigError : public testing::TestWithParam<Case> {};

TEST_P(ConfigError, IsReportedWithItsPlaceAndWhatWasExpected) {
  EXPECT_THAT(Loaded(GetParam().text).errors, ElementsAre(std::string("c.toml:") + GetParam().error));
}

const Case kCases[] = {
    {"unknown_table", "[kafak]\n",
     "1:2: error: unknown key 'kafak' in the file, expected one of gateway, log, admin, kafka, schema_registry, "
     "journal, "
     "source, consumer; did you mean 'kafka'?"},
    {"unknown_key", "[gateway]\nnam = \"x\"\n",
     "2:1: error: unknown key 'nam' in [gateway], expected one of name, state_dir, plugin_path, memory_limit; did you "
     "mean 'name'?"},
    {"unknown_key_without_a_near_name", "[log]\ncolour = true\n",
     "2:1: error: unknown key 'colour' in [log], expected level"},
    {"unknown_key_of_an_instance", "[[source]]\nname = \"s\"\nplugin = \"p\"\nrequird = true\n",
     "4:1: error: unknown key 'requird' in source 's', expected one of name, plugin, required, options, streams; did "
     "you "
     "mean 'required'?"},
    {"unknown_key_of_a_stream", "[[source]]\nname = \"s\"\nplugin = \"p\"\n[source.streams.r]\ntopik = \"x\"\n",
     "5:1: error: unknown key 'topik' in stream 'r' of source 's', expected one of topic, format, partitions, "
     "retention, "
     "cleanup, partition_by, timezone, schema, message, key, time, partition_map; did you mean 'topic'?"},
    {"unknown_key_of_the_registry", "[schema_registry]\nuser = \"x\"\n",
     "2:1: error: unknown key 'user' in [schema_registry], expected url"},
    {"event_ids", "[kafka]\nevent_ids = true\n",
     "2:13: error: 'kafka.event_ids' = true is not available in this version, expected false"},
    {"drop_policy", "[journal]\non_full = \"drop_oldest\"\n",
     "2:11: error: 'journal.on_full' = \"drop_oldest\" is not available in this version, expected \"block\""},
    {"string_for_a_boolean", "[kafka]\nevent_ids = \"yes\"\n",
     "2:13: error: 'kafka.event_ids' is a string, expected true or false"},
    {"integer_for_a_string", "[gateway]\nname = 5\n", "2:8: error: 'gateway.name' is an integer, expected a string"},
    {"list_for_a_string", "[gateway]\nname = [\"a\"]\n", "2:8: error: 'gateway.name' is a list, expected a string"},
    {"string_for_a_list", "[gateway]\nplugin_path = \"a\"\n",
     "2:15: error: 'gateway.plugin_path' is a string, expected a list of strings"},
    {"integers_in_a_list", "[gateway]\nplugin_path = [\"a\", 5]\n",
     "2:21: error: 'gateway.plugin_path' has an integer in its list, expected a list of strings"},
    {"date_for_a_string", "[gateway]\nname = 2025-01-01\n",
     "2:8: error: 'gateway.name' is a date or time, expected a string, a number, a boolean or a list of strings"},
    {"table_for_a_string", "[gateway]\nname = { a = 1 }\n",
     "2:8: error: 'gateway.name' is a table, expected a string, a number, a boolean or a list of strings"},
    {"scalar_for_a_table", "gateway = 5\n", "1:1: error: 'gateway' is an integer, expected a table [gateway]"},
    {"wrong_word", "[log]\nlevel = \"warnin\"\n",
     "2:9: error: 'log.level' is 'warnin', expected one of debug, info, warn, warning, error; did you mean 'warning'?"},
    {"duration_without_a_unit", "[journal]\ncommit_window = 5\n",
     "2:17: error: 'journal.commit_window' is a number without a unit, expected a duration such as \"250ms\", \"5s\" "
     "or "
     "\"7d\" in 0s..1s"},
    {"duration_with_a_wrong_unit", "[journal]\ncommit_window = \"5sec\"\n",
     "2:17: error: 'journal.commit_window' is '5sec', expected a duration such as \"250ms\", \"5s\" or \"7d\" in "
     "0s..1s"},
    {"duration_out_of_bounds", "[journal]\ncommit_window = \"2s\"\n",
     "2:17: error: 'journal.commit_window' is '2s', expected a duration such as \"250ms\", \"5s\" or \"7d\" in 0s..1s"},
    {"size_with_a_wrong_unit", "[gateway]\nmemory_limit = \"64MB\"\n",
     "2:16: error: 'gateway.memory_limit' is '64MB', expected a size such as \"64KiB\", \"1GiB\" or 65536 in 16MiB.."},
    {"size_out_of_bounds", "[gateway]\nmemory_limit = 1000\n",
     "2:16: error: 'gateway.memory_limit' is 1000, expected a size such as \"64KiB\", \"1GiB\" or 65536 in 16MiB.."},
    {"negative_size", "[journal]\nkeep_free = -1\n",
     "2:13: error: 'journal.keep_free' is -1, expected a size such as \"64KiB\", \"1GiB\" or 65536 in 0B.."},
    {"disk_journal", "[journal]\nmode = \"disk\"\n",
     "2:8: error: journal mode disk is not available in this version, expected memory"},
    {"open_admin_address", "[admin]\nlisten = \"0.0.0.0:8080\"\n",
     "2:10: error: 'admin.listen' is '0.0.0.0:8080', which other machines can reach without any access control, "
     "expected a "
     "loopback address such as \"127.0.0.1:8080\", or insecure = true beside it"},
    {"admin_address_without_a_port", "[admin]\nlisten = \"localhost\"\n",
     "2:10: error: 'admin.listen' is 'localhost', expected HOST:PORT such as \"127.0.0.1:8080\" or \"[::1]:8080\", or "
     "\"\" for none"},
    {"admin_port_out_of_range", "[admin]\nlisten = \"localhost:70000\"\n",
     "2:10: error: 'admin.listen' is 'localhost:70000', expected HOST:PORT such as \"127.0.0.1:8080\" or "
     "\"[::1]:8080\", "
     "or \"\" for none"},
    {"gateway_name_with_a_space", "[gateway]\nname = \"a b\"\n",
     "2:8: error: 'gateway.name' is 'a b', expected [A-Za-z0-9._-]{1,64}"},
    {"empty_bootstrap_servers", "[kafka]\nbootstrap_servers = \"\"\n",
     "2:21: error: 'kafka.bootstrap_servers' is empty, expected HOST:PORT of brokers, or \"embedded\""},
    {"bootstrap_servers_as_a_property", "[kafka.properties]\nbootstrap.servers = \"a:9092\"\n",
     "2:21: error: kafka property 'bootstrap.servers' is set, expected the brokers in bootstrap_servers of [kafka]"},
    {"idempotence_off", "[kafka.properties]\n\"enable.idempotence\" = false\n",
     "2:24: error: kafka property 'enable.idempotence' is 'false': without it a retry may duplicate and reorder "
     "records, "
     "expected true"},
    {"acks_of_one", "[kafka.properties]\nacks = 1\n",
     "2:8: error: kafka property 'acks' is '1': a record only some replicas have can be lost after it was "
     "acknowledged, "
     "expected all"},
    {"acks_of_one_by_its_other_name", "[kafka.properties]\nrequest.required.acks = \"0\"\n",
     "2:25: error: kafka property 'request.required.acks' is '0': a record only some replicas have can be lost after "
     "it "
     "was acknowledged, expected all"},
    {"message_timeout", "[kafka.properties]\nmessage.timeout.ms = 300000\n",
     "2:22: error: kafka property 'message.timeout.ms' is '300000': the journal keeps records until Kafka has them, so "
     "none may expire inside the client, expected 0"},
    {"property_twice", "[kafka.properties]\nlinger.ms = 1\n\"linger.ms\" = 2\n",
     "3:1: error: kafka property 'linger.ms' is already given at c.toml:2:8, expected it once"},
    {"property_as_a_list", "[kafka.properties]\n\"a\" = [\"b\"]\n",
     "2:7: error: kafka property 'a' is a list, expected a string, a number or a boolean"},
    {"secret_file_missing", "[kafka.properties]\n\"sasl.password_file\" = \"/nowhere/secret\"\n",
     "2:24: error: kafka property 'sasl.password_file': /nowhere/secret: No such file or directory, expected a "
     "readable "
     "file that only its owner can read"},
    {"bad_topic", "[kafka]\ngaps_topic = \"a b\"\n",
     "2:14: error: 'kafka.gaps_topic' is 'a b', expected the name of a Kafka topic, [A-Za-z0-9._-]{1,249}"},
    {"plugin_missing", "[[source]]\nname = \"s\"\n",
     "1:1: error: 'plugin' of source 's' is missing, expected a string"},
    {"name_missing", "[[consumer]]\nplugin = \"p\"\n",
     "1:1: error: 'name' of [[consumer]] is missing, expected a string"},
    {"name_with_capitals", "[[source]]\nname = \"S\"\nplugin = \"p\"\n",
     "2:8: error: 'name' of source 'S' is not a name, expected [a-z0-9_-]{1,64}"},
    {"plugin_as_a_path", "[[source]]\nname = \"s\"\nplugin = \"../p.so\"\n",
     "3:10: error: 'plugin' of source 's' is '../p.so', expected the name of a plugin, [a-z0-9_]{1,64}, without path "
     "and "
     "\".so\""},
    {"name_twice", "[[source]]\nname = \"s\"\nplugin = \"p\"\n[[consumer]]\nname = \"s\"\nplugin = \"p\"\n",
     "4:1: error: instance name 's' is already used at c.toml:1:1, expected a name of its own among all sources and "
     "consumers"},
    {"single_table_for_a_source", "[source]\nname = \"s\"\n",
     "1:2: error: 'source' is a table, expected a list of tables, each under [[source]]"},
    {"table_as_an_option", "[[source]]\nname = \"s\"\nplugin = \"p\"\noptions = { a = { b = 1 } }\n",
     "4:17: error: option 'a' of 's' is a table, expected a string, a number, a boolean or a list of strings"},
    {"partitioning_misspelt",
     "[[source]]\nname = \"s\"\nplugin = \"p\"\n[source.streams.r]\npartition_by = \"roundrobin\"\n",
     "5:16: error: 'partition_by' of stream 'r' of source 's' is 'roundrobin', expected key, round_robin or "
     "field:NAME; did "
     "you mean 'round_robin'?"},
    {"partition_map_without_a_field",
     "[[source]]\nname = \"s\"\nplugin = \"p\"\n[source.streams.r]\npartition_map = { a = 0 }\n",
     "5:1: error: 'partition_map' of stream 'r' of source 's' has no field to look at, expected partition_by = "
     "\"field:NAME\" beside it"},
    {"partition_map_with_a_negative_partition",
     "[[source]]\nname = \"s\"\nplugin = \"p\"\n[source.streams.r]\npartition_by = \"field:f\"\npartition_map = { a = "
     "-1 "
     "}\n",
     "6:23: error: 'partition_map' of stream 'r' of source 's': value 'a' is -1, expected an integer in 0..2147483647"},
    {"stream_name_with_a_dash", "[[source]]\nname = \"s\"\nplugin = \"p\"\n[source.streams.\"a-b\"]\n",
     "4:17: error: stream name 'a-b' of source 's' is not a name, expected [a-z0-9_]{1,64}"},
    {"variable_not_set", "[gateway]\nname = \"${NOWHERE}\"\n",
     "2:8: error: environment variable NOWHERE is not set, expected it set, or a default as in ${NOWHERE:-default}"},
    {"variable_not_closed", "[gateway]\nname = \"a${B\"\n",
     "2:8: error: '${' has no closing '}', expected ${NAME} or ${NAME:-default}, or $${ for a literal ${"},
    {"variable_without_a_name", "[gateway]\nname = \"${1}\"\n",
     "2:8: error: '${1}' does not name an environment variable, expected ${NAME} or ${NAME:-default}, or $${ for a "
     "literal "
     "${"},
    {"control_bytes_are_escaped", "[log]\nlevel = \"a\\u001b[31mb\"\n",
     "2:9: error: 'log.level' is 'a\\x1b[31mb', expected one of debug, info, warn, warning, error"},
};

INSTANTIATE_TEST_SUITE_P(Each, ConfigError, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<Case>& each) { return std::string(each.param.name); });

TEST(ConfigErrors, AreAllReportedAtOnceInReadingOrder) {
  const Loaded loaded(
      "[journal]\nmode = \"disk\"\n[gateway]\nmemory_limit = true\nnam = \"x\"\n[[source]]\nname = \"s\"\n"
      "[kafka.properties]\nacks = \"1\"\n");
  EXPECT_THAT(
      loaded.errors,
      ElementsAre("c.toml:2:8: error: journal mode disk is not available in this version, expected memory",
                  "c.toml:4:16: error: 'gateway.memory_limit' is a boolean, expected a size such as \"64KiB\", "
                  "\"1GiB\" or 65536 in 16MiB..",
                  "c.toml:5:1: error: unknown key 'nam' in [gateway], expected one of name, state_dir, "
                  "plugin_path, memory_limit; did you mean 'name'?",
                  "c.toml:6:1: error: 'plugin' of source 's' is missing, expected a string",
                  "c.toml:9:8: error: kafka property 'acks' is '1': a record only some replicas have can be lost "
                  "after it was acknowledged, expected all"));
}

TEST(ConfigErrors, NameTheEnvironmentsValueOfAWrongType) {
  const Loaded loaded("[kafka]\nevent_ids = \"${IDS}\"\n", {{"IDS", "maybe"}});
  EXPECT_THAT(loaded.errors, ElementsAre("c.toml:2:13: error: 'kafka.event_ids' is 'maybe', expected true or false"));
}

TEST(ConfigErrors, NeverShowASecret) {
  const Loaded loaded("[kafka.properties]\n\"sasl.password\" = [\"hunter2\"]\n", {},
                      {"kafka.sasl.password=hunter2", "source.s.options.password=hunter2"});
  ASSERT_FALSE(loaded.errors.empty());
  for (const std::string& error : loaded.errors) EXPECT_EQ(error.find("hunter2"), std::string::npos) << error;
}

TEST(ConfigSyntaxError, HasAPositionAndStopsTheOtherChecks) {
  const Loaded loaded("[gateway]\nnam = \"x\"\nname = = 5\n");
  ASSERT_EQ(loaded.errors.size(), 1U);
  EXPECT_TRUE(loaded.errors[0].starts_with("c.toml:3:8: error: ")) << loaded.errors[0];
}

TEST(ConfigSyntaxError, IsAKeyGivenTwice) {
  const Loaded loaded("[gateway]\nname = \"x\"\nname = \"y\"\n");
  ASSERT_EQ(loaded.errors.size(), 1U);
  EXPECT_TRUE(loaded.errors[0].starts_with("c.toml:3:")) << loaded.errors[0];
}

TEST(ConfigSyntaxError, IsATableHeaderWithoutAKey) {
  const Loaded loaded("[=\"a\"]\n");
  ASSERT_EQ(loaded.errors.size(), 1U);
  EXPECT_TRUE(loaded.errors[0].starts_with("c.toml:1:2: error: ")) << loaded.errors[0];
}

TEST(ConfigSyntaxError, IsDeepNestingOfAnyKind) {
  std::string dotted = "a";
  for (int i = 0; i < 200; ++i) dotted += ".a";
  EXPECT_THAT(Loaded(dotted + " = 1\n").errors,
              ElementsAre("c.toml:1:1: error: too many dots in a line, expected at most 128"));
  EXPECT_EQ(Loaded("a = " + std::string(100'000, '[')).errors.size(), 1U);
  EXPECT_EQ(Loaded(dotted.substr(0, 61) + " = 1\n").errors.size(), 2U);
}

TEST(ConfigSyntaxError, IsALetterBeyondAsciiOutsideOfQuotes) {
  const Loaded loaded("# é\n[gateway]\nnСme = 5\n");
  ASSERT_EQ(loaded.errors.size(), 1U);
  EXPECT_TRUE(loaded.errors[0].starts_with("c.toml:3:2: error: ")) << loaded.errors[0];
}

TEST(ConfigText, MayHoldAnyLetterInsideOfQuotes) {
  const Loaded loaded("[kafka.properties]\n\"ä\" = 'ü\\'\nb = \"\\\"é\"\nc = \"\"\"é\"\"\"\"\"\nd = '''é\n'''\n# 中\n");
  EXPECT_THAT(loaded.errors, testing::IsEmpty());
  EXPECT_EQ(loaded.config.kafka.properties.at("ä"), "ü\\");
  EXPECT_EQ(loaded.config.kafka.properties.at("b"), "\"é");
  EXPECT_EQ(loaded.config.kafka.properties.at("c"), "é\"\"");
  EXPECT_EQ(loaded.config.kafka.properties.at("d"), "é\n");
}

TEST(ConfigSetError, NamesTheAssignmentInPlaceOfAPosition) {
  const auto errors = [](const std::string& set) { return Loaded(kSource, {}, {set}).errors; };
  EXPECT_THAT(
      errors("journal.mod=memory"),
      ElementsAre("--set journal.mod: error: unknown key 'mod' in [journal], expected one of mode, commit_window, "
                  "max_bytes, keep_free, on_full; did you mean 'mode'?"));
  EXPECT_THAT(errors("journal.max_bytes=lots"),
              ElementsAre("--set journal.max_bytes: error: 'journal.max_bytes' is 'lots', expected a size such as "
                          "\"64KiB\", \"1GiB\" or 65536 in 64KiB.."));
  EXPECT_THAT(errors("source.x.options.rate=5"),
              ElementsAre("--set source.x.options.rate: error: no source is named 'x', expected s; did you mean 's'?"));
  EXPECT_THAT(errors("journal.mode"),
              ElementsAre("--set journal.mode: error: not an assignment, expected KEY=VALUE with a dotted key, such as "
                          "journal.max_bytes=64MiB or source.NAME.options.KEY=5"));
  EXPECT_THAT(errors("source.s=5"),
              ElementsAre("--set source.s: error: not a key, expected a key below it, such as source.s.KEY"));
  EXPECT_THAT(errors("source.s.name.x=5"),
              ElementsAre("--set source.s.name.x: error: 'name' is a string at c.toml:2:1, expected a table"));
}

TEST(ConfigConfDError, NamesBothFiles) {
  const TempFolder folder;
  const std::string file = folder.write("sluice.toml", kSource);
  const std::string other = folder.write("conf.d/a.toml", std::string("\n") + kSource);
  const std::string third = folder.write("conf.d/b.toml", "source = 5\n");

  Diagnostics diagnostics;
  (void)load(file, {}, diagnostics);

  EXPECT_THAT(texts(diagnostics), ElementsAre(third + ":1:1: error: 'source' is an integer here and a list at " + file +
                                                  ":1:3, expected the same kind in every file",
                                              other + ":2:1: error: instance name 's' is already used at " + file +
                                                  ":1:1, expected a name of its own among all sources and consumers"));
}

TEST(ConfigFile, ThatCannotBeReadIsAnError) {
  Diagnostics diagnostics;
  (void)load("/nowhere/sluice.toml", {}, diagnostics);
  EXPECT_THAT(texts(diagnostics), ElementsAre("/nowhere/sluice.toml: error: cannot be read: No such file or directory, "
                                              "expected a readable TOML file"));
  Diagnostics of_folder;
  (void)load("/tmp", {}, of_folder);
  EXPECT_THAT(texts(of_folder),
              ElementsAre("/tmp: error: cannot be read: it is a folder, expected a readable TOML file"));
}

}  // namespace
}  // namespace sluice::config
