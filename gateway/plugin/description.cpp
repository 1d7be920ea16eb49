#include "plugin/description.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

#include "plugin/text.hpp"

namespace sluice::plugin {
namespace {

// The layouts of 1.0. They stay what they are when members are appended.
constexpr std::size_t kPluginMinBytes = offsetof(sluice_plugin_v1, consumer) + sizeof(sluice_plugin_v1::consumer);
constexpr std::size_t kOptionMinBytes = offsetof(sluice_option_v1, reserved) + sizeof(sluice_option_v1::reserved);
constexpr std::size_t kStreamMinBytes =
    offsetof(sluice_stream_v1, retention_ms) + sizeof(sluice_stream_v1::retention_ms);
constexpr std::size_t kSourceMinBytes = offsetof(sluice_source_v1, destroy) + sizeof(sluice_source_v1::destroy);
constexpr std::size_t kConsumerMinBytes = offsetof(sluice_consumer_v1, order) + sizeof(sluice_consumer_v1::order);

constexpr std::size_t kTableMaxRows = 256;
constexpr std::size_t kStrideMaxBytes = 4096;
constexpr std::size_t kTextMaxBytes = 4096;
constexpr std::size_t kNameMaxBytes = 64;
constexpr std::size_t kTopicMaxBytes = 249;  // Kafka's limit
constexpr std::size_t kDescriptorSetMaxBytes = 16UL << 20U;
constexpr std::uint32_t kPartitionsMax = 1000;
constexpr std::uint32_t kKnownFlags = SLUICE_PLUGIN_STREAMS_FROM_CONFIG | SLUICE_PLUGIN_INPUT_AS_JSON;

Status invalid(std::string text) { return {Code::kInvalid, std::move(text)}; }

Status copy_text(sluice_str theirs, std::string_view what, std::size_t max_bytes, std::string& out) {
  if (theirs.size > max_bytes) {
    return invalid(std::string(what) + " has " + std::to_string(theirs.size) + " bytes, at most " +
                   std::to_string(max_bytes) + " are allowed");
  }
  if (theirs.size != 0 && theirs.data == nullptr) return invalid(std::string(what) + " is a null pointer with a size");
  out.assign(theirs.size == 0 ? "" : theirs.data, theirs.size);
  if (!is_utf8(out)) return invalid(std::string(what) + " is not UTF-8: \"" + printable(out, 80) + "\"");
  return {};
}

Status copy_name(sluice_str theirs, std::string_view what, std::string& out) {
  if (Status text = copy_text(theirs, what, kNameMaxBytes, out); !text.ok()) return text;
  if (out.empty()) return invalid(std::string(what) + " is empty, expected [a-z0-9_]{1,64}");
  if (!is_name(out)) {
    return invalid(std::string(what) + " is \"" + printable(out) + "\", expected [a-z0-9_]{1,64}");
  }
  return {};
}

/// A topic name as Kafka takes it.
bool is_topic(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

Status unknown_number(std::string_view what, std::uint32_t found, std::string_view expected) {
  return invalid(std::string(what) + " is " + std::to_string(found) + ", expected " + std::string(expected));
}

/// Calls `read_row(row, number)` for each element of a table of the plugin's, whose stride may be another than ours.
template <class T, class ReadRow>
Status read_table(const T* rows, std::size_t count, std::uint32_t stride, std::size_t min_bytes, std::string_view what,
                  ReadRow&& read_row) {
  const std::string name(what);
  if (count == 0) return {};
  if (count > kTableMaxRows) {
    return invalid("the table of " + name + "s has " + std::to_string(count) + " rows, at most " +
                   std::to_string(kTableMaxRows) + " are allowed");
  }
  if (rows == nullptr) return invalid("the table of " + name + "s is null, but has " + std::to_string(count) + " rows");
  if (stride < min_bytes || stride > kStrideMaxBytes || stride % alignof(T) != 0) {
    return invalid(name + "_stride is " + std::to_string(stride) + ", expected " + std::to_string(sizeof(T)));
  }
  const char* at = reinterpret_cast<const char*>(rows);
  for (std::size_t i = 0; i < count; ++i, at += stride) {
    const std::string row_name = name + " " + std::to_string(i);
    Result<T> row = read_struct(reinterpret_cast<const T*>(at), min_bytes, row_name);
    if (!row) return row.status();
    if (row->struct_size > stride) return invalid(row_name + " is larger than the stride of its table");
    if (Status read = read_row(*row, row_name); !read.ok()) return read;
  }
  return {};
}

Status read_option(const sluice_option_v1& theirs, const std::string& row, std::vector<OptionSpec>& options) {
  OptionSpec option;
  if (Status name = copy_name(theirs.name, "the name of " + row, option.name); !name.ok()) return name;
  const std::string which = "option '" + option.name + "'";
  if (theirs.type < SLUICE_OPTION_STRING || theirs.type > SLUICE_OPTION_LIST) {
    return unknown_number(which + ": type", theirs.type, "1 (string) to 8 (list)");
  }
  option.type = static_cast<OptionType>(theirs.type);
  if (theirs.is_required > 1) return unknown_number(which + ": is_required", theirs.is_required, "0 or 1");
  option.is_required = theirs.is_required == 1;
  option.has_default = theirs.default_value.data != nullptr;
  if (option.is_required && option.has_default) return invalid(which + " is required and has a default");
  for (const auto& [text, what, out] :
       {std::tuple{theirs.default_value, ": default_value", &option.default_text},
        std::tuple{theirs.bounds, ": bounds", &option.bounds}, std::tuple{theirs.help, ": help", &option.help}}) {
    if (Status copied = copy_text(text, which + what, kTextMaxBytes, *out); !copied.ok()) return copied;
  }
  const bool is_named_before =
      std::any_of(options.begin(), options.end(), [&](const OptionSpec& other) { return other.name == option.name; });
  if (is_named_before) return invalid(which + " is in the table twice");
  options.push_back(std::move(option));
  return {};
}

/// The topic side: only defaults, but each must be one that could be used. An in stream reads what others made, so only
/// its topic counts.
Status check_topic_side(const sluice_stream_v1& theirs, const std::string& which, StreamDeclaration& stream) {
  if (!is_topic(stream.topic)) {
    return invalid(which + ": topic is \"" + printable(stream.topic) + "\", expected [A-Za-z0-9._-]{1,249}");
  }
  if (stream.direction == Direction::kIn) return {};
  if (theirs.partitions == 0 || theirs.partitions > kPartitionsMax) {
    return unknown_number(which + ": partitions", theirs.partitions, "1 to 1000");
  }
  if (theirs.cleanup < SLUICE_CLEANUP_DELETE || theirs.cleanup > SLUICE_CLEANUP_COMPACT_DELETE) {
    return unknown_number(which + ": cleanup", theirs.cleanup, "1 (delete), 2 (compact) or 3 (both)");
  }
  if (theirs.retention_ms < 0) {
    return invalid(which + ": retention_ms is " + std::to_string(theirs.retention_ms) + ", expected 0 or more");
  }
  stream.partitions = theirs.partitions;
  stream.cleanup = static_cast<Cleanup>(theirs.cleanup);
  stream.retention_ms = theirs.retention_ms;
  return {};
}

Status read_stream(const sluice_stream_v1& theirs, const std::string& row, const PluginInfo& info,
                   std::vector<StreamDeclaration>& streams) {
  StreamDeclaration stream;
  if (Status name = copy_name(theirs.name, "the name of " + row, stream.name); !name.ok()) return name;
  const std::string which = "stream '" + stream.name + "'";
  if (theirs.direction != SLUICE_DIRECTION_IN && theirs.direction != SLUICE_DIRECTION_OUT) {
    return unknown_number(which + ": direction", theirs.direction, "1 (in) or 2 (out)");
  }
  stream.direction = static_cast<Direction>(theirs.direction);
  if (theirs.kind != SLUICE_STREAM_EVENTS && theirs.kind != SLUICE_STREAM_TABLE) {
    return unknown_number(which + ": kind", theirs.kind, "1 (events) or 2 (table)");
  }
  stream.kind = static_cast<StreamKind>(theirs.kind);
  for (const auto& [text, what, max, out] :
       {std::tuple{theirs.message, ": message", kTextMaxBytes, &stream.message},
        std::tuple{theirs.topic, ": topic", kTopicMaxBytes, &stream.topic},
        std::tuple{theirs.key_field, ": key_field", kTextMaxBytes, &stream.key_field},
        std::tuple{theirs.time_field, ": time_field", kTextMaxBytes, &stream.time_field}}) {
    if (Status copied = copy_text(text, which + what, max, *out); !copied.ok()) return copied;
  }
  if (info.kind == PluginKind::kSource && stream.direction == Direction::kIn) {
    return invalid(which + " is an in stream, but a source reads none");
  }
  if (stream.kind == StreamKind::kTable && stream.direction == Direction::kIn) {
    return invalid(which + " is a table and an in stream; tables are out only");
  }
  if (stream.kind == StreamKind::kTable && stream.key_field.empty()) {
    return invalid(which + " is a table without a key_field");
  }
  if (stream.message.empty() && !(stream.key_field.empty() && stream.time_field.empty())) {
    return invalid(which + " names a key_field or time_field, but no message that could have it");
  }
  if (!stream.message.empty() && info.descriptor_set.empty()) {
    return invalid(which + " has message " + printable(stream.message) + ", but the plugin carries no descriptor set");
  }
  if (Status topic = check_topic_side(theirs, which, stream); !topic.ok()) return topic;
  const bool is_named_before = std::any_of(streams.begin(), streams.end(),
                                           [&](const StreamDeclaration& other) { return other.name == stream.name; });
  if (is_named_before) return invalid(which + " is in the table twice");
  streams.push_back(std::move(stream));
  return {};
}

Status check_version(std::uint32_t major, std::uint32_t minor, std::uint32_t host_minor) {
  const auto text = [](std::uint32_t a, std::uint32_t b) { return std::to_string(a) + "." + std::to_string(b); };
  if (major != SLUICE_ABI_MAJOR) {
    return invalid("is made for plugin ABI " + text(major, minor) + ", this gateway has " +
                   text(SLUICE_ABI_MAJOR, host_minor) + " and takes no other major version");
  }
  if (minor > host_minor) {
    return invalid("is made for plugin ABI " + text(major, minor) + ", this gateway has " + text(major, host_minor) +
                   "; build it with SLUICE_TARGET_ABI_MINOR=" + std::to_string(host_minor) + " or update the gateway");
  }
  return {};
}

Status missing(std::string_view kind, std::string_view callback) {
  return invalid("is a " + std::string(kind) + " without " + std::string(callback) + "()");
}

Status read_source(const sluice_plugin_v1& plugin, Description& out) {
  if (plugin.consumer != nullptr) return invalid("is a source, but has consumer callbacks too");
  Result<sluice_source_v1> source = read_struct(plugin.source, kSourceMinBytes, "sluice_source_v1");
  if (!source) return source.status();
  if (source->create == nullptr) return missing("source", "create");
  if (source->run == nullptr) return missing("source", "run");
  if (source->destroy == nullptr) return missing("source", "destroy");
  out.source = *source;
  return {};
}

Status read_consumer(const sluice_plugin_v1& plugin, Description& out) {
  if (plugin.source != nullptr) return invalid("is a consumer, but has source callbacks too");
  Result<sluice_consumer_v1> consumer = read_struct(plugin.consumer, kConsumerMinBytes, "sluice_consumer_v1");
  if (!consumer) return consumer.status();
  if (consumer->create == nullptr) return missing("consumer", "create");
  if (consumer->on_batch == nullptr) return missing("consumer", "on_batch");
  if (consumer->destroy == nullptr) return missing("consumer", "destroy");
  if ((consumer->save == nullptr) != (consumer->load == nullptr)) {
    return invalid("is a consumer with only one of save() and load()");
  }
  if (consumer->order > SLUICE_ORDER_EVENT_TIME) {
    return unknown_number("order", consumer->order, "1 (arrival) or 2 (event time)");
  }
  out.consumer = *consumer;
  return {};
}

Status read_identity(const sluice_plugin_v1& plugin, const std::filesystem::path& path, PluginInfo& info) {
  if (Status name = copy_name(plugin.name, "the plugin's name", info.name); !name.ok()) return name;
  if (const std::string file_name = path.stem().string(); info.name != file_name) {
    return invalid("calls itself '" + info.name + "', but its file is called '" + printable(file_name) + "'");
  }
  if (Status text = copy_text(plugin.version, "the plugin's version", kNameMaxBytes, info.version); !text.ok()) {
    return text;
  }
  if (Status text = copy_text(plugin.description, "the plugin's description", kTextMaxBytes, info.description);
      !text.ok()) {
    return text;
  }
  if (plugin.kind != SLUICE_KIND_SOURCE && plugin.kind != SLUICE_KIND_CONSUMER) {
    return unknown_number("the plugin's kind", plugin.kind, "1 (source) or 2 (consumer)");
  }
  info.kind = static_cast<PluginKind>(plugin.kind);
  if ((plugin.flags & ~kKnownFlags) != 0) {
    return invalid("has flags " + std::to_string(plugin.flags) + ", of which only " + std::to_string(kKnownFlags) +
                   " are known in its ABI version");
  }
  info.takes_streams_from_config = (plugin.flags & SLUICE_PLUGIN_STREAMS_FROM_CONFIG) != 0;
  info.wants_json_input = (plugin.flags & SLUICE_PLUGIN_INPUT_AS_JSON) != 0;
  return {};
}

Status read_tables(const sluice_plugin_v1& plugin, const DescriptionChecks& checks, PluginInfo& info) {
  if (plugin.descriptor_set.size > kDescriptorSetMaxBytes) {
    return invalid("has a descriptor set of " + std::to_string(plugin.descriptor_set.size) + " bytes, at most " +
                   std::to_string(kDescriptorSetMaxBytes) + " are allowed");
  }
  if (plugin.descriptor_set.size != 0) {
    if (plugin.descriptor_set.data == nullptr) return invalid("has a descriptor set that is null with a size");
    info.descriptor_set.assign(reinterpret_cast<const char*>(plugin.descriptor_set.data), plugin.descriptor_set.size);
  }
  Status read = read_table(
      plugin.options, plugin.option_count, plugin.option_stride, kOptionMinBytes, "option",
      [&](const sluice_option_v1& option, const std::string& row) { return read_option(option, row, info.options); });
  if (!read.ok()) return read;
  read = read_table(plugin.streams, plugin.stream_count, plugin.stream_stride, kStreamMinBytes, "stream",
                    [&](const sluice_stream_v1& stream, const std::string& row) {
                      return read_stream(stream, row, info, info.streams);
                    });
  if (!read.ok()) return read;
  if (Status options = checks.options(info.options); !options.ok()) return options;
  if (info.descriptor_set.empty()) return {};
  const Status schemas = checks.schemas.check(info.descriptor_set, info.streams);
  return schemas.ok() ? Status() : invalid(schemas.text());
}

}  // namespace

Result<Description> read_description(const sluice_plugin_v1* theirs, const std::filesystem::path& path,
                                     const DescriptionChecks& checks) {
  if (theirs == nullptr) return invalid("says that it cannot work here: sluice_plugin_entry_v1 returned null");
  if (reinterpret_cast<std::uintptr_t>(theirs) % alignof(sluice_plugin_v1) != 0) {
    return invalid("returned a description that is not aligned");
  }
  // The first three members have this place in every version, so the version is known before the size is judged.
  struct Head {
    std::uint32_t struct_size, abi_major, abi_minor;
  } head{};
  std::memcpy(&head, theirs, sizeof head);
  const bool has_version = head.struct_size >= sizeof head;
  if (has_version) {
    if (Status version = check_version(head.abi_major, head.abi_minor, checks.host_minor); !version.ok())
      return version;
  }
  Result<sluice_plugin_v1> plugin = read_struct(theirs, kPluginMinBytes, "sluice_plugin_v1");
  if (!plugin) return plugin.status();

  Description out;
  out.info.path = path;
  out.info.abi_major = plugin->abi_major;
  out.info.abi_minor = plugin->abi_minor;
  if (Status identity = read_identity(*plugin, path, out.info); !identity.ok()) return identity;
  Status callbacks = out.info.kind == PluginKind::kSource ? read_source(*plugin, out) : read_consumer(*plugin, out);
  if (!callbacks.ok()) return callbacks;
  if (Status tables = read_tables(*plugin, checks, out.info); !tables.ok()) return tables;
  return out;
}

}  // namespace sluice::plugin
