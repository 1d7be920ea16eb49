#include "app/binding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

StreamDeclaration declare(std::string name, Direction direction, std::string message, std::string topic) {
  StreamDeclaration stream;
  stream.name = std::move(name);
  stream.direction = direction;
  stream.message = std::move(message);
  stream.topic = std::move(topic);
  return stream;
}

PluginInfo thermometer() {
  PluginInfo plugin;
  plugin.name = "thermometer";
  plugin.kind = PluginKind::kSource;
  plugin.descriptor_set = "descriptors";
  OptionSpec interval;
  interval.name = "interval";
  interval.type = OptionType::kDuration;
  interval.default_text = "1s";
  interval.has_default = true;
  plugin.options.push_back(interval);
  StreamDeclaration readings = declare("readings", Direction::kOut, "t.Reading", "temperatures");
  readings.key_field = "room";
  readings.time_field = "time";
  readings.partitions = 3;
  readings.retention_ms = 60'000;
  plugin.streams.push_back(readings);
  return plugin;
}

PluginInfo averager() {
  PluginInfo plugin;
  plugin.name = "averager";
  plugin.kind = PluginKind::kConsumer;
  StreamDeclaration readings = declare("readings", Direction::kIn, "t.Reading", "temperatures");
  readings.time_field = "time";
  StreamDeclaration averages = declare("averages", Direction::kOut, "t.Average", "averages");
  averages.kind = StreamKind::kTable;
  averages.cleanup = Cleanup::kCompact;
  averages.key_field = "room";
  plugin.streams = {readings, averages};
  return plugin;
}

PluginInfo generic(PluginKind kind) {
  PluginInfo plugin;
  plugin.name = kind == PluginKind::kSource ? "lines" : "printer";
  plugin.kind = kind;
  plugin.takes_streams_from_config = true;
  plugin.wants_json_input = kind == PluginKind::kConsumer;
  return plugin;
}

class BindingTest : public testing::Test {
 protected:
  Binding bind_all() {
    const FindPlugin find = [](const std::string& name) -> Result<PluginInfo> {
      for (const PluginInfo& plugin :
           {thermometer(), averager(), generic(PluginKind::kSource), generic(PluginKind::kConsumer)}) {
        if (plugin.name == name) return plugin;
      }
      return Status(Code::kNotFound, "no plugin '" + name + "'");
    };
    const CompileSchema compile = [](const std::filesystem::path& file,
                                     const std::string& message) -> Result<std::shared_ptr<const SchemaSource>> {
      if (file == "bad.proto") return Status(Code::kInvalid, "bad.proto:3:1: no such type");
      return std::make_shared<const SchemaSource>(SchemaSource{"compiled", message});
    };
    return bind_config(config_, find, compile, schema_, schema_, diagnostics_);
  }

  config::SourceSettings& add_source(const std::string& name, const std::string& plugin) {
    config::SourceSettings settings;
    settings.name = name;
    settings.plugin = plugin;
    return config_.sources.emplace_back(settings);
  }
  config::ConsumerSettings& add_consumer(const std::string& name, const std::string& plugin,
                                         std::vector<std::string> topics = {}) {
    config::ConsumerSettings settings;
    settings.name = name;
    settings.plugin = plugin;
    settings.topics = std::move(topics);
    return config_.consumers.emplace_back(settings);
  }
  std::string first_error() const { return diagnostics_.all().empty() ? "" : diagnostics_.all().front().to_string(); }

  config::Config config_;
  config::Diagnostics diagnostics_;
  std::shared_ptr<const SchemaSource> schema_ = std::make_shared<const SchemaSource>();
};

const Stream* stream_named(const Binding& binding, std::string_view name) {
  for (const Stream& stream : binding.streams) {
    if (stream.name == name) return &stream;
  }
  return nullptr;
}

TEST_F(BindingTest, TakesThePluginsDeclarationWhereTheConfigurationIsSilent) {
  add_source("kitchen", "thermometer");

  const Binding binding = bind_all();

  ASSERT_THAT(diagnostics_.all(), IsEmpty());
  const Stream* readings = stream_named(binding, "readings");
  ASSERT_NE(readings, nullptr);
  EXPECT_EQ(readings->owner, "kitchen");
  EXPECT_EQ(readings->topic, "temperatures");
  EXPECT_EQ(readings->partitions, 3U);
  EXPECT_EQ(readings->retention_ms, 60'000);
  EXPECT_EQ(readings->format, Format::kJson);
  EXPECT_EQ(readings->schema->message, "t.Reading");
  EXPECT_EQ(binding.sources[0].options[0].integer, 1'000'000);
}

TEST_F(BindingTest, LetsTheConfigurationChangeTheTopicSideOfAStream) {
  config::StreamSettings& settings = add_source("kitchen", "thermometer").streams["readings"];
  settings.topic = "elsewhere";
  settings.format = Format::kProtobuf;
  settings.partitions = 5;

  const Binding binding = bind_all();

  const Stream* readings = stream_named(binding, "readings");
  EXPECT_EQ(readings->topic, "elsewhere");
  EXPECT_EQ(readings->format, Format::kProtobuf);
  EXPECT_EQ(readings->partitions, 5U);
  EXPECT_EQ(binding.sources[0].streams[0].topic, "elsewhere");
}

TEST_F(BindingTest, LeavesOutAnInstanceWhosePluginIsMissingUnlessItIsRequired) {
  add_source("attic", "hygrometer");
  add_source("kitchen", "thermometer");

  const Binding binding = bind_all();

  EXPECT_FALSE(diagnostics_.has_errors());
  EXPECT_THAT(first_error(), HasSubstr("instance 'attic': no plugin 'hygrometer'"));
  EXPECT_THAT(binding.sources, SizeIs(1));
}

TEST_F(BindingTest, RefusesAMissingPluginThatIsRequired) {
  add_source("attic", "hygrometer").is_required = true;

  bind_all();

  EXPECT_TRUE(diagnostics_.has_errors());
}

TEST_F(BindingTest, RefusesAConsumerPluginUnderSource) {
  add_source("kitchen", "averager");

  bind_all();

  EXPECT_TRUE(diagnostics_.has_errors());
  EXPECT_THAT(first_error(), HasSubstr("plugin 'averager' is a consumer, expected [[consumer]] for it"));
}

TEST_F(BindingTest, ReadsAllNamedTopicsWithTheOneInStream) {
  add_consumer("mean", "averager", {"temperatures", "temperatures-old"});

  const Binding binding = bind_all();

  ASSERT_THAT(binding.consumers[0].inputs, SizeIs(2));
  EXPECT_EQ(binding.consumers[0].inputs[1].topic, "temperatures-old");
  EXPECT_EQ(binding.consumers[0].inputs[1].stream, 0U);
  EXPECT_EQ(binding.consumers[0].inputs[1].time_field, "time");
}

TEST_F(BindingTest, GivesAGenericConsumerTheSchemaOfTheStreamThatWritesTheTopic) {
  add_source("kitchen", "thermometer");
  add_consumer("screen", "printer", {"temperatures", "foreign"});

  const Binding binding = bind_all();

  const BoundInstance& screen = binding.consumers[0];
  ASSERT_THAT(screen.streams, SizeIs(2));
  EXPECT_EQ(screen.streams[0].schema->message, "t.Reading");
  EXPECT_TRUE(screen.streams[0].is_json);
  EXPECT_EQ(screen.streams[1].schema, nullptr);
}

TEST_F(BindingTest, AddsTheConfiguredStreamsOfAGenericSource) {
  config::StreamSettings& lines = add_source("log", "lines").streams["visits"];
  lines.schema = "visits.proto";
  lines.message = "v.Visit";
  lines.key = "user";

  const Binding binding = bind_all();

  ASSERT_THAT(diagnostics_.all(), IsEmpty());
  const Stream* visits = stream_named(binding, "visits");
  EXPECT_EQ(visits->schema->message, "v.Visit");
  EXPECT_EQ(visits->key_field, "user");
  EXPECT_EQ(visits->topic, "visits");
  EXPECT_EQ(visits->format, Format::kJson);
}

TEST_F(BindingTest, CarriesRawBytesWhereAGenericStreamHasNoSchema) {
  add_source("log", "lines").streams["visits"].format = Format::kRaw;

  const Binding binding = bind_all();

  ASSERT_THAT(diagnostics_.all(), IsEmpty());
  EXPECT_EQ(stream_named(binding, "visits")->format, Format::kRaw);
  EXPECT_EQ(stream_named(binding, "visits")->schema, nullptr);
}

TEST_F(BindingTest, RefusesJsonWithoutASchema) {
  add_source("log", "lines").streams["visits"].format = Format::kJson;

  bind_all();

  EXPECT_THAT(first_error(), HasSubstr("stream 'visits' has format \"json\" but no schema"));
}

TEST_F(BindingTest, PassesOnWhatTheSchemaCompilerSays) {
  add_source("log", "lines").streams["visits"].schema = "bad.proto";

  bind_all();

  EXPECT_THAT(first_error(), HasSubstr("bad.proto:3:1: no such type"));
}

TEST_F(BindingTest, RefusesASourceWithoutAStream) {
  add_source("log", "lines");

  bind_all();

  EXPECT_THAT(first_error(), HasSubstr("source 'log' has no stream"));
}

TEST_F(BindingTest, RefusesToReadATableFromTheJournal) {
  add_consumer("mean", "averager");
  add_consumer("screen", "printer", {"averages"}).from = config::InputRoad::kJournal;

  bind_all();

  EXPECT_THAT(first_error(), HasSubstr("tables are not journaled"));
}

TEST_F(BindingTest, RefusesTwoPartitionCountsForOneTopic) {
  add_source("kitchen", "thermometer");
  add_source("attic", "thermometer").streams["readings"].partitions = 7;

  bind_all();

  EXPECT_THAT(first_error(), HasSubstr("wants 7 partitions for topic 'temperatures'"));
}

TEST_F(BindingTest, CollectsEachTopicOnceAlsoThoseOnlyRead) {
  config_.gaps_topic = "gaps";
  config_.dead_letters_topic = "dead";
  add_source("kitchen", "thermometer");
  add_consumer("screen", "printer", {"temperatures", "foreign"});

  const Binding binding = bind_all();

  std::vector<std::string> names;
  for (const TopicNeed& topic : binding.topics) names.push_back(topic.name);
  EXPECT_THAT(names, ElementsAre("gaps", "dead", "temperatures", "foreign"));
}

}  // namespace
}  // namespace sluice::app
