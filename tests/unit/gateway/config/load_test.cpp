#include "config/load.hpp"

#include <gmock/gmock.h>

#include "config_fixture.hpp"

namespace sluice::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kWhole = R"([gateway]
name = "edge-01"
state_dir = "/var/lib/sluice"
plugin_path = ["/usr/lib/sluice/plugins", "/opt/plugins"]
memory_limit = "128MiB"
[log]
level = "warning"
[admin]
listen = "[::1]:9090"
hosts = ["edge.local"]
[kafka]
bootstrap_servers = "a:9092,b:9092"
event_ids = false
[kafka.properties]
"compression.type" = "lz4"
linger.ms = 20
enable.idempotence = true
[schema_registry]
url = "http://localhost:8081"
[journal]
mode = "memory"
commit_window = "10ms"
max_bytes = "8MiB"
keep_free = "1GiB"
on_full = "block"

[[source]]
name = "sensors"
plugin = "device_sensors"
required = true
options = { mode = "continuous", rate = 50.0, count = 3, loud = false, tags = ["a", "b"] }
[source.streams.device_readings]
topic = "device-sensors"
format = "protobuf"
partitions = 3
retention = "7d"
cleanup = "compact_delete"
partition_by = "field:site"
partition_map = { north = 0, south = 1 }
timezone = "Europe/Berlin"
schema = "schemas/device.proto"
message = "device.Reading"
key = "device"
time = "at"

[[consumer]]
name = "monitor"
plugin = "device_monitor"
from = "journal"
topics = ["device-sensors"]
group = "device-monitoring-group"
start = "latest"
options = { window = 50 }
[consumer.streams.movement_alerts]
topic = "movement-alerts"
)";

constexpr const char* kRegistryWarning = "warning: 'schema_registry.url' is set, but this version uses no registry";

TEST(ConfigLoad, TakesEveryKeyOfTheContract) {
  const Loaded loaded(kWhole);
  ASSERT_THAT(loaded.errors, ElementsAre(kRegistryWarning));
  const Config& config = loaded.config;

  EXPECT_EQ(config.file, "c.toml");
  EXPECT_EQ(config.gateway.name, "edge-01");
  EXPECT_EQ(config.gateway.state_dir, "/var/lib/sluice");
  EXPECT_THAT(config.gateway.plugin_path, ElementsAre("/usr/lib/sluice/plugins", "/opt/plugins"));
  EXPECT_EQ(config.gateway.memory_limit_bytes, 128U << 20U);
  EXPECT_EQ(config.log.level, LogLevel::kWarning);
  EXPECT_EQ(config.admin.host, "::1");
  EXPECT_EQ(config.admin.port, 9090);
  EXPECT_THAT(config.admin.hosts, ElementsAre("edge.local"));
  EXPECT_EQ(config.kafka.bootstrap_servers, "a:9092,b:9092");
  EXPECT_FALSE(config.kafka.is_embedded);
  EXPECT_THAT(config.kafka.properties, ElementsAre(Pair("compression.type", "lz4"), Pair("enable.idempotence", "true"),
                                                   Pair("linger.ms", "20")));
  EXPECT_EQ(config.kafka.property_locations.at("linger.ms").line, 16U);
  EXPECT_EQ(config.schema_registry.url, "http://localhost:8081");
  EXPECT_EQ(config.journal.mode, JournalMode::kMemory);
  EXPECT_EQ(config.journal.commit_window_us, 10'000);
  EXPECT_EQ(config.journal.max_bytes, 8U << 20U);
  EXPECT_EQ(config.journal.keep_free_bytes, 1U << 30U);
}

TEST(ConfigLoad, TakesInstancesWithOptionsAndStreams) {
  const Loaded loaded(kWhole);
  ASSERT_EQ(loaded.config.sources.size(), 1U);
  const SourceSettings& source = loaded.config.sources.front();

  EXPECT_EQ(source.name, "sensors");
  EXPECT_EQ(source.plugin, "device_sensors");
  EXPECT_TRUE(source.is_required);
  EXPECT_EQ(source.where.line, 27U);
  EXPECT_EQ(std::get<std::string>(source.options.at("mode").value), "continuous");
  EXPECT_EQ(std::get<double>(source.options.at("rate").value), 50.0);
  EXPECT_EQ(std::get<std::int64_t>(source.options.at("count").value), 3);
  EXPECT_FALSE(std::get<bool>(source.options.at("loud").value));
  EXPECT_THAT(std::get<std::vector<std::string>>(source.options.at("tags").value), ElementsAre("a", "b"));

  const StreamSettings& stream = source.streams.at("device_readings");
  EXPECT_EQ(stream.topic, "device-sensors");
  EXPECT_EQ(stream.format, Format::kProtobuf);
  EXPECT_EQ(stream.partitions, 3U);
  EXPECT_EQ(stream.retention_ms, 7LL * 24 * 3'600'000);
  EXPECT_EQ(stream.cleanup, Cleanup::kCompactDelete);
  EXPECT_EQ(stream.partition_by, Partitioning::kField);
  EXPECT_EQ(stream.partition_field, "site");
  EXPECT_THAT(stream.partition_map, ElementsAre(Pair("north", 0), Pair("south", 1)));
  EXPECT_EQ(stream.timezone, "Europe/Berlin");
  EXPECT_EQ(stream.schema, std::filesystem::current_path() / "schemas/device.proto");
  EXPECT_EQ(stream.message, "device.Reading");
  EXPECT_EQ(stream.key, "device");
  EXPECT_EQ(stream.time, "at");
}

TEST(ConfigLoad, TakesConsumerKeys) {
  const Loaded loaded(kWhole);
  ASSERT_EQ(loaded.config.consumers.size(), 1U);
  const ConsumerSettings& consumer = loaded.config.consumers.front();

  EXPECT_EQ(consumer.from, InputRoad::kJournal);
  EXPECT_EQ(consumer.start, StartAt::kLatest);
  EXPECT_EQ(consumer.group, "device-monitoring-group");
  EXPECT_THAT(consumer.topics, ElementsAre("device-sensors"));
  EXPECT_EQ(consumer.streams.at("movement_alerts").topic, "movement-alerts");
}

TEST(ConfigLoad, GivesDefaultsForAnEmptyFile) {
  const Loaded loaded("");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const Config& config = loaded.config;

  EXPECT_FALSE(config.gateway.name.empty());
  EXPECT_EQ(config.gateway.state_dir, "/var/lib/sluice");
  EXPECT_THAT(config.gateway.plugin_path, IsEmpty());
  EXPECT_EQ(config.gateway.memory_limit_bytes, 64U << 20U);
  EXPECT_EQ(config.log.level, LogLevel::kInfo);
  EXPECT_EQ(config.admin.host, "127.0.0.1");
  EXPECT_EQ(config.admin.port, 8080);
  EXPECT_TRUE(config.admin.is_enabled);
  EXPECT_TRUE(config.kafka.is_embedded);
  EXPECT_EQ(config.journal.mode, JournalMode::kMemory);
  EXPECT_EQ(config.journal.commit_window_us, 5'000);
  EXPECT_EQ(config.journal.max_bytes, 0U);
  EXPECT_EQ(config.journal.keep_free_bytes, 256U << 20U);
  EXPECT_EQ(config.gaps_topic, "sluice-gaps");
  EXPECT_EQ(config.dead_letters_topic, "sluice-dead-letters");
}

TEST(ConfigLoad, TurnsTheInterfaceOffForAnEmptyAddress) {
  const Loaded loaded("[admin]\nlisten = \"\"\n");
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_FALSE(loaded.config.admin.is_enabled);
}

TEST(ConfigLoad, AllowsAnOpenAddressWhenToldThatItIsInsecure) {
  const Loaded loaded("[admin]\nlisten = \"0.0.0.0:80\"\ninsecure = true\n");
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.config.admin.host, "0.0.0.0");
}

TEST(ConfigEnvironment, ReplacesVariablesAndDefaultsInStrings) {
  const Loaded loaded(
      "[gateway]\nname = \"edge-${SITE}\"\n[kafka]\nbootstrap_servers = \"${BROKERS:-embedded}\"\n"
      "[kafka.properties]\n\"client.id\" = \"$${SITE} ${EMPTY:-none} ${EMPTY}.\"\n",
      {{"SITE", "north"}, {"EMPTY", ""}});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.config.gateway.name, "edge-north");
  EXPECT_TRUE(loaded.config.kafka.is_embedded);
  EXPECT_EQ(loaded.config.kafka.properties.at("client.id"), "${SITE} none .");
}

TEST(ConfigEnvironment, GivesAWholeValueTheTypeOfItsKey) {
  const Loaded loaded(
      "[admin]\ninsecure = \"${IDS}\"\n[[consumer]]\nname = \"c\"\nplugin = \"p\"\ntopics = \"${TOPICS}\"\n"
      "[consumer.streams.s]\npartitions = \"${N:-4}\"\n",
      {{"IDS", "true"}, {"TOPICS", "a, b"}});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_TRUE(loaded.config.admin.is_insecure_allowed);
  EXPECT_THAT(loaded.config.consumers.front().topics, ElementsAre("a", "b"));
  EXPECT_EQ(loaded.config.consumers.front().streams.at("s").partitions, 4U);
}

TEST(ConfigEnvironment, KeepsPartOfAValueAString) {
  const Loaded loaded("[[source]]\nname = \"s\"\nplugin = \"p\"\n[source.streams.s]\npartitions = \"1${N}\"\n",
                      {{"N", "2"}});
  EXPECT_THAT(loaded.errors, ElementsAre("c.toml:5:14: error: 'partitions' of stream 's' of source 's' is a string, "
                                         "expected an integer in 1..1000"));
}

TEST(ConfigSet, OverridesKeysPropertiesOptionsAndStreams) {
  const Loaded loaded(kWhole, {},
                      {"journal.max_bytes=32MiB", "kafka.properties.linger.ms=7", "kafka.properties.\"client.id\"=x=y",
                       "source.sensors.options.rate=5", "source.sensors.options.tags=[\"z\"]", "log.level=debug",
                       "source.sensors.streams.other.topic=elsewhere", "consumer.monitor.from=kafka",
                       "admin.listen=127.0.0.1:0", "gateway.plugin_path=build/plugins"});
  ASSERT_THAT(loaded.errors, ElementsAre(kRegistryWarning));
  const Config& config = loaded.config;

  EXPECT_EQ(config.journal.max_bytes, 32U << 20U);
  EXPECT_EQ(config.kafka.properties.at("linger.ms"), "7");
  EXPECT_EQ(config.kafka.properties.at("client.id"), "x=y");
  EXPECT_EQ(config.log.level, LogLevel::kDebug);
  EXPECT_EQ(config.sources.front().streams.at("other").topic, "elsewhere");
  EXPECT_EQ(config.consumers.front().from, InputRoad::kKafka);
  EXPECT_EQ(config.admin.port, 0);
  EXPECT_THAT(config.gateway.plugin_path, ElementsAre(std::filesystem::current_path() / "build/plugins"));
  const RawValue& rate = config.sources.front().options.at("rate");
  EXPECT_TRUE(rate.is_untyped);
  EXPECT_EQ(std::get<std::string>(rate.value), "5");
  EXPECT_THAT(std::get<std::vector<std::string>>(config.sources.front().options.at("tags").value), ElementsAre("z"));
}

TEST(ConfigConfD, MergesTablesAppendsInstancesAndLetsTheLaterFileWin) {
  const TempFolder folder;
  const std::string file = folder.write(
      "sluice.toml",
      "[gateway]\nname = \"a\"\n[kafka.properties]\nlinger.ms = 1\n[[source]]\nname = \"one\"\nplugin = \"p\"\n");
  folder.write("conf.d/20-b.toml", "[gateway]\nname = \"c\"\n");
  folder.write("conf.d/10-a.toml",
               "[gateway]\nname = \"b\"\nstate_dir = \"state\"\n[kafka.properties]\n\"linger.ms\" = 2\n"
               "[[source]]\nname = \"two\"\nplugin = \"p\"\n");
  folder.write("conf.d/30-ignored.txt", "not toml at all");

  Diagnostics diagnostics;
  const Config config = load(file, {}, diagnostics);

  ASSERT_THAT(texts(diagnostics), IsEmpty());
  EXPECT_EQ(config.gateway.name, "c");
  EXPECT_EQ(config.gateway.state_dir, std::filesystem::current_path() / "state");
  EXPECT_EQ(config.kafka.properties.at("linger.ms"), "2");
  ASSERT_EQ(config.sources.size(), 2U);
  EXPECT_EQ(config.sources[0].name, "one");
  EXPECT_EQ(config.sources[1].name, "two");
}

TEST(ConfigSecrets, ReadsAPropertyFromAFileOfItsOwner) {
  const TempFolder folder;
  folder.write("password", "hunter2\n", 0600);
  const std::string file = folder.write("sluice.toml", "[kafka.properties]\n\"sasl.password_file\" = \"password\"\n");

  Diagnostics diagnostics;
  const Config config = load(file, {}, diagnostics);

  ASSERT_THAT(texts(diagnostics), IsEmpty());
  EXPECT_EQ(config.kafka.properties.at("sasl.password"), "hunter2");
}

TEST(ConfigSecrets, TakesAGroupReadableFileOnlyFromTheCredentialsFolder) {
  const TempFolder folder;
  const std::string secret = folder.write("password", "hunter2", 0440);
  const std::string text = "[kafka.properties]\n\"sasl.password_file\" = \"" + secret + "\"\n";

  const Loaded as_credential(text, {{"CREDENTIALS_DIRECTORY", folder.path().string()}});
  const Loaded as_file(text);

  EXPECT_THAT(as_credential.errors, IsEmpty());
  EXPECT_THAT(as_file.errors, ElementsAre("c.toml:2:24: error: kafka property 'sasl.password_file': " + secret +
                                          " can be read or written by others than its owner (chmod 600), "
                                          "expected a readable file that only its owner can read"));
}

}  // namespace
}  // namespace sluice::config
