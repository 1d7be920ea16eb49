#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::codec {

/// Room that any one number, time or decimal below needs.
constexpr std::size_t kMaxNumberChars = 48;

/// Each writes at most kMaxNumberChars and returns the place behind them.
char* write_unsigned(char* to, std::uint64_t value);
inline char* write_signed(char* to, std::int64_t value) {
  if (value >= 0) [[likely]]
    return write_unsigned(to, static_cast<std::uint64_t>(value));
  *to++ = '-';
  return write_unsigned(to, ~static_cast<std::uint64_t>(value) + 1);
}
/// Two decimal digits of a value below 100.
char* write_two_digits(char* to, unsigned value);

/// Shortest text that reads back as the same value, laid out as Python's repr does: always with a fraction (90.0), with
/// an exponent below 1e-4 and from 1e16 on (1e-05, 1.5e+16). NaN and infinity, which JSON lacks, are "null".
char* write_double(char* to, double value);
char* write_float(char* to, float value);

/// `value` / 10^scale as the shortest decimal with at least one fraction digit: 1250 at 2 is 12.5, 1200 is 12.0.
/// `scale` is 1 to 18.
char* write_decimal(char* to, std::int64_t value, unsigned scale);

/// JSON number grammar: [-] int [frac] [exp]. Taken apart so that integers, decimals and doubles are exact.
struct NumberText {
  std::string_view text;
  bool is_negative = false;
  bool is_integer = false;     ///< neither fraction nor exponent
  bool is_cut = false;         ///< more than 19 significant digits: mantissa holds the first 19
  std::uint64_t mantissa = 0;  ///< digits without the point
  int exponent = 0;            ///< value = mantissa * 10^exponent, unless is_cut
};
/// Moves `at` behind the number; false when there is none.
bool read_number(const char*& at, const char* end, NumberText& number);

/// Powers of ten that are exact doubles, and the integers up to which all are.
inline constexpr double kDoublePowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                           1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
inline constexpr std::uint64_t kIntegerPowers[] = {1U,
                                                   10U,
                                                   100U,
                                                   1000U,
                                                   10'000U,
                                                   100'000U,
                                                   1'000'000U,
                                                   10'000'000U,
                                                   100'000'000U,
                                                   1'000'000'000U,
                                                   10'000'000'000U,
                                                   100'000'000'000U,
                                                   1'000'000'000'000U,
                                                   10'000'000'000'000U,
                                                   100'000'000'000'000U,
                                                   1'000'000'000'000'000U,
                                                   10'000'000'000'000'000U,
                                                   100'000'000'000'000'000U,
                                                   1'000'000'000'000'000'000U,
                                                   10'000'000'000'000'000'000U};
inline constexpr std::uint64_t kExactInteger = std::uint64_t{1} << 53;

/// The common numbers: at most 18 digits, no exponent. The value is mantissa / 10^fraction_digits.
struct SimpleNumber {
  std::uint64_t mantissa = 0;
  unsigned fraction_digits = 0;
  bool is_negative = false;
};
/// The same for numbers of up to 18 digits and those at the end of the text, digit by digit.
bool read_longer_number(const char*& at, const char* end, SimpleNumber& number);

/// The digits at `p`, at most 8 of them, without a branch per digit; `count` says how many. False when there may be
/// more.
inline bool read_few_digits(const char* p, const char* end, std::uint64_t& value, unsigned& count) {
  if (end - p < 8) return false;
  std::uint64_t word = 0;
  std::memcpy(&word, p, 8);
  const std::uint64_t digits = word ^ 0x3030303030303030U;  // 0 to 9 where there is a digit
  const std::uint64_t others = (digits | (digits + 0x7676767676767676U)) & 0x8080808080808080U;
  if (others == 0) return false;
  count = static_cast<unsigned>(std::countr_zero(others)) >> 3;
  // Moved to the end of the word, so that zeros lead; 64 - 0 would be no shift.
  std::uint64_t pairs = count == 0 ? 0 : digits << (64 - 8 * count);
  pairs = pairs * 10 + (pairs >> 8);
  value = (((pairs & 0x000000ff000000ffU) * 0x000f424000000064U) +
           (((pairs >> 16) & 0x000000ff000000ffU) * 0x0000271000000001U)) >>
          32;
  return true;
}

/// Moves `at` behind such a number; false, and `at` as it was, when it is another or none: then read_number() tells.
inline bool read_simple_number(const char*& at, const char* end, SimpleNumber& number) {
  const char* p = at;
  number.is_negative = p != end && *p == '-';
  p += number.is_negative ? 1 : 0;
  std::uint64_t whole = 0;
  unsigned count = 0;
  if (!read_few_digits(p, end, whole, count)) return read_longer_number(at, end, number);
  if (count == 0 || (*p == '0' && count > 1)) return false;
  p += count;
  // At least one byte is left: the one that ended the digits.
  number.mantissa = whole;
  number.fraction_digits = 0;
  if (*p == '.') {
    std::uint64_t fraction = 0;
    if (!read_few_digits(++p, end, fraction, count)) return read_longer_number(at, end, number);
    if (count == 0) return false;
    p += count;
    number.mantissa = whole * kIntegerPowers[count] + fraction;
    number.fraction_digits = count;
  }
  if ((*p | 0x20) == 'e') return false;
  at = p;
  return true;
}

/// False when it needs the long way: not exact in one operation.
inline bool to_double(const SimpleNumber& number, double& value) {
  if (number.mantissa > kExactInteger) return false;
  // Both sides are exact, so that the one division rounds as reading the text would.
  const double magnitude =
      static_cast<double>(static_cast<std::int64_t>(number.mantissa)) / kDoublePowers[number.fraction_digits];
  // Not a branch: signs of measurements are as good as random.
  value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(magnitude) | static_cast<std::uint64_t>(number.is_negative)
                                                                              << 63);
  return true;
}
/// Of at most `scale` decimals; false, too, when the result has more than 18 digits.
inline bool to_decimal(const SimpleNumber& number, unsigned scale, std::int64_t& value) {
  constexpr std::uint64_t kEighteenDigits = 1'000'000'000'000'000'000U;
  if (number.fraction_digits > scale) return false;
  std::uint64_t whole = number.mantissa;
  if (number.fraction_digits != scale) {
    if (__builtin_mul_overflow(whole, kIntegerPowers[scale - number.fraction_digits], &whole)) return false;
  }
  if (whole >= kEighteenDigits) return false;
  value = static_cast<std::int64_t>(whole);
  if (number.is_negative) value = -value;
  return true;
}

/// False when the number is no integer (1.0 and 1e2 are) or does not fit.
bool to_signed(const NumberText& number, std::int64_t& value);
bool to_unsigned(const NumberText& number, std::uint64_t& value);
/// Correctly rounded; too small becomes 0. False when too large.
bool to_double(const NumberText& number, double& value);
bool to_float(const NumberText& number, float& value);
/// Integer minor units. Exact; digits beyond `scale` are taken only when they are the noise of a binary fraction, that
/// is when the value lies within 1e-6 minor units of a whole one (149.97000000000003). False: else, or does not fit.
bool to_decimal(const NumberText& number, unsigned scale, std::int64_t& value);

}  // namespace sluice::codec
