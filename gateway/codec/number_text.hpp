#pragma once

#include <cstddef>
#include <cstdint>
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
