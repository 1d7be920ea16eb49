#include "config/keys.hpp"

#include <array>

namespace sluice::config {
namespace {

using enum OptionType;

constexpr KeySpec kRootTables[] = {
    {"gateway", kString, nullptr, "", "The process itself."},
    {"log", kString, nullptr, "", "What is logged."},
    {"admin", kString, nullptr, "", "The HTTP interface."},
    {"kafka", kString, nullptr, "", "The cluster events go to and come from."},
    {"schema_registry", kString, nullptr, "", "The schema registry."},
    {"journal", kString, nullptr, "", "Where accepted events lie until Kafka has them."},
    {"source", kString, nullptr, "", "One table per source instance."},
    {"consumer", kString, nullptr, "", "One table per consumer instance."},
};

constexpr KeySpec kGatewayKeys[] = {
    {"name", kString, nullptr, "",
     "Name of this gateway, in status, logs and default group names. Default: the host name."},
    {"state_dir", kString, "/var/lib/sluice", "", "Folder for journal, saved states and cached schemas."},
    {"plugin_path", kList, nullptr, "",
     "Folders searched for PLUGIN.so, in this order. Default: lib/sluice/plugins or plugins beside the program's "
     "folder."},
    {"memory_limit", kBytes, "64MiB", "16MiB..",
     "Memory the whole process may use; buffers and tables are cut from it."},
};

constexpr KeySpec kLogKeys[] = {
    {"level", kEnum, "info", "debug|info|warn|warning|error",
     "The least important level that is written; warn is warning."},
};

constexpr KeySpec kAdminKeys[] = {
    {"listen", kString, "127.0.0.1:8080", "",
     "HOST:PORT of the HTTP interface. Port 0 takes any free one; an empty text turns the interface off."},
    {"insecure", kBoolean, "false", "",
     "Allows an address other machines can reach, although nothing controls the access there."},
    {"hosts", kList, "", "", "Further host names by which a browser may ask for the interface."},
};

constexpr KeySpec kKafkaKeys[] = {
    {"bootstrap_servers", kString, "embedded", "",
     "HOST:PORT of brokers, separated by commas, or \"embedded\": a volatile broker inside the gateway."},
    {"event_ids", kBoolean, "false", "", "Puts header sluice-id on each record; not available in this version."},
    {"gaps_topic", kString, "sluice-gaps", "", "Topic of the gateway's own stream of announced losses."},
    {"dead_letters_topic", kString, "sluice-dead-letters", "",
     "Topic of what could not be encoded, decoded or accepted, with reason and original bytes."},
};
constexpr KeySpec kKafkaTables[] = {
    {"properties", kString, nullptr, "",
     "librdkafka's own properties, by their names, such as \"compression.type\" = \"lz4\". \"NAME_file\" takes the "
     "value "
     "of NAME from a file, which group and others must not be able to read."},
};

constexpr KeySpec kSchemaRegistryKeys[] = {
    {"url", kString, "", "", "Address of the schema registry."},
};

constexpr KeySpec kJournalKeys[] = {
    {"mode", kEnum, "memory", "disk|memory",
     "Where accepted events lie. Memory loses them with the process; disk is not available in this version."},
    {"commit_window", kDuration, "5ms", "0s..1s", "Longest wait for further events before a commit; of mode disk."},
    {"max_bytes", kBytes, nullptr, "64KiB..",
     "Most the journal may hold. Default: decided by the mode and the memory limit."},
    {"keep_free", kBytes, "256MiB", "0B..", "Space of the disk the journal leaves alone; of mode disk."},
    {"on_full", kEnum, "block", "block|drop_newest|drop_oldest",
     "What happens when the journal is full: sources wait. The drop policies are not available in this version."},
};

constexpr const char* kInstanceNameHelp =
    "Name of the instance, [a-z0-9_-]{1,64}, unique among all sources and consumers.";
constexpr KeySpec kInstanceTables[] = {
    {"options", kString, nullptr, "", "The plugin's own options; see there."},
    {"streams", kString, nullptr, "", "Settings of the plugin's streams, by their names."},
};

constexpr KeySpec kSourceKeys[] = {
    {"name", kString, nullptr, "", kInstanceNameHelp, true},
    {"plugin", kString, nullptr, "", "Name of the plugin, which is its file name without \".so\".", true},
    {"required", kBoolean, "false", "", "Whether the gateway ends when this instance cannot be started."},
};

constexpr KeySpec kConsumerKeys[] = {
    {"name", kString, nullptr, "", kInstanceNameHelp, true},
    {"plugin", kString, nullptr, "", "Name of the plugin, which is its file name without \".so\".", true},
    {"required", kBoolean, "false", "", "Whether the gateway ends when this instance cannot be started."},
    {"from", kEnum, "kafka", "kafka|journal",
     "Where events are read: Kafka, or this gateway's journal, which goes on while the uplink is down."},
    {"topics", kList, "", "", "Topics to read. Default: those of the plugin's in streams."},
    {"group", kString, nullptr, "",
     "Kafka consumer group. Default: \"sluice-\" + gateway name + \"-\" + instance name."},
    {"start", kEnum, "earliest", "earliest|latest", "Where a group without a stored offset begins."},
};

constexpr KeySpec kStreamKeys[] = {
    {"topic", kString, nullptr, "", "Kafka topic."},
    {"format", kEnum, nullptr, "json|protobuf|avro|raw", "Format of the record's value."},
    {"partitions", kInteger, nullptr, "1..1000", "Partitions of the topic, when the gateway creates it."},
    {"retention", kDuration, nullptr, "1s..", "How long the broker keeps records, when the gateway creates the topic."},
    {"cleanup", kEnum, nullptr, "delete|compact|compact_delete", "How the broker cleans the topic up."},
    {"partition_by", kString, nullptr, "",
     "\"key\" (murmur2, as Java clients choose), \"round_robin\", or \"field:NAME\" (a string field of the message)."},
    {"timezone", kString, nullptr, "", "Zone of times that are written without one, such as \"Europe/Berlin\"."},
    {"schema", kString, nullptr, "", "A .proto file, for plugins that take their streams from the configuration."},
    {"message", kString, nullptr, "", "Full name of the message in it."},
    {"key", kString, nullptr, "", "Field that is the event's key."},
    {"time", kString, nullptr, "", "Field that is the event's time."},
};
constexpr KeySpec kStreamTables[] = {
    {"partition_map", kString, nullptr, "",
     "With partition_by = \"field:NAME\": partition of each value of the field."},
};

}  // namespace

constinit const SectionSpec kRootSection{"the file", "", "", {}, kRootTables};
constinit const SectionSpec kGatewaySection{"[gateway]", "gateway.", "The process itself.", kGatewayKeys, {}};
constinit const SectionSpec kLogSection{
    "[log]", "log.", "Text on a terminal, journald under systemd, JSON lines otherwise.", kLogKeys, {}};
constinit const SectionSpec kAdminSection{"[admin]", "admin.", "The HTTP interface.", kAdminKeys, {}};
constinit const SectionSpec kKafkaSection{"[kafka]", "kafka.", "The cluster events go to and come from.", kKafkaKeys,
                                          kKafkaTables};
constinit const SectionSpec kSchemaRegistrySection{
    "[schema_registry]", "schema_registry.", "The schema registry.", kSchemaRegistryKeys, {}};
constinit const SectionSpec kJournalSection{
    "[journal]", "journal.", "Where accepted events lie until Kafka has them.", kJournalKeys, {}};
constinit const SectionSpec kSourceSection{"[[source]]", "", "One table per source instance.", kSourceKeys,
                                           kInstanceTables};
constinit const SectionSpec kConsumerSection{"[[consumer]]", "", "One table per consumer instance.", kConsumerKeys,
                                             kInstanceTables};
constinit const SectionSpec kStreamSection{"[source.streams.NAME] and [consumer.streams.NAME]", "",
                                           "What a plugin declares for a stream holds unless it is set here.",
                                           kStreamKeys, kStreamTables};

std::span<const SectionSpec* const> all_sections() {
  static constexpr std::array kAll{&kGatewaySection,        &kLogSection,     &kAdminSection,  &kKafkaSection,
                                   &kSchemaRegistrySection, &kJournalSection, &kSourceSection, &kConsumerSection,
                                   &kStreamSection};
  return kAll;
}

OptionSpec to_option_spec(const KeySpec& key) {
  return {.name = key.name,
          .type = key.type,
          .default_text = key.default_text == nullptr ? "" : key.default_text,
          .bounds = key.bounds,
          .help = key.help,
          .has_default = key.default_text != nullptr,
          .is_required = key.is_required};
}

}  // namespace sluice::config
