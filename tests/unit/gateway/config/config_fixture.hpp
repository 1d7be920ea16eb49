#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "config/load.hpp"

namespace sluice::config {

inline std::vector<std::string> texts(const Diagnostics& diagnostics) {
  std::vector<std::string> out;
  for (const Diagnostic& diagnostic : diagnostics.all()) out.push_back(diagnostic.to_string());
  return out;
}

/// A configuration read from text named "c.toml", with an environment of its own.
struct Loaded {
  explicit Loaded(const std::string& text, std::map<std::string, std::string> variables = {},
                  std::vector<std::string> sets = {})
      : environment(std::move(variables)) {
    LoadOptions options;
    options.sets = std::move(sets);
    options.environment = [this](const char* name) -> const char* {
      const auto found = environment.find(name);
      return found == environment.end() ? nullptr : found->second.c_str();
    };
    Diagnostics diagnostics;
    config = load_text(text, "c.toml", options, diagnostics);
    errors = texts(diagnostics);
  }

  std::map<std::string, std::string> environment;
  Config config;
  std::vector<std::string> errors;
};

/// A folder that goes away with the test.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice_config_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    (void)::chmod(file.c_str(), mode);
    return file.string();
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace sluice::config
