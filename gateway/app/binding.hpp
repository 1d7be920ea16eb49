#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/load.hpp"
#include "core/plugin_info.hpp"
#include "core/status.hpp"
#include "core/stream.hpp"

namespace sluice::app {

class PluginSet;

/// One topic a consumer reads, and as what.
struct InputBinding {
  std::string topic;
  std::uint32_t stream = 0;                    ///< number in the instance's stream table
  std::shared_ptr<const SchemaSource> schema;  ///< null: raw bytes
  std::string key_field;
  std::string time_field;
  std::string timezone = "UTC";
};

/// One configured instance, ready to be created: its plugin's declarations merged with its settings.
struct BoundInstance {
  const config::InstanceSettings* settings = nullptr;  ///< owned by the Config
  PluginInfo plugin;
  std::vector<OptionValue> options;              ///< in the order of the plugin's table
  std::vector<BoundStream> streams;              ///< the instance's stream table
  std::vector<std::optional<StreamId>> out_ids;  ///< the same order; set for out streams
  std::vector<InputBinding> inputs;              ///< consumers only
};

/// A topic the gateway needs, with the settings of the stream that writes it.
struct TopicNeed {
  std::string name;
  std::uint32_t partitions = 1;
  std::int64_t retention_ms = 0;
  Cleanup cleanup = Cleanup::kDelete;
};

/// Everything a configuration says, resolved: what the pipeline is built from.
struct Binding {
  StreamSet streams;
  StreamId gaps = 0;
  StreamId dead_letters = 0;
  std::vector<BoundInstance> sources;
  std::vector<BoundInstance> consumers;
  std::vector<TopicNeed> topics;  ///< those written here first, then those only read; each once
};

/// Finds what a plugin says of itself; the Status names the folders searched.
using FindPlugin = std::function<Result<PluginInfo>(const std::string& name)>;
/// Compiles a .proto of the user's; an empty message name takes the file's only message.
using CompileSchema = std::function<Result<std::shared_ptr<const SchemaSource>>(const std::filesystem::path& file,
                                                                                const std::string& message)>;

/// Merges configuration and plugins. Mistakes go to `diagnostics`, all of them in one go; an instance whose plugin
/// cannot be found or loaded is an error when it is required, else a warning, and is left out. Ownership: the Binding
/// points into `config`, which outlives it.
Binding bind_config(const config::Config& config, const FindPlugin& find_plugin, const CompileSchema& compile_schema,
                    std::shared_ptr<const SchemaSource> gap_schema,
                    std::shared_ptr<const SchemaSource> dead_letter_schema, config::Diagnostics& diagnostics);

/// The same with the plugins of this process and the compiler of codec/.
Binding bind_config(const config::Config& config, const PluginSet& plugins, config::Diagnostics& diagnostics);

}  // namespace sluice::app
