#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/command.hpp"
#include "core/version.hpp"

namespace sluice::cli {
namespace {

/// CLI11 would only say that a subcommand is missing.
bool is_unknown_command(const CLI::App& root, const std::string& word) {
  if (word.empty() || word.front() == '-') return false;
  std::string known;
  for (const CLI::App* command : root.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == word) return false;
    if (!command->get_group().empty()) known += (known.empty() ? "" : ", ") + command->get_name();
  }
  std::fprintf(stderr, "error: unknown command '%s', expected one of %s\n", word.c_str(), known.c_str());
  return true;
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App root{"sluice: sensor and event gateway between plugins and Kafka", "sluice"};
  root.set_version_flag("--version", kVersion);
  root.require_subcommand(1);
  root.set_help_all_flag("--help-all", "Help of every command");
  int exit_code = kDone;
  for (auto* add : {add_run, add_check, add_plugins, add_simulate, add_tail, add_topics, add_groups, add_table,
                    add_status, add_broker, add_plugin_probe}) {
    add(root, exit_code);
  }
  if (argc > 1 && is_unknown_command(root, argv[1])) return kUsage;
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? kDone : kUsage;
  }
  return exit_code;
}

}  // namespace sluice::cli
