#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host_metrics/system_files.hpp"

namespace sluice::host_metrics {

/// A machine made of strings: path -> text, mount point -> space.
class FakeFiles final : public SystemFiles {
 public:
  std::map<std::string, std::string> texts;
  std::map<std::string, Space> spaces;

  std::optional<std::string> read(const std::string& path) override {
    const auto found = texts.find(path);
    return found == texts.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<std::string> list(const std::string& path) override {
    const std::string folder = path.ends_with('/') ? path : path + "/";
    std::set<std::string> names;
    for (const auto& [name, text] : texts) {
      if (name.starts_with(folder))
        names.insert(name.substr(folder.size(), name.find('/', folder.size()) - folder.size()));
    }
    return {names.begin(), names.end()};
  }
  std::optional<Space> space(const std::string& mount_point) override {
    const auto found = spaces.find(mount_point);
    return found == spaces.end() ? std::nullopt : std::optional(found->second);
  }
};

}  // namespace sluice::host_metrics
