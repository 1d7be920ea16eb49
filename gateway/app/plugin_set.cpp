#include "app/plugin_set.hpp"

#include <set>
#include <utility>

#include "codec/schema.hpp"
#include "config/load.hpp"
#include "plugin/probe.hpp"
#include "plugin/search.hpp"

namespace sluice::app {

std::filesystem::path own_executable() {
  std::error_code error;
  std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path("sluice") : path;
}

std::vector<std::filesystem::path> plugin_folders(const config::Config& config) {
  if (!config.gateway.plugin_path.empty()) return config.gateway.plugin_path;
  const std::filesystem::path prefix = own_executable().parent_path().parent_path();
  return {prefix / "lib/sluice/plugins", prefix / "plugins"};
}

std::vector<std::string> plugin_names(const config::Config& config) {
  std::set<std::string> names;
  for (const auto& source : config.sources) names.insert(source.plugin);
  for (const auto& consumer : config.consumers) names.insert(consumer.plugin);
  return {names.begin(), names.end()};
}

PluginSet PluginSet::load(const std::vector<std::string>& names, const std::vector<std::filesystem::path>& folders) {
  PluginSet set;
  std::vector<std::string> found_names;
  std::vector<std::filesystem::path> paths;
  for (const std::string& name : names) {
    Result<std::filesystem::path> path = plugin::find_plugin(name, folders);
    if (!path) {
      set.plugins_.emplace(name, path.status());
      continue;
    }
    found_names.push_back(name);
    paths.push_back(std::move(*path));
  }
  const std::vector<Status> probed = plugin::probe(own_executable(), paths);
  const std::unique_ptr<SchemaChecker> schemas = codec::make_schema_checker();
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (probed[i].ok()) {
      set.plugins_.emplace(found_names[i], plugin::load(paths[i], *schemas, config::check_option_table));
    } else {
      set.plugins_.emplace(found_names[i], probed[i]);
    }
  }
  return set;
}

Result<plugin::LoadedPlugin> PluginSet::find(const std::string& name) const {
  const auto found = plugins_.find(name);
  if (found == plugins_.end()) return Status(Code::kNotFound, "plugin '" + name + "' was not asked for");
  return found->second;
}

std::vector<PluginInfo> PluginSet::infos() const {
  std::vector<PluginInfo> infos;
  for (const auto& [name, loaded] : plugins_) {
    if (loaded.ok()) infos.push_back(loaded->info());
  }
  return infos;
}

}  // namespace sluice::app
