#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/options.hpp"
#include "core/status.hpp"
#include "core/stream.hpp"

namespace sluice {

enum class PluginKind : std::uint8_t { kSource = 1, kConsumer };
enum class Direction : std::uint8_t { kIn = 1, kOut };

/// A stream as a plugin declares it; the configuration may change the topic side of it.
struct StreamDeclaration {
  std::string name;
  Direction direction = Direction::kOut;
  StreamKind kind = StreamKind::kEvents;
  Cleanup cleanup = Cleanup::kDelete;
  std::string message;
  std::string topic;
  std::string key_field;
  std::string time_field;
  std::uint32_t partitions = 1;
  std::int64_t retention_ms = 0;
};

/// What a plugin says of itself, copied and checked; plain data, without a pointer into the plugin.
struct PluginInfo {
  std::filesystem::path path;
  std::string name;
  std::string version;
  std::string description;
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  PluginKind kind = PluginKind::kSource;
  bool takes_streams_from_config = false;
  bool wants_json_input = false;
  std::string descriptor_set;
  std::vector<OptionSpec> options;
  std::vector<StreamDeclaration> streams;
};

/// One stream as create() shows it to the plugin: the declaration merged with the configuration.
struct BoundStream {
  std::string name;
  Direction direction = Direction::kOut;
  StreamKind kind = StreamKind::kEvents;
  bool is_json = false;  ///< in streams: payloads are JSON text
  std::shared_ptr<const SchemaSource> schema;
  std::string topic;
  std::string key_field;
  std::string time_field;
};

/// Checks the parts of a PluginInfo that need a schema compiler: descriptor set parses, messages exist, key and time
/// fields exist with fitting types. Implemented by codec/, called by plugin/ while loading. Thread: any.
class SchemaChecker {
 public:
  virtual ~SchemaChecker() = default;
  virtual Status check(std::string_view descriptor_set, const std::vector<StreamDeclaration>& streams) const = 0;
};

}  // namespace sluice
