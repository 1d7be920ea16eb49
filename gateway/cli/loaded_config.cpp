#include "cli/loaded_config.hpp"

#include <cstdio>
#include <memory>

#include "config/diagnostic.hpp"
#include "kafka/client_settings.hpp"

namespace sluice::cli {
namespace {

void check_kafka_properties(const config::Config& config, config::Diagnostics& diagnostics) {
  for (const kafka::PropertyError& error : kafka::check_properties(config.kafka.properties)) {
    const auto where = config.kafka.property_locations.find(error.name);
    config::Diagnostic diagnostic;
    if (where != config.kafka.property_locations.end()) diagnostic.where = where->second;
    diagnostic.message = "[kafka.properties] '" + error.name + "': " + error.text;
    diagnostics.add(std::move(diagnostic));
  }
}

}  // namespace

std::unique_ptr<LoadedConfig> load_config(const std::string& file, const std::vector<std::string>& sets) {
  config::Diagnostics diagnostics;
  config::LoadOptions options;
  options.sets = sets;
  auto loaded = std::make_unique<LoadedConfig>();
  loaded->config = config::load(file, options, diagnostics);
  const bool is_readable = !diagnostics.has_errors();
  check_kafka_properties(loaded->config, diagnostics);
  if (is_readable) {
    loaded->plugins = app::PluginSet::load(app::plugin_names(loaded->config), app::plugin_folders(loaded->config));
    loaded->binding = app::bind_config(loaded->config, loaded->plugins, diagnostics);
  }
  for (const config::Diagnostic& diagnostic : config::in_reading_order(diagnostics.all()))
    std::fprintf(stderr, "%s\n", diagnostic.to_string().c_str());
  if (diagnostics.has_errors()) return nullptr;
  return loaded;
}

}  // namespace sluice::cli
