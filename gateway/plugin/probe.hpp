#pragma once

#include <chrono>
#include <filesystem>
#include <vector>

#include "core/status.hpp"
#include "plugin/loader.hpp"

namespace sluice::plugin {

/// Loads each plugin once in a short-lived child, `EXECUTABLE plugin-probe PATH`, so that one whose loading kills or
/// hangs its process is refused by name instead of taking the gateway along. The children run side by side; each is
/// killed, with what it started, when `timeout` is over. Returns one status per path, in the same order: ok, the text
/// with which the child refused it, or "killed by signal 6 (SIGABRT) while it was loaded", "did not finish loading
/// within 5 s". The children read /dev/null; what they print is kept (4 KiB) for the text only. Thread: any; blocks for
/// the slowest child, at most `timeout`.
std::vector<Status> probe(const std::filesystem::path& executable, const std::vector<std::filesystem::path>& plugins,
                          std::chrono::milliseconds timeout = std::chrono::seconds(5));

/// The child's side: loads the plugin, answers on standard output and ends the process there and then, without exit
/// handlers: what a plugin does at exit must not follow, or spoil, the answer. So no exit code comes back; the type
/// lets a command return the call. Thread: the main one, with no others.
[[noreturn]] int run_probe(const std::filesystem::path& plugin, const SchemaChecker& schemas,
                           const OptionTableCheck& options);

}  // namespace sluice::plugin
