#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/child_process.hpp"

namespace sluice::e2e {

using Json = nlohmann::ordered_json;
using Environment = std::map<std::string, std::string>;

/// The program under test, the plugins built with it, and the configurations of the source tree.
[[nodiscard]] std::string sluice_program();
[[nodiscard]] std::string plugin_folder();
[[nodiscard]] std::filesystem::path config_file(const std::string& name);

/// How a command ended. code -1: killed by a signal, or still running after the limit (then it is killed).
struct Finished {
  int code = -1;
  std::string out;
  std::string err;
};

/// Runs a program to its end. Output goes to files in `folder`. `arguments` begin with the program.
Finished run_program(const test::TempFolder& folder, std::vector<std::string> arguments,
                     const Environment& environment = {}, std::chrono::seconds limit = std::chrono::seconds(60));
/// The same for `sluice ARGUMENTS...`.
Finished run_sluice(const test::TempFolder& folder, std::vector<std::string> arguments,
                    const Environment& environment = {}, std::chrono::seconds limit = std::chrono::seconds(60));

/// A running `sluice run CONFIG`, killed when the object goes. Thread: one.
class Gateway {
 public:
  /// Starts it with `--report`; `folder` (which outlives this) takes report and output, named after `name`.
  Gateway(const test::TempFolder& folder, std::string name, const std::filesystem::path& config,
          const std::vector<std::string>& more = {}, const Environment& environment = {});

  test::ChildProcess& process() { return process_; }
  /// Waits for a condition on what GET /api/status answers. False when the gateway ended or time is up.
  bool wait_status(const std::function<bool(const Json&)>& condition,
                   std::chrono::seconds limit = std::chrono::seconds(60));
  /// What GET answers, parsed; nothing unless it is 200.
  std::optional<Json> get(const std::string& target);
  /// Of the interface, once printed; empty when the gateway ended before.
  const std::string& address();

  /// SIGTERM, then as wait().
  test::ChildProcess::Exit stop(std::chrono::seconds limit = std::chrono::seconds(20));
  /// The end; an Exit of code -1 when it still runs after `limit`.
  test::ChildProcess::Exit wait(std::chrono::seconds limit = std::chrono::seconds(60));
  /// The closing account; an empty object when there is none.
  [[nodiscard]] Json report() const;

 private:
  std::filesystem::path report_;
  test::ChildProcess process_;
  std::string address_;
};

/// Every event is accounted for and none is on its way: what must hold in every closing account.
[[nodiscard]] bool is_closed(const Json& account);

}  // namespace sluice::e2e
