#pragma once

/// One function per subcommand: adds it to the parser. When the user chose it, its callback runs and sets the exit
/// code: 0 done, 1 failed while running, 2 usage or configuration.

namespace CLI {
class App;
}

namespace sluice::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

void add_run(CLI::App& root, int& exit_code);
void add_check(CLI::App& root, int& exit_code);
void add_plugins(CLI::App& root, int& exit_code);
void add_simulate(CLI::App& root, int& exit_code);
void add_tail(CLI::App& root, int& exit_code);
void add_topics(CLI::App& root, int& exit_code);
void add_groups(CLI::App& root, int& exit_code);
void add_table(CLI::App& root, int& exit_code);
void add_status(CLI::App& root, int& exit_code);
void add_broker(CLI::App& root, int& exit_code);
/// Hidden: the child side of the plugin check.
void add_plugin_probe(CLI::App& root, int& exit_code);

/// Parses and runs. The process's exit code.
int run(int argc, char** argv);

}  // namespace sluice::cli
