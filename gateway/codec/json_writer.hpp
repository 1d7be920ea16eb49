#pragma once

#include <cstring>
#include <string_view>

#include "codec/appender.hpp"
#include "codec/plan.hpp"
#include "codec/utf8.hpp"

namespace sluice::codec {

/// An Appender that knows JSON strings and a plan's literals.
class JsonWriter : public Appender {
 public:
  using Appender::Appender;

  /// Copies a literal; the caller has made room for size + kLiteralSlack.
  void literal(const Literal& text) {
    std::memcpy(at, text.data, kLiteralSlack);
    if (text.size > kLiteralSlack) [[unlikely]]
      std::memcpy(at, text.data, text.size);
    at += text.size;
  }
  /// A quoted, escaped string. Null, or the first byte of malformed UTF-8.
  const char* string(std::string_view text) {
    if (text.size() > kShortBytes) return long_string(text);
    room(text.size() * 6 + kLiteralSlack);
    *at++ = '"';
    const char* from = text.data();
    const char* end = from + text.size();
    const char* special = copy_plain(from, end);
    if (special != end) [[unlikely]] {
      if (const char* bad = escape(special, end)) return bad;
    }
    *at++ = '"';
    return nullptr;
  }

 private:
  static constexpr std::size_t kShortBytes = 1024;

  /// Copies up to the first special byte or `end`, and returns that place in the input.
  const char* copy_plain(const char* from, const char* end);
  /// Writes [from, end) with escapes; the caller has made room for six times its size.
  const char* escape(const char* from, const char* end);
  const char* long_string(std::string_view text);
};

inline const char* JsonWriter::copy_plain(const char* from, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i space = _mm_set1_epi8(0x20);
  while (end - from >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), bytes);
    const int mask = _mm_movemask_epi8(_mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)), _mm_cmplt_epi8(bytes, space)));
    if (mask != 0) {
      const int plain = __builtin_ctz(static_cast<unsigned>(mask));
      at += plain;
      return from + plain;
    }
    from += 16;
    at += 16;
  }
#endif
  const char* special = find_special(from, end);
  // Fewer than 16 bytes with SSE2; two overlapping moves instead of a call.
  const auto size = static_cast<std::size_t>(special - from);
  if (size >= 8 && size <= 16) {
    std::memcpy(at, from, 8);
    std::memcpy(at + size - 8, special - 8, 8);
  } else if (size >= 4 && size < 8) {
    std::memcpy(at, from, 4);
    std::memcpy(at + size - 4, special - 4, 4);
  } else if (size < 4) {
    for (std::size_t i = 0; i < size; ++i) at[i] = from[i];
  } else {
    std::memcpy(at, from, size);
  }
  at += size;
  return special;
}

}  // namespace sluice::codec
