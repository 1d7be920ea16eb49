#include "app/binding.hpp"

#include <algorithm>
#include <utility>

#include "app/plugin_set.hpp"
#include "codec/host_schema.hpp"
#include "codec/schema.hpp"

namespace sluice::app {
namespace {

constexpr std::int64_t kHostTopicRetentionMs = 7LL * 24 * 3600 * 1000;

/// Binds one instance after the other; the streams of sources come first, so that consumers find their topics.
class Binder {
 public:
  Binder(const config::Config& config, const FindPlugin& find_plugin, const CompileSchema& compile_schema,
         config::Diagnostics& diagnostics)
      : config_(config), find_plugin_(find_plugin), compile_schema_(compile_schema), diagnostics_(diagnostics) {}

  Binding run(std::shared_ptr<const SchemaSource> gap_schema, std::shared_ptr<const SchemaSource> dead_letter_schema) {
    binding_.gaps = add_host_stream("gaps", config_.gaps_topic, std::move(gap_schema));
    binding_.dead_letters = add_host_stream("dead_letters", config_.dead_letters_topic, std::move(dead_letter_schema));
    for (const config::SourceSettings& source : config_.sources) {
      if (auto bound = start_instance(source, PluginKind::kSource)) {
        add_config_streams(source, *bound);
        add_out_streams(*bound);
        check_source(*bound);
        binding_.sources.push_back(std::move(*bound));
      }
    }
    for (const config::ConsumerSettings& consumer : config_.consumers) {
      if (auto bound = start_instance(consumer, PluginKind::kConsumer)) {
        add_out_streams(*bound);
        binding_.consumers.push_back(std::move(*bound));
      }
    }
    for (BoundInstance& consumer : binding_.consumers) {
      add_inputs(static_cast<const config::ConsumerSettings&>(*consumer.settings), consumer);
    }
    collect_topics();
    return std::move(binding_);
  }

 private:
  StreamId add_host_stream(std::string name, std::string topic, std::shared_ptr<const SchemaSource> schema) {
    Stream stream;
    stream.owner = "sluice";
    stream.name = std::move(name);
    stream.topic = std::move(topic);
    stream.schema = std::move(schema);
    stream.retention_ms = kHostTopicRetentionMs;
    return binding_.streams.add(std::move(stream)).id;
  }

  void error(const config::Location& where, std::string message, std::string expected, std::string suggestion = "") {
    diagnostics_.add({where, std::move(message), std::move(expected), std::move(suggestion), false});
  }

  /// Finds the plugin, types its options and turns the declared streams into bound ones.
  std::optional<BoundInstance> start_instance(const config::InstanceSettings& settings, PluginKind kind) {
    Result<PluginInfo> plugin = find_plugin_(settings.plugin);
    if (!plugin) {
      config::Diagnostic diagnostic;
      diagnostic.where = settings.where;
      diagnostic.message = "instance '" + settings.name + "': " + plugin.status().text();
      diagnostic.is_warning = !settings.is_required;
      if (diagnostic.is_warning)
        diagnostic.message += "; the rest runs without it (required = true makes this an error)";
      diagnostics_.add(std::move(diagnostic));
      return std::nullopt;
    }
    if (plugin->kind != kind) {
      const bool is_source = plugin->kind == PluginKind::kSource;
      error(
          settings.where,
          "instance '" + settings.name + "': plugin '" + plugin->name + "' is a " + (is_source ? "source" : "consumer"),
          is_source ? "[[source]] for it" : "[[consumer]] for it");
      return std::nullopt;
    }
    BoundInstance bound;
    bound.settings = &settings;
    bound.options =
        config::bind_options(plugin->options, settings.options, settings.where, settings.name, diagnostics_);
    config::check_stream_names(*plugin, settings, diagnostics_);
    bound.plugin = std::move(*plugin);
    for (const StreamDeclaration& declaration : bound.plugin.streams)
      bound.streams.push_back(merge(declaration, bound));
    return bound;
  }

  std::shared_ptr<const SchemaSource> plugin_schema(const PluginInfo& plugin, const std::string& message) {
    if (message.empty()) return nullptr;
    auto [at, is_new] = plugin_schemas_.try_emplace({plugin.name, message});
    if (is_new) at->second = std::make_shared<const SchemaSource>(SchemaSource{plugin.descriptor_set, message});
    return at->second;
  }

  static const config::StreamSettings* settings_of(const config::InstanceSettings& instance,
                                                   const std::string& stream) {
    const auto found = instance.streams.find(stream);
    return found == instance.streams.end() ? nullptr : &found->second;
  }

  std::shared_ptr<const SchemaSource> compiled_schema(const config::StreamSettings& settings) {
    if (!settings.schema) return nullptr;
    auto schema = compile_schema_(*settings.schema, settings.message.value_or(""));
    if (!schema) {
      error(settings.where, schema.status().text(), "a .proto file that compiles and has that message");
      return nullptr;
    }
    return *schema;
  }

  BoundStream merge(const StreamDeclaration& declaration, const BoundInstance& bound) {
    const config::StreamSettings* settings = settings_of(*bound.settings, declaration.name);
    BoundStream stream;
    stream.name = declaration.name;
    stream.direction = declaration.direction;
    stream.kind = declaration.kind;
    stream.topic = settings != nullptr && settings->topic ? *settings->topic : declaration.topic;
    stream.schema = plugin_schema(bound.plugin, declaration.message);
    stream.key_field = declaration.key_field;
    stream.time_field = declaration.time_field;
    stream.is_json = declaration.direction == Direction::kIn && bound.plugin.wants_json_input;
    return stream;
  }

  /// [source.streams.NAME] of a generic plugin, where NAME is not one of its own.
  void add_config_streams(const config::InstanceSettings& instance, BoundInstance& bound) {
    if (!bound.plugin.takes_streams_from_config) return;
    for (const auto& [name, settings] : instance.streams) {
      const bool is_declared = std::any_of(bound.streams.begin(), bound.streams.end(),
                                           [&name = name](const BoundStream& stream) { return stream.name == name; });
      if (is_declared) continue;
      BoundStream stream;
      stream.name = name;
      stream.topic = settings.topic.value_or(name);
      stream.schema = compiled_schema(settings);
      if (!stream.schema && !settings.schema && settings.format.value_or(Format::kRaw) != Format::kRaw) {
        error(settings.where,
              "stream '" + name + "' has format \"" + std::string(to_string(*settings.format)) + "\" but no schema",
              "schema = \"FILE.proto\", or format = \"raw\"");
      }
      stream.key_field = settings.key.value_or("");
      stream.time_field = settings.time.value_or("");
      bound.streams.push_back(std::move(stream));
    }
  }

  void check_source(const BoundInstance& bound) {
    if (!bound.streams.empty()) return;
    error(bound.settings->where, "source '" + bound.settings->name + "' has no stream",
          "[source.streams.NAME] with schema = \"FILE.proto\" or format = \"raw\"");
  }

  void add_out_streams(BoundInstance& bound) {
    bound.out_ids.resize(bound.streams.size());
    for (std::size_t i = 0; i < bound.streams.size(); ++i) {
      const BoundStream& from = bound.streams[i];
      if (from.direction != Direction::kOut) continue;
      const StreamDeclaration* declaration = i < bound.plugin.streams.size() ? &bound.plugin.streams[i] : nullptr;
      bound.out_ids[i] = add_out_stream(from, declaration, bound);
    }
  }

  StreamId add_out_stream(const BoundStream& from, const StreamDeclaration* declaration, const BoundInstance& bound) {
    Stream stream;
    stream.owner = bound.settings->name;
    stream.name = from.name;
    stream.kind = from.kind;
    stream.schema = from.schema;
    stream.format = from.schema ? Format::kJson : Format::kRaw;
    stream.topic = from.topic;
    stream.key_field = from.key_field;
    stream.time_field = from.time_field;
    if (declaration != nullptr) {
      stream.partitions = declaration->partitions;
      stream.retention_ms = declaration->retention_ms;
      stream.cleanup = declaration->cleanup;
    }
    if (const config::StreamSettings* settings = settings_of(*bound.settings, from.name)) apply(*settings, stream);
    if (stream.format == Format::kRaw) stream.schema = nullptr;
    return binding_.streams.add(std::move(stream)).id;
  }

  void apply(const config::StreamSettings& settings, Stream& stream) {
    if (settings.format) stream.format = *settings.format;
    if (settings.partitions) stream.partitions = *settings.partitions;
    if (settings.retention_ms) stream.retention_ms = *settings.retention_ms;
    if (settings.cleanup) stream.cleanup = *settings.cleanup;
    if (settings.timezone) stream.timezone = *settings.timezone;
    if (settings.partition_by) {
      stream.partitioning = *settings.partition_by;
      stream.partition_field = settings.partition_field;
      stream.partition_map = settings.partition_map;
    }
    if (stream.format == Format::kAvro) {
      error(settings.where, "format \"avro\" is not available in this version", "json, protobuf or raw");
    }
  }

  const Stream* writer_of(const std::string& topic) const {
    for (const Stream& stream : binding_.streams) {
      if (stream.topic == topic) return &stream;
    }
    return nullptr;
  }

  void add_inputs(const config::ConsumerSettings& settings, BoundInstance& bound) {
    std::vector<std::size_t> in_streams;
    for (std::size_t i = 0; i < bound.streams.size(); ++i) {
      if (bound.streams[i].direction == Direction::kIn) in_streams.push_back(i);
    }
    if (in_streams.empty()) {
      add_generic_inputs(settings, bound);
    } else if (settings.topics.empty()) {
      for (const std::size_t i : in_streams) add_input(bound, i, bound.streams[i].topic);
    } else if (in_streams.size() == 1) {
      for (const std::string& topic : settings.topics) add_input(bound, in_streams.front(), topic);
    } else {
      for (const std::string& topic : settings.topics) add_input_by_topic(settings, bound, in_streams, topic);
    }
    if (settings.from == config::InputRoad::kJournal) check_journal_inputs(settings, bound);
  }

  void add_input(BoundInstance& bound, std::size_t stream, const std::string& topic) {
    const BoundStream& as = bound.streams[stream];
    InputBinding input{topic, static_cast<std::uint32_t>(stream), as.schema, as.key_field, as.time_field, "UTC"};
    const config::StreamSettings* settings = settings_of(*bound.settings, as.name);
    if (settings != nullptr && settings->timezone) {
      input.timezone = *settings->timezone;
    } else if (const Stream* writer = writer_of(topic)) {
      input.timezone = writer->timezone;
    }
    bound.inputs.push_back(std::move(input));
  }

  void add_input_by_topic(const config::ConsumerSettings& settings, BoundInstance& bound,
                          const std::vector<std::size_t>& in_streams, const std::string& topic) {
    std::string known;
    for (const std::size_t i : in_streams) {
      if (bound.streams[i].topic == topic) return add_input(bound, i, topic);
      known += (known.empty() ? "" : ", ") + bound.streams[i].topic + " (stream " + bound.streams[i].name + ")";
    }
    error(settings.where,
          "consumer '" + settings.name + "': no in stream of plugin '" + settings.plugin + "' reads topic '" + topic +
              "'",
          "one of " + known + "; [consumer.streams.NAME] topic = \"...\" binds a stream to another topic");
  }

  /// A generic consumer reads each topic as the stream that writes it here, or as its own setting says, or as raw
  /// bytes.
  void add_generic_inputs(const config::ConsumerSettings& settings, BoundInstance& bound) {
    if (settings.topics.empty()) {
      error(settings.where, "consumer '" + settings.name + "' has no topics", "topics = [\"...\"]");
    }
    for (const std::string& topic : settings.topics) {
      BoundStream stream;
      stream.name = topic;
      stream.direction = Direction::kIn;
      stream.topic = topic;
      stream.is_json = bound.plugin.wants_json_input;
      for (const auto& [name, own] : settings.streams) {
        if (own.topic.value_or(name) != topic) continue;
        stream.name = name;
        stream.schema = compiled_schema(own);
        stream.key_field = own.key.value_or("");
        stream.time_field = own.time.value_or("");
      }
      if (const Stream* writer = writer_of(topic); writer != nullptr && !stream.schema) {
        stream.schema = writer->schema;
        stream.key_field = writer->key_field;
        stream.time_field = writer->time_field;
      }
      bound.streams.push_back(std::move(stream));
      bound.out_ids.emplace_back();
      add_input(bound, bound.streams.size() - 1, topic);
    }
  }

  void check_journal_inputs(const config::ConsumerSettings& settings, const BoundInstance& bound) {
    for (const InputBinding& input : bound.inputs) {
      const Stream* writer = writer_of(input.topic);
      if (writer == nullptr) {
        error(settings.where,
              "consumer '" + settings.name + "' reads topic '" + input.topic +
                  "' from the journal, but nothing here writes it",
              "a topic of one of this gateway's sources or consumers, or from = \"kafka\"");
      } else if (writer->kind == StreamKind::kTable) {
        error(settings.where,
              "consumer '" + settings.name + "' reads topic '" + input.topic +
                  "' from the journal, but tables are not journaled",
              "from = \"kafka\"");
      }
    }
  }

  void collect_topics() {
    for (const Stream& stream : binding_.streams) {
      const auto found = std::find_if(binding_.topics.begin(), binding_.topics.end(),
                                      [&](const TopicNeed& topic) { return topic.name == stream.topic; });
      if (found == binding_.topics.end()) {
        binding_.topics.push_back({stream.topic, stream.partitions, stream.retention_ms, stream.cleanup});
      } else if (found->partitions != stream.partitions) {
        error(where_of(stream),
              "stream '" + stream.name + "' wants " + std::to_string(stream.partitions) + " partitions for topic '" +
                  stream.topic + "'",
              std::to_string(found->partitions) + ", as another stream of this topic has");
      }
    }
    for (const BoundInstance& consumer : binding_.consumers) {
      for (const InputBinding& input : consumer.inputs) {
        const bool is_known = std::any_of(binding_.topics.begin(), binding_.topics.end(),
                                          [&](const TopicNeed& topic) { return topic.name == input.topic; });
        if (!is_known) binding_.topics.push_back({input.topic, 1, 0, Cleanup::kDelete});
      }
    }
  }

  config::Location where_of(const Stream& stream) const {
    for (const auto* list : {&binding_.sources, &binding_.consumers}) {
      for (const BoundInstance& bound : *list) {
        if (bound.settings->name == stream.owner) return bound.settings->where;
      }
    }
    return {};
  }

  const config::Config& config_;
  const FindPlugin& find_plugin_;
  const CompileSchema& compile_schema_;
  config::Diagnostics& diagnostics_;
  Binding binding_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const SchemaSource>> plugin_schemas_;
};

}  // namespace

Binding bind_config(const config::Config& config, const FindPlugin& find_plugin, const CompileSchema& compile_schema,
                    std::shared_ptr<const SchemaSource> gap_schema,
                    std::shared_ptr<const SchemaSource> dead_letter_schema, config::Diagnostics& diagnostics) {
  return Binder(config, find_plugin, compile_schema, diagnostics)
      .run(std::move(gap_schema), std::move(dead_letter_schema));
}

Binding bind_config(const config::Config& config, const PluginSet& plugins, config::Diagnostics& diagnostics) {
  const FindPlugin find = [&plugins](const std::string& name) -> Result<PluginInfo> {
    Result<plugin::LoadedPlugin> loaded = plugins.find(name);
    if (!loaded) return loaded.status();
    return loaded->info();
  };
  return bind_config(config, find, codec::compile_schema, codec::gap_schema(), codec::dead_letter_schema(),
                     diagnostics);
}

}  // namespace sluice::app
