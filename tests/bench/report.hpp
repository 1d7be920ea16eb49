#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sluice::bench {

enum class Bound { kAtLeast, kAtMost, kNone };

/// One line of the result: a gate, or with Bound::kNone a figure beside it.
struct Line {
  std::string id;
  std::string what;
  double figure = 0;
  std::string unit;  ///< "" for a ratio
  Bound bound = Bound::kNone;
  double gate = 0;
  std::string detail = {};  ///< what the figure was made of

  [[nodiscard]] bool is_met() const {
    return bound == Bound::kNone || (bound == Bound::kAtLeast ? figure >= gate : figure <= gate);
  }
};

/// Prints lines as they come and writes the whole as JSON and as a Markdown table.
class Report {
 public:
  void add(Line line);
  /// The gate could not be measured: counts as short, with the reason.
  void add_failure(const std::string& id, const std::string& reason);
  void set_fact(const std::string& name, const std::string& value) { facts_.emplace_back(name, value); }
  void write(const std::filesystem::path& folder) const;  ///< bench.json and bench.md

 private:
  std::vector<Line> lines_;
  std::vector<std::pair<std::string, std::string>> facts_;
};

/// Kernel, processor, compiler and so on, of this machine and this program.
void add_machine_facts(Report& report);

}  // namespace sluice::bench
