#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/plugin_info.hpp"
#include "core/status.hpp"
#include "plugin/loader.hpp"

namespace sluice::app {

/// This program's own file: what is started again as plugin probe and as embedded broker.
std::filesystem::path own_executable();

/// [gateway] plugin_path, or where plugins lie beside this program: ../lib/sluice/plugins when installed, ../plugins in
/// a build tree.
std::vector<std::filesystem::path> plugin_folders(const config::Config& config);

/// The plugins somebody asked for by name, each probed in a child process, then loaded into this one.
/// Thread: one while it is made; then any.
class PluginSet {
 public:
  /// Never fails as a whole: what is wrong with one plugin is what find() says of it.
  static PluginSet load(const std::vector<std::string>& names, const std::vector<std::filesystem::path>& folders);

  /// kNotFound, or why it was refused.
  [[nodiscard]] Result<plugin::LoadedPlugin> find(const std::string& name) const;
  [[nodiscard]] std::vector<PluginInfo> infos() const;

 private:
  std::map<std::string, Result<plugin::LoadedPlugin>> plugins_;
};

/// The names of the plugins a configuration uses, each once.
std::vector<std::string> plugin_names(const config::Config& config);

}  // namespace sluice::app
