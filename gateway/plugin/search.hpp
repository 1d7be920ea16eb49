#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.hpp"

namespace sluice::plugin {

struct FoundPlugin {
  std::string name;  ///< file name without ".so"
  std::filesystem::path path;
};

/// The plugins in these folders by name, sorted; of two with one name that of the earlier folder. Folders that do not
/// exist are skipped. Names only: nothing is opened. Thread: any; file I/O.
std::vector<FoundPlugin> list_plugins(const std::vector<std::filesystem::path>& folders);

/// The file of a plugin, from the first folder that has it, after check_plugin_file. kNotFound names the folders
/// searched, and a near name if there is one. Thread: any; file I/O.
Result<std::filesystem::path> find_plugin(std::string_view name, const std::vector<std::filesystem::path>& folders);

/// Loading a file runs it: refuses (kInvalid, with the reason) one that others may have put there. File and folder must
/// belong to root or to this process's user and must not be writable by everybody; the file is a regular one, not a
/// link. kIo when it cannot be looked at. Thread: any; file I/O.
Status check_plugin_file(const std::filesystem::path& path);

}  // namespace sluice::plugin
