#include "core/options.hpp"

namespace sluice {

const char* to_string(OptionType type) {
  switch (type) {
    case OptionType::kString:
      return "string";
    case OptionType::kInteger:
      return "integer";
    case OptionType::kNumber:
      return "number";
    case OptionType::kBoolean:
      return "boolean";
    case OptionType::kDuration:
      return "duration";
    case OptionType::kBytes:
      return "bytes";
    case OptionType::kEnum:
      return "enum";
    case OptionType::kList:
      return "list";
  }
  return "?";
}

}  // namespace sluice
