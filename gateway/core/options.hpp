#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

enum class OptionType : std::uint8_t {
  kString = 1,
  kInteger,
  kNumber,
  kBoolean,
  kDuration,  ///< value in microseconds
  kBytes,     ///< value in bytes
  kEnum,
  kList,  ///< strings
};

[[nodiscard]] const char* to_string(OptionType type);

/// One row of an option table, the gateway's own or a plugin's. The parser, the validator and the manual read it.
struct OptionSpec {
  std::string name;
  OptionType type = OptionType::kString;
  std::string default_text;  ///< as a user would write it; meaningful only if has_default
  std::string bounds;        ///< "LOW..HIGH" with either side optional, or "a|b|c"
  std::string help;
  bool has_default = false;
  bool is_required = false;
};

/// A checked value, in the order of its table.
struct OptionValue {
  OptionType type = OptionType::kString;
  bool is_set = false;
  bool is_explicit = false;
  std::int64_t integer = 0;  ///< integer, boolean, duration (us), bytes
  double number = 0;
  std::string text;  ///< string, enum
  std::vector<std::string> list;
};

}  // namespace sluice
