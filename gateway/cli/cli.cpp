#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "core/version.hpp"

namespace sluice::cli {

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
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? kDone : kUsage;
  }
  return exit_code;
}

}  // namespace sluice::cli
