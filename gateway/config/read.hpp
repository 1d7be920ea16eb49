#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "config/config.hpp"
#include "config/load.hpp"
#include "config/node.hpp"

namespace sluice::config {

using Environment = std::function<const char*(const char*)>;

/// [[source]] and [[consumer]] with their options and streams; checks that names are unique.
void read_instances(const Node& root, Config& config, Diagnostics& diagnostics);

/// [kafka.properties], with "_file" secrets read; refuses settings that weaken delivery. `properties` may be null.
void read_kafka_properties(const Node* properties, const Environment& environment, Config& config,
                           Diagnostics& diagnostics);

/// A path of the configuration made absolute: relative to the file of `where`, or to the current folder if it has none.
std::filesystem::path resolve_path(const std::string& text, const Location& where);

/// Reports a topic name Kafka would refuse. `what` is the key.
void check_topic(const std::string& topic, const std::string& what, const Location& where, Diagnostics& diagnostics);

}  // namespace sluice::config
