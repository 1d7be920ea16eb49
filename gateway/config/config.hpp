#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/log.hpp"
#include "core/options.hpp"
#include "core/stream.hpp"

namespace sluice::config {

/// Where in which file something stands; line and column count from 1, 0 = not from a file (--set, environment).
struct Location {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// A value as the user wrote it, before a plugin's option table gives it a type.
struct RawValue {
  std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>> value = {};
  Location where = {};
  Location key_where = {};
  bool is_untyped =
      false;  ///< text of the environment or of --set: becomes a number or boolean where the option wants one
};

/// [source.streams.NAME] / [consumer.streams.NAME]: all optional, the plugin's declaration is the default.
struct StreamSettings {
  Location where;
  std::optional<std::string> topic;
  std::optional<Format> format;
  std::optional<std::uint32_t> partitions;
  std::optional<std::int64_t> retention_ms;
  std::optional<Cleanup> cleanup;
  std::optional<Partitioning> partition_by;
  std::string partition_field;  ///< of partition_by = "field:NAME"
  std::map<std::string, std::int32_t> partition_map;
  std::optional<std::string> timezone;
  std::optional<std::filesystem::path> schema;  ///< a .proto, relative to the file that names it (made absolute)
  std::optional<std::string> message;
  std::optional<std::string> key;
  std::optional<std::string> time;
};

struct InstanceSettings {
  Location where;
  std::string name;
  std::string plugin;
  bool is_required = false;
  std::map<std::string, RawValue> options;
  std::map<std::string, StreamSettings> streams;
};

struct SourceSettings : InstanceSettings {};

enum class InputRoad : std::uint8_t { kKafka = 1, kJournal };
enum class StartAt : std::uint8_t { kEarliest = 1, kLatest };

struct ConsumerSettings : InstanceSettings {
  InputRoad from = InputRoad::kKafka;
  std::vector<std::string> topics;  ///< empty: the default topics of the plugin's in streams
  std::string group;                ///< empty: "sluice-" + gateway name + "-" + instance name
  StartAt start = StartAt::kEarliest;
};

enum class JournalMode : std::uint8_t { kDisk = 1, kMemory };

/// A whole configuration, checked as far as it can be without loading a plugin. Immutable after load.
struct Config {
  std::filesystem::path file;

  struct {
    std::string name;  ///< default: the host name
    std::filesystem::path state_dir;
    std::vector<std::filesystem::path> plugin_path;
    std::uint64_t memory_limit_bytes = 64ULL << 20U;
  } gateway;

  struct {
    LogLevel level = LogLevel::kInfo;
  } log;

  struct {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;         ///< 0: any free port, printed at start
    bool is_enabled = true;            ///< listen = "" turns it off
    bool is_insecure_allowed = false;  ///< insecure = true: a non-loopback address without access control is accepted
    std::vector<std::string> hosts;  ///< names a browser may use in Host, besides loopback names and the listen address
  } admin;

  struct {
    std::string bootstrap_servers = "embedded";
    bool is_embedded = true;  ///< bootstrap_servers = "embedded"
    std::map<std::string, std::string> properties;
    std::map<std::string, Location> property_locations;
  } kafka;

  struct {
    JournalMode mode = JournalMode::kMemory;  ///< kMemory also when the file does not say: this version refuses kDisk
    std::int64_t commit_window_us = 5'000;
    std::uint64_t max_bytes = 0;  ///< 0: decided by the mode
    std::uint64_t keep_free_bytes = 256ULL << 20U;
  } journal;

  struct {
    std::string url;  ///< empty: none
  } schema_registry;

  std::string gaps_topic = "sluice-gaps";
  std::string dead_letters_topic = "sluice-dead-letters";

  std::vector<SourceSettings> sources;
  std::vector<ConsumerSettings> consumers;
};

}  // namespace sluice::config
