#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/manifest.hpp"
#include "app/plugin_set.hpp"
#include "cli/command.hpp"
#include "cli/kafka_options.hpp"
#include "cli/terminal.hpp"
#include "codec/schema.hpp"
#include "config/load.hpp"
#include "core/clock.hpp"
#include "plugin/probe.hpp"
#include "plugin/quarantine.hpp"
#include "plugin/search.hpp"

namespace sluice::cli {
namespace {

struct PluginsOptions {
  std::string config;
  std::string reset;
  std::vector<std::filesystem::path> folders;
  bool is_json = false;
  bool is_manual = false;
};

int print_table(const std::vector<app::ManifestEntry>& entries) {
  TextTable table({"plugin", "kind", "version", "abi", "streams", "options", "what it does"});
  for (const app::ManifestEntry& entry : entries) {
    if (!entry.refusal.ok()) {
      table.add({entry.name, "refused", "-", "-", "-", "-", entry.refusal.text()});
      continue;
    }
    const PluginInfo& plugin = entry.info;
    std::string streams;
    for (const StreamDeclaration& stream : plugin.streams) {
      streams +=
          (streams.empty() ? "" : " ") + std::string(stream.direction == Direction::kIn ? "<" : ">") + stream.name;
    }
    table.add({plugin.name, plugin.kind == PluginKind::kSource ? "source" : "consumer", plugin.version,
               std::to_string(plugin.abi_major) + "." + std::to_string(plugin.abi_minor),
               streams.empty() ? "-" : streams, std::to_string(plugin.options.size()), plugin.description});
  }
  table.print(stdout);
  const bool is_refused =
      std::any_of(entries.begin(), entries.end(), [](const auto& entry) { return !entry.refusal.ok(); });
  return is_refused ? kFailed : kDone;
}

int print_quarantine(const std::filesystem::path& state_dir, const std::string& reset) {
  const SystemClock clock;
  auto quarantine = plugin::Quarantine::open(state_dir, clock, plugin::Quarantine::Mode::kInspect);
  if (!quarantine) return report_error(quarantine.status());
  if (!reset.empty()) {
    if (Status status = (*quarantine)->reset(reset); !status.ok()) return report_error(status);
    std::printf("instance '%s': its crashes are forgotten; it starts again with the next start of the gateway\n",
                reset.c_str());
    return kDone;
  }
  for (const plugin::QuarantineEntry& entry : (*quarantine)->list()) {
    std::printf("%s instance '%s': %zu crashes, the last %s%s\n", entry.is_quarantined ? "quarantined" : "watched",
                entry.instance.c_str(), entry.crashes, entry.last_crash.c_str(),
                entry.is_quarantined ? "; lift it with --reset, or replace the plugin's file" : "");
  }
  return kDone;
}

int run_plugins(const PluginsOptions& options) {
  config::Diagnostics diagnostics;
  config::Config config;
  if (!options.config.empty()) config = config::load(options.config, {}, diagnostics);
  for (const auto& diagnostic : diagnostics.all()) std::fprintf(stderr, "%s\n", diagnostic.to_string().c_str());
  if (diagnostics.has_errors()) return kUsage;
  if (!options.reset.empty()) {
    if (options.config.empty())
      return report_error(Status(Code::kInvalid, "--reset needs CONFIG, whose state_dir holds the quarantine"));
    return print_quarantine(config.gateway.state_dir, options.reset);
  }
  if (!options.folders.empty()) config.gateway.plugin_path = options.folders;
  const std::vector<app::ManifestEntry> entries = app::manifest(app::plugin_folders(config));
  if (options.is_manual) {
    std::vector<PluginInfo> plugins;
    for (const app::ManifestEntry& entry : entries) {
      if (entry.refusal.ok()) plugins.push_back(entry.info);
    }
    std::fputs(config::configuration_manual(plugins).c_str(), stdout);
    return kDone;
  }
  if (options.is_json) {
    std::printf("%s\n", app::manifest_json(entries).c_str());
    return kDone;
  }
  const int shown = print_table(entries);
  if (options.config.empty()) return shown;
  return std::max(shown, print_quarantine(config.gateway.state_dir, ""));
}

}  // namespace

void add_plugins(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("plugins", "The plugins found: versions, streams, options, quarantine");
  auto options = std::make_shared<PluginsOptions>();
  command->add_option("CONFIG", options->config, "Configuration whose plugin_path and state_dir are used");
  command->add_option("--plugin-path", options->folders, "Folder with plugins, instead of the configured ones");
  command->add_option("--reset", options->reset, "Lift the quarantine of this instance");
  command->add_flag("--json", options->is_json, "The whole manifest as JSON");
  command->add_flag("--manual", options->is_manual,
                    "Every key of a configuration and every option of the plugins, as Markdown");
  command->callback([options, &exit_code] { exit_code = run_plugins(*options); });
}

void add_plugin_probe(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("plugin-probe", "Load one plugin and say what is wrong with it")->group("");
  auto path = std::make_shared<std::string>();
  command->add_option("PATH", *path, "The plugin's file")->required();
  command->callback([path, &exit_code] {
    exit_code = plugin::run_probe(*path, *codec::make_schema_checker(), config::check_option_table);
  });
}

}  // namespace sluice::cli
