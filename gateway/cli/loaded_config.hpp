#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/binding.hpp"
#include "app/plugin_set.hpp"
#include "config/config.hpp"
#include "config/load.hpp"

namespace sluice::cli {

/// A configuration with its plugins loaded and bound; the Binding points into the Config, so it stays where it is made.
struct LoadedConfig {
  config::Config config;
  app::PluginSet plugins;
  app::Binding binding;
};

/// Reads and binds a configuration; prints every mistake and warning to stderr. Null when there is an error.
std::unique_ptr<LoadedConfig> load_config(const std::string& file, const std::vector<std::string>& sets);

}  // namespace sluice::cli
