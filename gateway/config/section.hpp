#pragma once

#include <string>
#include <vector>

#include "config/keys.hpp"
#include "config/node.hpp"

namespace sluice::config {

/// The checked values of one table: each key typed and within its bounds, its default where it is absent or wrong. What
/// is wrong, unknown keys included, goes to `diagnostics` on construction.
class Section {
 public:
  /// `table` is borrowed and may be null (absent): then everything is a default. `owner` names an instance or stream.
  Section(const SectionSpec& spec, const Node* table, const std::string& owner, Diagnostics& diagnostics);

  /// `name` must be a key of the spec.
  [[nodiscard]] const OptionValue& operator[](std::string_view name) const;
  /// Of the value if it is given, else of the table.
  [[nodiscard]] Location where(std::string_view name) const;
  /// The table below this one; null when absent or wrong.
  [[nodiscard]] const Node* table(std::string_view name) const;

 private:
  void check_unknown(const std::string& owner, Diagnostics& diagnostics) const;

  const SectionSpec& spec_;
  const Node* table_;
  std::vector<OptionValue> values_;  // one per key of the spec
};

}  // namespace sluice::config
