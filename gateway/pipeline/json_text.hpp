#pragma once

#include <string>
#include <string_view>

namespace sluice::pipeline {

/// Appends `text` as a JSON string; control bytes are escaped, other bytes pass as they are.
inline void append_json_text(std::string& json, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20U || byte == 0x7fU) {
      json += "\\u00";
      json += kHex[byte >> 4U];
      json += kHex[byte & 15U];
    } else {
      json += c;
    }
  }
  json += '"';
}

}  // namespace sluice::pipeline
