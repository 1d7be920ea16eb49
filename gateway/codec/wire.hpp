#pragma once

/// Reading and writing protobuf wire bytes by hand. Readers take [at, end), move `at` behind what they read and give
/// false (then `at` is unspecified) when the bytes end early or are malformed; they never read outside the range.
///
///   record  = tag value          tag = varint(field number << 3 | wire type), field number 1 .. 2^29-1
///   value   = varint (0) | 8 bytes LE (1) | varint length + bytes (2) | 4 bytes LE (5); groups (3, 4) are refused

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/buffer.hpp"

namespace sluice::codec {

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr std::uint32_t kMaxFieldNumber = (1U << 29) - 1;
constexpr std::size_t kMaxVarintBytes = 10;

inline std::uint32_t make_tag(std::uint32_t number, WireType wire) {
  return number << 3 | static_cast<std::uint32_t>(wire);
}

inline std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
inline std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

[[gnu::noinline]] inline bool read_varint_by_byte(const char*& at, const char* end, std::uint64_t& value) {
  std::uint64_t result = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (at == end) return false;
    const auto byte = static_cast<std::uint8_t>(*at++);
    // The tenth byte holds the 64th bit only.
    if (shift == 63 && byte > 1) return false;
    result |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = result;
      return true;
    }
  }
  return false;
}

/// Up to eight bytes, which hold today's times in microseconds, by one load.
inline bool read_long_varint(const char*& at, const char* end, std::uint64_t& value) {
  if (end - at < 8) return read_varint_by_byte(at, end, value);
  std::uint64_t word = 0;
  std::memcpy(&word, at, 8);
  const std::uint64_t stops = ~word & 0x8080808080808080U;
  if (stops == 0) return read_varint_by_byte(at, end, value);
  at += (std::countr_zero(stops) >> 3) + 1;
  word &= stops ^ (stops - 1);  // up to and including the last byte's top bit
  word &= 0x7f7f7f7f7f7f7f7fU;
  word = (word & 0x007f007f007f007fU) | (word & 0x7f007f007f007f00U) >> 1;
  word = (word & 0x00003fff00003fffU) | (word & 0x3fff00003fff0000U) >> 2;
  value = (word & 0x000000000fffffffU) | (word & 0x0fffffff00000000U) >> 4;
  return true;
}

inline bool read_varint(const char*& at, const char* end, std::uint64_t& value) {
  if (at != end && static_cast<std::uint8_t>(*at) < 0x80) [[likely]] {
    value = static_cast<std::uint8_t>(*at++);
    return true;
  }
  return read_long_varint(at, end, value);
}

/// A tag with a legal field number and wire type.
inline bool read_tag(const char*& at, const char* end, std::uint32_t& tag) {
  std::uint64_t value = 0;
  if (!read_varint(at, end, value) || value > UINT32_MAX) return false;
  tag = static_cast<std::uint32_t>(value);
  const std::uint32_t wire = tag & 7;
  return tag >= 8 && (wire <= 2 || wire == 5);
}

/// Fixed-width little-endian integers; sluice builds for little-endian machines only.
static_assert(std::endian::native == std::endian::little);

template <class Unsigned>
inline bool read_fixed(const char*& at, const char* end, Unsigned& value) {
  if (static_cast<std::size_t>(end - at) < sizeof value) return false;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return true;
}

inline bool read_bytes(const char*& at, const char* end, std::string_view& bytes) {
  std::uint64_t size = 0;
  if (!read_varint(at, end, size) || size > static_cast<std::uint64_t>(end - at)) return false;
  bytes = {at, static_cast<std::size_t>(size)};
  at += size;
  return true;
}

/// Moves behind the value of a record whose tag was read by read_tag().
inline bool skip_value(const char*& at, const char* end, std::uint32_t tag) {
  std::uint64_t ignored = 0;
  switch (static_cast<WireType>(tag & 7)) {
    case WireType::kVarint:
      return read_varint(at, end, ignored);
    case WireType::kFixed64:
      if (end - at < 8) return false;
      at += 8;
      return true;
    case WireType::kFixed32:
      if (end - at < 4) return false;
      at += 4;
      return true;
    case WireType::kBytes:
      if (!read_varint(at, end, ignored) || ignored > static_cast<std::uint64_t>(end - at)) return false;
      at += ignored;
      return true;
  }
  return false;
}

/// Writes at most kMaxVarintBytes and returns the place behind them.
inline char* write_varint(char* to, std::uint64_t value) {
  if (value < 0x80) [[likely]] {
    *to = static_cast<char>(value);
    return to + 1;
  }
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

inline std::size_t varint_bytes(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

inline void append_varint(Buffer& out, std::uint64_t value) {
  char* to = out.prepare(kMaxVarintBytes);
  out.commit(static_cast<std::size_t>(write_varint(to, value) - to));
}

}  // namespace sluice::codec
