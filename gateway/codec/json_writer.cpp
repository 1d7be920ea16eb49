#include "codec/json_writer.hpp"

#include <algorithm>
#include <array>

namespace sluice::codec {
namespace {

constexpr char kHex[] = "0123456789abcdef";

/// The letter of the two-character escapes; 0 for the others.
constexpr std::array<char, 128> make_short_escapes() {
  std::array<char, 128> escapes{};
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  return escapes;
}
constexpr std::array<char, 128> kShortEscapes = make_short_escapes();

}  // namespace

const char* JsonWriter::escape(const char* from, const char* end) {
  while (from != end) {
    const auto byte = static_cast<std::uint8_t>(*from);
    if (byte >= 0x80) {
      const unsigned size = utf8_sequence(from, end);
      if (size == 0) return from;
      std::memcpy(at, from, size);
      at += size;
      from += size;
    } else {
      *at++ = '\\';
      if (kShortEscapes[byte] != 0) {
        *at++ = kShortEscapes[byte];
      } else {
        std::memcpy(at, "u00", 3);
        at[3] = kHex[byte >> 4];
        at[4] = kHex[byte & 15];
        at += 5;
      }
      ++from;
    }
    from = copy_plain(from, end);
  }
  return nullptr;
}

const char* JsonWriter::long_string(std::string_view text) {
  room(kLiteralSlack);
  *at++ = '"';
  const char* from = text.data();
  const char* end = from + text.size();
  while (from != end) {
    // A piece must not end inside a UTF-8 sequence: give back the lead of a cut one.
    const char* stop = from + std::min<std::ptrdiff_t>(kShortBytes, end - from);
    if (stop != end) {
      const char* lead = stop;
      while (lead > stop - 3 && (static_cast<std::uint8_t>(*lead) & 0xc0) == 0x80) --lead;
      if ((static_cast<std::uint8_t>(*lead) & 0xc0) == 0xc0) stop = lead;
    }
    room(static_cast<std::size_t>(stop - from) * 6 + kLiteralSlack);
    const char* special = copy_plain(from, stop);
    if (special != stop) {
      if (const char* bad = escape(special, stop)) return bad;
    }
    from = stop;
  }
  room(kLiteralSlack);
  *at++ = '"';
  return nullptr;
}

}  // namespace sluice::codec
