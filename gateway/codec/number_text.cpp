#include "codec/number_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace sluice::codec {
namespace {

constexpr std::array<char, 200> make_pairs() {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[i * 2] = static_cast<char>('0' + i / 10);
    pairs[i * 2 + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kPairs = make_pairs();

unsigned count_digits(std::uint64_t value) {
  const unsigned guess = static_cast<unsigned>(64 - __builtin_clzll(value | 1)) * 1233 >> 12;
  return guess + (value >= kIntegerPowers[guess] ? 1 : 0) + (value == 0 ? 1 : 0);
}

/// Exactly `digits` digits, with leading zeros.
void write_digits(char* to, std::uint64_t value, unsigned digits) {
  while (digits >= 2) {
    digits -= 2;
    std::memcpy(to + digits, &kPairs[value % 100 * 2], 2);
    value /= 100;
  }
  if (digits == 1) *to = static_cast<char>('0' + value % 10);
}

/// Decimals with few digits, which is nearly all of what sensors and money give: if m / 10^k is the value itself (a
/// division of two exact doubles rounds once, as reading the text would) and m has at most 15 digits, no other decimal
/// of up to 15 digits reads as it, so the shortest text is m without its trailing zeros. Null when the value is none of
/// these.
char* write_short_decimal(char* to, double magnitude) {
  constexpr double kFifteenDigits = 1e15;
  // Six decimals cover most values, whatever fewer they have; then ten; two are for large ones.
  static constexpr struct {
    unsigned digits;
    double power;
  } kTries[] = {{6, 1e6}, {10, 1e10}, {2, 1e2}};
  for (const auto& attempt : kTries) {
    const double scaled = magnitude * attempt.power;
    if (scaled >= kFifteenDigits) continue;
    const auto whole = static_cast<std::int64_t>(scaled + 0.5);
    if (static_cast<double>(whole) / attempt.power != magnitude) continue;
    const std::uint64_t unit = kIntegerPowers[attempt.digits];
    const std::uint64_t above = static_cast<std::uint64_t>(whole) / unit;
    const std::uint64_t fraction = static_cast<std::uint64_t>(whole) % unit;
    to = write_unsigned(to, above);
    *to++ = '.';
    unsigned digits = attempt.digits;
    write_digits(to, fraction, digits);
    while (digits > 1 && to[digits - 1] == '0') --digits;
    return to + digits;
  }
  return nullptr;
}

template <class Float>
char* write_shortest(char* to, Float value) {
  if (!std::isfinite(value)) {
    std::memcpy(to, "null", 4);
    return to + 4;
  }
  if (std::signbit(value)) {
    *to++ = '-';
    value = -value;
  }
  constexpr Float kLow = static_cast<Float>(1e-4);
  constexpr Float kHigh = static_cast<Float>(1e16);
  const bool is_fixed = value == 0 || (value >= kLow && value < kHigh);
  if constexpr (sizeof(Float) == 8) {
    if (is_fixed) {
      if (char* end = write_short_decimal(to, value)) return end;
    }
  }
  const auto result = std::to_chars(to, to + kMaxNumberChars - 4, value,
                                    is_fixed ? std::chars_format::fixed : std::chars_format::scientific);
  char* end = result.ptr;
  if (is_fixed && std::memchr(to, '.', static_cast<std::size_t>(end - to)) == nullptr) {
    *end++ = '.';
    *end++ = '0';
  }
  return end;
}

template <class Float>
bool parse_floating(const NumberText& number, Float& value) {
  const char* first = number.text.data();
  const auto result = std::from_chars(first, first + number.text.size(), value);
  if (result.ec == std::errc()) return true;
  // Out of range: too small for any mantissa when the exponent is negative, as 19 digits cannot lift it across.
  if (number.mantissa != 0 && number.exponent > 0) return false;
  value = number.is_negative ? static_cast<Float>(-0.0) : static_cast<Float>(0.0);
  return true;
}

/// Brings mantissa and exponent to an integer; false when a fraction remains or it does not fit.
bool to_whole(const NumberText& number, int exponent, std::uint64_t& whole) {
  if (number.is_cut) return false;
  whole = number.mantissa;
  if (whole == 0) return true;
  for (; exponent < 0 && whole % 10 == 0; ++exponent) whole /= 10;
  if (exponent < 0 || exponent > 19) return false;
  return !__builtin_mul_overflow(whole, kIntegerPowers[static_cast<std::size_t>(exponent)], &whole);
}

bool with_sign(bool is_negative, std::uint64_t whole, std::int64_t& value) {
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;
  if (whole > kLimit - (is_negative ? 0 : 1)) return false;
  value = static_cast<std::int64_t>(is_negative ? ~whole + 1 : whole);
  return true;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

char* write_two_digits(char* to, unsigned value) {
  std::memcpy(to, &kPairs[value * 2], 2);
  return to + 2;
}

char* write_unsigned(char* to, std::uint64_t value) {
  if (value < 10) {
    *to = static_cast<char>('0' + value);
    return to + 1;
  }
  const unsigned digits = count_digits(value);
  write_digits(to, value, digits);
  return to + digits;
}

char* write_double(char* to, double value) { return write_shortest(to, value); }
char* write_float(char* to, float value) { return write_shortest(to, value); }

char* write_decimal(char* to, std::int64_t value, unsigned scale) {
  std::uint64_t magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *to++ = '-';
    magnitude = ~magnitude + 1;
  }
  const std::uint64_t unit = kIntegerPowers[scale];
  to = write_unsigned(to, magnitude / unit);
  *to++ = '.';
  write_digits(to, magnitude % unit, scale);
  while (scale > 1 && to[scale - 1] == '0') --scale;
  return to + scale;
}

bool read_number(const char*& at, const char* end, NumberText& number) {
  const char* begin = at;
  const char* p = at;
  number.is_negative = p != end && *p == '-';
  if (number.is_negative) ++p;
  if (p == end || !is_digit(*p)) return false;

  std::uint64_t mantissa = 0;
  const char* digits = p;
  while (p != end && is_digit(*p)) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p++ - '0');
  if (*digits == '0' && p - digits > 1) return false;
  std::ptrdiff_t significant = p - digits;
  int exponent = 0;
  bool is_integer = true;
  if (p != end && *p == '.') {
    const char* fraction = ++p;
    while (p != end && is_digit(*p)) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p++ - '0');
    if (p == fraction) return false;
    exponent = static_cast<int>(fraction - p);
    significant += p - fraction;
    is_integer = false;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    is_integer = false;
    ++p;
    const bool is_down = p != end && *p == '-';
    if (p != end && (*p == '-' || *p == '+')) ++p;
    if (p == end || !is_digit(*p)) return false;
    int power = 0;
    for (; p != end && is_digit(*p); ++p) {
      if (power < 100'000'000) power = power * 10 + (*p - '0');
    }
    exponent += is_down ? -power : power;
  }
  number.is_cut = false;
  if (significant > 19) {
    // Leading zeros are no significant digits; count again without them and without those that do not fit.
    mantissa = 0;
    significant = 0;
    int dropped = 0;
    for (const char* c = digits; c != p && *c != 'e' && *c != 'E'; ++c) {
      if (*c == '.' || (mantissa == 0 && *c == '0')) continue;
      if (significant < 19) {
        mantissa = mantissa * 10 + static_cast<std::uint64_t>(*c - '0');
        ++significant;
      } else {
        ++dropped;
        if (*c != '0') number.is_cut = true;
      }
    }
    exponent += dropped;
  }
  number.text = {begin, static_cast<std::size_t>(p - begin)};
  number.is_integer = is_integer;
  number.mantissa = mantissa;
  number.exponent = exponent;
  at = p;
  return true;
}

bool read_longer_number(const char*& at, const char* end, SimpleNumber& number) {
  const char* p = at;
  number.is_negative = p != end && *p == '-';
  if (number.is_negative) ++p;
  const char* const digits = p;
  std::uint64_t mantissa = 0;
  for (; p != end && is_digit(*p); ++p) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p - '0');
  auto count = p - digits;
  if (count == 0 || (*digits == '0' && count > 1)) return false;
  number.fraction_digits = 0;
  if (p != end && *p == '.') {
    const char* const fraction = ++p;
    for (; p != end && is_digit(*p); ++p) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p - '0');
    if (p == fraction) return false;
    number.fraction_digits = static_cast<unsigned>(p - fraction);
    count += p - fraction;
  }
  if (count > 18 || (p != end && (*p | 0x20) == 'e')) return false;
  number.mantissa = mantissa;
  at = p;
  return true;
}

bool to_unsigned(const NumberText& number, std::uint64_t& value) {
  if (!to_whole(number, number.exponent, value)) {
    // 20 digits: only integers of the largest size get here.
    if (!number.is_integer || number.is_negative) return false;
    const auto result = std::from_chars(number.text.data(), number.text.data() + number.text.size(), value);
    return result.ec == std::errc();
  }
  return !number.is_negative || value == 0;
}

bool to_signed(const NumberText& number, std::int64_t& value) {
  std::uint64_t whole = 0;
  return to_whole(number, number.exponent, whole) && with_sign(number.is_negative, whole, value);
}

bool to_double(const NumberText& number, double& value) {
  // Clinger's fast path: both sides are exact, so the one operation rounds correctly.
  if (!number.is_cut && number.mantissa <= kExactInteger && number.exponent >= -22 && number.exponent <= 22) {
    const double power = kDoublePowers[number.exponent < 0 ? -number.exponent : number.exponent];
    const auto digits = static_cast<double>(number.mantissa);
    const double magnitude = number.exponent < 0 ? digits / power : digits * power;
    value = number.is_negative ? -magnitude : magnitude;
    return true;
  }
  return parse_floating(number, value);
}

bool to_float(const NumberText& number, float& value) { return parse_floating(number, value); }

bool to_decimal(const NumberText& number, unsigned scale, std::int64_t& value) {
  std::uint64_t whole = 0;
  if (to_whole(number, number.exponent + static_cast<int>(scale), whole)) {
    return with_sign(number.is_negative, whole, value);
  }
  double real = 0;
  if (!to_double(number, real)) return false;
  const double minor = real * kDoublePowers[scale];
  const double nearest = std::nearbyint(minor);
  if (std::abs(nearest) >= static_cast<double>(kExactInteger) || std::abs(minor - nearest) > 1e-6) return false;
  value = static_cast<std::int64_t>(nearest);
  return true;
}

}  // namespace sluice::codec
