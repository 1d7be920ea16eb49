#include "plugin/search.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <system_error>
#include <utility>

#include "core/edit_distance.hpp"
#include "plugin/text.hpp"

namespace sluice::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNearEdits = 2;

std::string near_names(std::string_view name, const std::vector<FoundPlugin>& plugins) {
  std::string near;
  for (const FoundPlugin& plugin : plugins) {
    if (edit_distance(name, plugin.name) <= kNearEdits || plugin.name.starts_with(name)) {
      near += (near.empty() ? "'" : " or '") + plugin.name + "'";
    }
  }
  return near.empty() ? near : "; did you mean " + near + "?";
}

Status check_owner_and_mode(const struct stat& facts, const std::string& what) {
  if (facts.st_uid != 0 && facts.st_uid != ::geteuid()) {
    return {Code::kInvalid, what + " belongs to user " + std::to_string(facts.st_uid) + ", expected root or user " +
                                std::to_string(::geteuid())};
  }
  if ((facts.st_mode & S_IWOTH) != 0) return {Code::kInvalid, what + " is writable by everybody (chmod o-w)"};
  return {};
}

}  // namespace

std::vector<FoundPlugin> list_plugins(const std::vector<fs::path>& folders) {
  std::map<std::string, fs::path> by_name;
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      const fs::path& path = entry->path();
      if (path.extension() == ".so" && is_name(path.stem().string())) by_name.emplace(path.stem().string(), path);
    }
  }
  std::vector<FoundPlugin> plugins;
  plugins.reserve(by_name.size());
  for (auto& [name, path] : by_name) plugins.push_back({name, std::move(path)});
  return plugins;
}

Result<fs::path> find_plugin(std::string_view name, const std::vector<fs::path>& folders) {
  if (!is_name(name)) {
    return Status(Code::kInvalid, "\"" + printable(name, 80) + "\" is no plugin name, expected [a-z0-9_]{1,64}");
  }
  std::string searched;
  for (const fs::path& folder : folders) {
    const fs::path path = folder / (std::string(name) + ".so");
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error))) {
      if (Status safe = check_plugin_file(path); !safe.ok()) return safe.with_context("plugin " + path.string());
      return path;
    }
    searched +=
        (searched.empty() ? "" : ", ") + folder.string() + (fs::is_directory(folder, error) ? "" : " (missing)");
  }
  return Status(Code::kNotFound, "plugin '" + std::string(name) + "' was not found in " +
                                     (searched.empty() ? "plugin_path, which is empty" : searched) +
                                     near_names(name, list_plugins(folders)));
}

Status check_plugin_file(const fs::path& path) {
  const auto io_error = [](const std::string& what) {
    return Status(Code::kIo, "cannot look at " + what + ": " + std::strerror(errno));
  };
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return io_error("the file");
  if (S_ISLNK(facts.st_mode)) return {Code::kInvalid, "is a symbolic link, expected the file itself"};
  if (S_ISDIR(facts.st_mode)) return {Code::kInvalid, "is a folder, expected a shared library"};
  if (!S_ISREG(facts.st_mode)) return {Code::kInvalid, "is not a regular file"};
  if (Status safe = check_owner_and_mode(facts, "the file"); !safe.ok()) return safe;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (::stat(folder.c_str(), &facts) != 0) return io_error("folder " + folder.string());
  return check_owner_and_mode(facts, "its folder " + folder.string());
}

}  // namespace sluice::plugin
