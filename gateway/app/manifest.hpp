#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/plugin_info.hpp"
#include "core/status.hpp"

namespace sluice::app {

/// One plugin file: what it says of itself, or why it was refused.
struct ManifestEntry {
  std::string name;
  Status refusal;
  PluginInfo info;  ///< when not refused
};

/// Every plugin in these folders, probed and loaded, by name.
std::vector<ManifestEntry> manifest(const std::vector<std::filesystem::path>& folders);

std::string manifest_json(const std::vector<ManifestEntry>& entries);

/// The same shape for plugins already loaded: what GET /api/plugins answers.
std::string manifest_json(const std::vector<PluginInfo>& plugins);

}  // namespace sluice::app
