#include <algorithm>
#include <limits>

#include "config/bind.hpp"
#include "config/diagnostic.hpp"
#include "config/read.hpp"
#include "config/section.hpp"

namespace sluice::config {
namespace {

constexpr std::string_view kFieldPrefix = "field:";
constexpr std::int64_t kMicrosPerMilli = 1'000;

void read_partitioning(const Section& section, const std::string& owner, StreamSettings& stream,
                       Diagnostics& diagnostics) {
  const std::string& how = section["partition_by"].text;
  if (section["partition_by"].is_set) {
    if (how == "key") {
      stream.partition_by = Partitioning::kKey;
    } else if (how == "round_robin") {
      stream.partition_by = Partitioning::kRoundRobin;
    } else if (how.starts_with(kFieldPrefix) && how.size() > kFieldPrefix.size()) {
      stream.partition_by = Partitioning::kField;
      stream.partition_field = how.substr(kFieldPrefix.size());
    } else {
      diagnostics.add({.where = section.where("partition_by"),
                       .message = "'partition_by' of " + owner + " is " + shown_text(how),
                       .expected = "key, round_robin or field:NAME",
                       .suggestion = nearest(how, {"key", "round_robin"})});
    }
  }
  const Node* map = section.table("partition_map");
  if (map == nullptr) return;
  if (!map->is_table()) {
    diagnostics.add({.where = map->where,
                     .message = "'partition_map' of " + owner + " is " + map->kind_name(),
                     .expected = "a table from value to partition"});
    return;
  }
  if (stream.partition_by != Partitioning::kField) {
    diagnostics.add({.where = map->key_where,
                     .message = "'partition_map' of " + owner + " has no field to look at",
                     .expected = "partition_by = \"field:NAME\" beside it"});
  }
  OptionSpec partition;
  partition.type = OptionType::kInteger;
  partition.bounds = "0..2147483647";
  for (const Node& child : map->children) {
    const std::string what = "'partition_map' of " + owner + ": value " + shown_text(child.key);
    const std::optional<RawValue> raw = to_raw_value(child, what, diagnostics);
    if (!raw) continue;
    if (const std::optional<OptionValue> value = bind_value(partition, *raw, what, diagnostics)) {
      stream.partition_map[child.key] = static_cast<std::int32_t>(value->integer);
    }
  }
}

StreamSettings read_stream(const Node& node, const std::string& owner, Diagnostics& diagnostics) {
  const Section section(kStreamSection, &node, owner, diagnostics);
  StreamSettings stream;
  stream.where = node.where;
  const auto text = [&](const char* key, std::optional<std::string>& out) {
    if (section[key].is_set) out = section[key].text;
  };
  text("topic", stream.topic);
  text("timezone", stream.timezone);
  text("message", stream.message);
  text("key", stream.key);
  text("time", stream.time);
  if (stream.topic) check_topic(*stream.topic, "'topic' of " + owner, section.where("topic"), diagnostics);
  if (section["schema"].is_set) stream.schema = resolve_path(section["schema"].text, section.where("schema"));
  if (section["partitions"].is_set) stream.partitions = static_cast<std::uint32_t>(section["partitions"].integer);
  if (section["retention"].is_set) stream.retention_ms = section["retention"].integer / kMicrosPerMilli;
  for (const Format format : {Format::kJson, Format::kProtobuf, Format::kAvro, Format::kRaw}) {
    if (section["format"].text == to_string(format)) stream.format = format;
  }
  const std::string& cleanup = section["cleanup"].text;
  if (cleanup == "delete") stream.cleanup = Cleanup::kDelete;
  if (cleanup == "compact") stream.cleanup = Cleanup::kCompact;
  if (cleanup == "compact_delete") stream.cleanup = Cleanup::kCompactDelete;
  read_partitioning(section, owner, stream, diagnostics);
  return stream;
}

void read_options(const Node* options, const std::string& owner, InstanceSettings& instance, Diagnostics& diagnostics) {
  if (options == nullptr) return;
  if (!options->is_table()) {
    diagnostics.add({.where = options->where,
                     .message = "'options' of " + owner + " is " + options->kind_name(),
                     .expected = "a table of the plugin's options"});
    return;
  }
  for (const Node& child : options->children) {
    const std::string what = "option " + shown_text(child.key) + " of '" + instance.name + "'";
    if (std::optional<RawValue> raw = to_raw_value(child, what, diagnostics)) {
      instance.options.emplace(child.key, std::move(*raw));
    }
  }
}

void read_streams(const Node* streams, const std::string& owner, InstanceSettings& instance, Diagnostics& diagnostics) {
  if (streams == nullptr) return;
  if (!streams->is_table()) {
    diagnostics.add({.where = streams->where,
                     .message = "'streams' of " + owner + " is " + streams->kind_name(),
                     .expected = "a table for each stream"});
    return;
  }
  for (const Node& child : streams->children) {
    if (!is_name(child.key, false)) {
      diagnostics.add({.where = child.key_where,
                       .message = "stream name " + shown_text(child.key) + " of " + owner + " is not a name",
                       .expected = "[a-z0-9_]{1,64}"});
      continue;
    }
    const std::string stream = "stream '" + child.key + "' of " + owner;
    instance.streams.emplace(child.key, read_stream(child, stream, diagnostics));
  }
}

/// "source 'sensors'", or "[[source]]" while it has no usable name.
std::string owner_of(const char* kind, const Node& node) {
  const Node* name = node.find("name");
  if (name == nullptr || name->kind != Node::Kind::kString) return std::string("[[") + kind + "]]";
  return std::string(kind) + " " + shown_text(name->text);
}

void read_common(const Section& section, const Node& node, const std::string& owner, InstanceSettings& instance,
                 Diagnostics& diagnostics) {
  instance.where = node.where;
  instance.name = section["name"].text;
  instance.plugin = section["plugin"].text;
  instance.is_required = section["required"].integer != 0;
  if (section["name"].is_set && !is_name(instance.name, true)) {
    diagnostics.add({.where = section.where("name"),
                     .message = "'name' of " + owner + " is not a name",
                     .expected = "[a-z0-9_-]{1,64}"});
  }
  if (section["plugin"].is_set && !is_name(instance.plugin, false)) {
    diagnostics.add({.where = section.where("plugin"),
                     .message = "'plugin' of " + owner + " is " + shown_text(instance.plugin),
                     .expected = "the name of a plugin, [a-z0-9_]{1,64}, without path and \".so\""});
  }
  read_options(section.table("options"), owner, instance, diagnostics);
  read_streams(section.table("streams"), owner, instance, diagnostics);
}

/// The tables of [[source]] or [[consumer]]; none, with an error, when the key is something else.
std::vector<const Node*> instance_tables(const Node& root, const char* kind, Diagnostics& diagnostics) {
  std::vector<const Node*> tables;
  const Node* node = root.find(kind);
  if (node == nullptr) return tables;
  if (node->is_array_of_tables()) {
    for (const Node& child : node->children) tables.push_back(&child);
  } else if (node->kind != Node::Kind::kArray || !node->children.empty()) {
    diagnostics.add({.where = node->key_where,
                     .message = "'" + std::string(kind) + "' is " + node->kind_name(),
                     .expected = "a list of tables, each under [[" + std::string(kind) + "]]"});
  }
  return tables;
}

SourceSettings read_source(const Node& node, Diagnostics& diagnostics) {
  const std::string owner = owner_of("source", node);
  const Section section(kSourceSection, &node, owner, diagnostics);
  SourceSettings source;
  read_common(section, node, owner, source, diagnostics);
  return source;
}

ConsumerSettings read_consumer(const Node& node, Diagnostics& diagnostics) {
  const std::string owner = owner_of("consumer", node);
  const Section section(kConsumerSection, &node, owner, diagnostics);
  ConsumerSettings consumer;
  read_common(section, node, owner, consumer, diagnostics);
  consumer.from = section["from"].text == "journal" ? InputRoad::kJournal : InputRoad::kKafka;
  consumer.start = section["start"].text == "latest" ? StartAt::kLatest : StartAt::kEarliest;
  consumer.group = section["group"].text;
  consumer.topics = section["topics"].list;
  for (const std::string& topic : consumer.topics) {
    check_topic(topic, "'topics' of " + owner, section.where("topics"), diagnostics);
  }
  return consumer;
}

void check_unique(const InstanceSettings& instance, std::map<std::string, Location>& names, Diagnostics& diagnostics) {
  if (instance.name.empty()) return;
  const auto [first, is_new] = names.emplace(instance.name, instance.where);
  if (is_new) return;
  diagnostics.add(
      {.where = instance.where,
       .message = "instance name " + shown_text(instance.name) + " is already used at " + place(first->second),
       .expected = "a name of its own among all sources and consumers"});
}

}  // namespace

void read_instances(const Node& root, Config& config, Diagnostics& diagnostics) {
  std::map<std::string, Location> names;
  for (const Node* node : instance_tables(root, "source", diagnostics)) {
    config.sources.push_back(read_source(*node, diagnostics));
    check_unique(config.sources.back(), names, diagnostics);
  }
  for (const Node* node : instance_tables(root, "consumer", diagnostics)) {
    config.consumers.push_back(read_consumer(*node, diagnostics));
    check_unique(config.consumers.back(), names, diagnostics);
  }
}

void check_stream_names(const PluginInfo& plugin, const InstanceSettings& instance, Diagnostics& diagnostics) {
  if (plugin.takes_streams_from_config) return;
  std::vector<std::string> known;
  for (const StreamDeclaration& stream : plugin.streams) known.push_back(stream.name);
  for (const auto& [name, settings] : instance.streams) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    diagnostics.add({.where = settings.where,
                     .message = "unknown stream '" + name + "' of '" + instance.name + "' (plugin " + plugin.name + ")",
                     .expected = known.empty() ? "none: the plugin has no streams" : one_of(known),
                     .suggestion = nearest(name, known)});
  }
}

}  // namespace sluice::config
