#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::codec {

/// Length of the well-formed UTF-8 sequence at `at` that is not ASCII, or 0: no overlong forms, surrogates, values past
/// U+10FFFF, or cut-off sequences.
inline unsigned utf8_sequence(const char* at, const char* end) {
  const auto byte = [at](int i) { return static_cast<std::uint8_t>(at[i]); };
  const auto follows = [&](int i) { return (byte(i) & 0xc0) == 0x80; };
  const std::ptrdiff_t left = end - at;
  const std::uint8_t lead = byte(0);
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return left >= 2 && follows(1) ? 2 : 0;
  if (lead < 0xf0) {
    if (left < 3 || !follows(1) || !follows(2)) return 0;
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;
    if (lead == 0xed && byte(1) >= 0xa0) return 0;
    return 3;
  }
  if (lead < 0xf5) {
    if (left < 4 || !follows(1) || !follows(2) || !follows(3)) return 0;
    if (lead == 0xf0 && byte(1) < 0x90) return 0;
    if (lead == 0xf4 && byte(1) >= 0x90) return 0;
    return 4;
  }
  return 0;
}

/// First byte at or after `at` that is not plain in a JSON string: a quote, a backslash, below 0x20 or above 0x7f.
inline const char* find_special(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i space = _mm_set1_epi8(0x20);
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // As signed bytes, everything above 0x7f is below 0x20 too.
    const __m128i hits = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                                      _mm_cmplt_epi8(bytes, space));
    const int mask = _mm_movemask_epi8(hits);
    if (mask != 0) return at + __builtin_ctz(static_cast<unsigned>(mask));
    at += 16;
  }
#endif
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHighs = 0x8080808080808080U;
  while (end - at >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    // The classic zero-byte test: exact for the lowest hit, which is the one asked for.
    const std::uint64_t is_quote = ((word ^ (kOnes * '"')) - kOnes) & ~(word ^ (kOnes * '"'));
    const std::uint64_t is_backslash = ((word ^ (kOnes * '\\')) - kOnes) & ~(word ^ (kOnes * '\\'));
    const std::uint64_t is_control = (word - kOnes * 0x20) & ~word;
    const std::uint64_t hits = (is_quote | is_backslash | is_control | word) & kHighs;
    if (hits != 0) return at + (__builtin_ctzll(hits) >> 3);
    at += 8;
  }
  for (; at != end; ++at) {
    const auto byte = static_cast<std::uint8_t>(*at);
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
  }
  return at;
}

/// First byte of the first malformed sequence, or `end`.
[[gnu::noinline]] inline const char* find_bad_utf8_slow(const char* at, const char* end) {
  for (;;) {
    std::uint64_t word = 0;
    while (end - at >= 8) {
      std::memcpy(&word, at, 8);
      if ((word & 0x8080808080808080U) != 0) break;
      at += 8;
    }
    while (at != end && static_cast<std::uint8_t>(*at) < 0x80) ++at;
    if (at == end) return end;
    const unsigned size = utf8_sequence(at, end);
    if (size == 0) return at;
    at += size;
  }
}
inline const char* find_bad_utf8(const char* at, const char* end) {
  // ASCII, which is the rule, by words; the last one overlaps the one before.
  constexpr std::uint64_t kHighs = 0x8080808080808080U;
  const auto size = static_cast<std::size_t>(end - at);
  std::uint64_t seen = 0;
#if defined(__SSE2__)
  if (size >= 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 16));
    for (const char* p = at; end - p > 16; p += 16) {
      bytes = _mm_or_si128(bytes, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    }
    return _mm_movemask_epi8(bytes) == 0 ? end : find_bad_utf8_slow(at, end);
  }
#endif
  if (size >= 8) {
    std::uint64_t word = 0;
    for (const char* p = at; end - p > 8; p += 8) {
      std::memcpy(&word, p, 8);
      seen |= word;
    }
    std::memcpy(&word, end - 8, 8);
    seen |= word;
  } else if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, at, 4);
    std::memcpy(&last, end - 4, 4);
    seen = first | last;
  } else {
    for (std::size_t i = 0; i < size; ++i) seen |= static_cast<std::uint8_t>(at[i]);
  }
  return (seen & kHighs) == 0 ? end : find_bad_utf8_slow(at, end);
}

/// True when [at, at + size) is ASCII, looked at in whole steps up to `end`; false when it is not or `end` is too near.
inline bool is_surely_ascii(const char* at, std::size_t size, const char* end) {
#if defined(__SSE2__)
  const auto left = static_cast<std::size_t>(end - at);
  if (left < ((size + 15) & ~std::size_t{15})) return false;
  for (; size > 16; size -= 16, at += 16) {
    if (_mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))) != 0) return false;
  }
  if (size == 0) return true;
  const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
  return (mask & ((1U << size) - 1)) == 0;
#else
  (void)end;
  return find_bad_utf8(at, at + size) == at + size;
#endif
}

inline bool is_utf8(std::string_view text) {
  const char* end = text.data() + text.size();
  return find_bad_utf8(text.data(), end) == end;
}

}  // namespace sluice::codec
