#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/load.hpp"

namespace sluice::config {

/// A parsed document, apart from the parser that read it: what files, conf.d and --set are merged as. A value type.
struct Node {
  enum class Kind : std::uint8_t { kString = 1, kInteger, kNumber, kBoolean, kArray, kTable, kTime, kBroken };

  Kind kind = Kind::kTable;  ///< kBroken: what is wrong with it was reported already
  bool is_untyped = false;   ///< text from the environment or --set: may become what the key wants
  std::string key;           ///< in its table; empty for the root and for members of an array
  Location where;            ///< of the value
  Location key_where;
  std::string text;            ///< kString
  std::int64_t integer = 0;    ///< kInteger; kBoolean as 0 and 1
  double number = 0;           ///< kNumber
  std::vector<Node> children;  ///< kTable: members with different keys; kArray: items

  [[nodiscard]] Node* find(std::string_view name);
  [[nodiscard]] const Node* find(std::string_view name) const;
  [[nodiscard]] bool is_table() const { return kind == Kind::kTable; }
  [[nodiscard]] bool is_array_of_tables() const;
  /// "a string", "an integer", "a table" …, for messages.
  [[nodiscard]] const char* kind_name() const;
};

/// Reads TOML text; null after a syntax error or a limit (nesting, dots in a line), which is in `diagnostics`.
/// `file` is only used for positions. Implemented in toml_reader.cpp, the only file that sees the parser.
std::optional<Node> read_toml(std::string_view text, const std::string& file, Diagnostics& diagnostics);

/// Reads one TOML value, such as [1, 2] or "text"; null if it is none. All positions are `where`.
std::optional<Node> read_toml_value(std::string_view text, const Location& where);

/// A scalar or a list of strings as bind_value takes it; null, with an error about `what`, for everything else (without
/// one for what is broken).
std::optional<RawValue> to_raw_value(const Node& node, const std::string& what, Diagnostics& diagnostics);

/// Replaces ${NAME} and ${NAME:-default} in every string below `root`; "$${" stands for "${". A value that is one
/// replacement and nothing else becomes untyped.
void expand_environment(Node& root, const std::function<const char*(const char*)>& environment,
                        Diagnostics& diagnostics);

/// Lays `overlay` over `base`: tables are merged, arrays of tables appended, everything else replaced.
void merge_into(Node& base, Node overlay, Diagnostics& diagnostics);

/// [kafka.properties] with dotted keys: turns nested tables into properties named "a.b.c". Before any merge, so that
/// both spellings are one key.
void flatten_properties(Node& root, Diagnostics& diagnostics);

/// Applies one --set KEY=VALUE.
void apply_override(Node& root, std::string_view assignment, Diagnostics& diagnostics);

}  // namespace sluice::config
