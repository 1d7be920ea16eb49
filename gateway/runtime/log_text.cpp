#include "runtime/log_text.hpp"

#include <cstddef>
#include <cstdint>

namespace sluice::runtime {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::uint8_t byte_at(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }

/// Bytes of the valid UTF-8 sequence at the front; 0: it is not valid.
std::size_t sequence_size(std::string_view text) {
  const std::uint8_t lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte_at(text, i) & 0xc0U) != 0x80) return 0;
  }
  const std::uint8_t second = byte_at(text, 1);
  const bool is_overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool is_surrogate = lead == 0xed && second > 0x9f;
  const bool is_too_large = lead == 0xf4 && second > 0x8f;
  return is_overlong || is_surrogate || is_too_large ? 0 : size;
}

/// The control character of one or two bytes at the front, or -1.
int control_code(std::string_view text, std::size_t size) {
  const std::uint8_t lead = byte_at(text, 0);
  if (size == 1 && (lead < 0x20 || lead == 0x7f)) return lead;
  if (size == 2 && lead == 0xc2 && byte_at(text, 1) < 0xa0) return byte_at(text, 1);
  return -1;
}

void put_hex(std::string& out, std::string_view prefix, unsigned code) {
  out += prefix;
  out += kHex[(code >> 4U) & 15U];
  out += kHex[code & 15U];
}

}  // namespace

std::string escape_for_terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = sequence_size(text);
    const int control = size == 0 ? byte_at(text, 0) : control_code(text, size);
    if (control == '\n') {
      out += "\\n";
    } else if (control == '\t') {
      out += "\\t";
    } else if (control >= 0) {
      put_hex(out, "\\x", static_cast<unsigned>(control));
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::string escape_for_json(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = sequence_size(text);
    const int control = size == 0 ? -1 : control_code(text, size);
    if (size == 0) {
      out += "\\ufffd";
    } else if (control == '\n') {
      out += "\\n";
    } else if (control >= 0) {
      put_hex(out, "\\u00", static_cast<unsigned>(control));
    } else {
      if (text.front() == '"' || text.front() == '\\') out += '\\';
      out += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

}  // namespace sluice::runtime
