#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "core/plugin_info.hpp"

namespace sluice::config {

/// One thing wrong with a configuration. Printed as "FILE:LINE:COL: error: message, expected" (without the position
/// where there is none), with "; did you mean 'x'?" when a known name is near.
struct Diagnostic {
  Location where = {};
  std::string message = {};
  std::string expected = {};
  std::string suggestion = {};
  bool is_warning = false;
  [[nodiscard]] std::string to_string() const;
};

/// Collects everything wrong, so that a user sees it in one go.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic) { all_.push_back(std::move(diagnostic)); }
  [[nodiscard]] bool has_errors() const;
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }

 private:
  std::vector<Diagnostic> all_;
};

struct LoadOptions {
  /// --set KEY=VALUE: a dotted key below the root ("source.NAME.options.KEY" for instances). The value is TOML when it
  /// begins with a quote, '[' or '{', else bare text that becomes what the key wants.
  std::vector<std::string> sets;
  std::function<const char*(const char*)> environment;  ///< getenv by default
};

/// Reads the file, its conf.d/*.toml (sorted) and the overrides. On any error the returned Config must not be used.
/// Reports everything wrong in reading order; after a syntax error or an unreadable file only those.
/// Thread: one; does file I/O.
Config load(const std::filesystem::path& file, const LoadOptions& options, Diagnostics& diagnostics);

/// The same for text alone: no conf.d; `file` is only a name and the base of relative paths. Secrets are still read.
Config load_text(std::string_view text, const std::filesystem::path& file, const LoadOptions& options,
                 Diagnostics& diagnostics);

/// Types and checks an instance's options by the plugin's table: unknown key, type, bounds, missing. The result has one
/// value per row of the table.
std::vector<OptionValue> bind_options(const std::vector<OptionSpec>& table,
                                      const std::map<std::string, RawValue>& given, const Location& instance_where,
                                      std::string_view instance, Diagnostics& diagnostics);

/// A table's own mistakes: duplicate names, bad default, bad bounds. ok() or the first mistake. Used by the plugin
/// loader through app/ (siblings do not include each other).
Status check_option_table(const std::vector<OptionSpec>& table);

/// Checks [source.streams.*] / [consumer.streams.*] names against the plugin's declarations (a generic plugin may add).
void check_stream_names(const PluginInfo& plugin, const InstanceSettings& instance, Diagnostics& diagnostics);

/// docs/configuration.md: the gateway's own keys and, for each plugin given, its options and streams.
std::string configuration_manual(const std::vector<PluginInfo>& plugins);

/// The known name nearest to `name`, or empty when none is near.
std::string nearest(std::string_view name, const std::vector<std::string>& known);

}  // namespace sluice::config
