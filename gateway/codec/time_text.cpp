#include "codec/time_text.hpp"

#include <cstring>

#include "codec/calendar.hpp"
#include "codec/number_text.hpp"

namespace sluice::codec {
namespace {

constexpr std::int64_t kDaySeconds = 86400;
constexpr std::int64_t kFirstSecond = days_from_date(1, 1, 1) * kDaySeconds;
constexpr std::int64_t kEndSecond = days_from_date(10000, 1, 1) * kDaySeconds;
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

/// Two digits, or a value above 99 if they are none.
unsigned two_digits(const char* at) {
  const auto high = static_cast<unsigned>(at[0] - '0');
  const auto low = static_cast<unsigned>(at[1] - '0');
  return high > 9 || low > 9 ? 1000 : high * 10 + low;
}

/// Divisions by constants, which are multiplications; there are four units.
std::int64_t nanos_per_unit(std::int64_t units_per_second) {
  return units_per_second == 1'000'000 ? 1000 : kNanosPerSecond / units_per_second;
}
std::int64_t from_nanos(std::int64_t nanos, std::int64_t units_per_second) {
  return units_per_second == 1'000'000 ? nanos / 1000 : nanos / (kNanosPerSecond / units_per_second);
}

/// Eight characters at once: '0' stands for any digit, the others for themselves.
struct Shape {
  std::uint64_t text = 0;
  std::uint64_t limits = 0;  ///< brings a byte's difference to 0x80 when it is too large
};
constexpr Shape shape_of(const char (&text)[9]) {
  Shape shape;
  for (unsigned i = 0; i < 8; ++i) {
    shape.text |= static_cast<std::uint64_t>(text[i]) << (8 * i);
    shape.limits |= std::uint64_t{text[i] == '0' ? 0x76U : 0x7fU} << (8 * i);
  }
  return shape;
}
constexpr Shape kDateShape = shape_of("0000-00-");
constexpr Shape kClockShape = shape_of("00T00:00");

/// Turns characters of that shape into numbers: byte i is then the two digits at i and i + 1. False for another shape.
inline bool to_pairs(std::uint64_t& bytes, const Shape& shape) {
  const std::uint64_t digits = bytes ^ shape.text;
  bytes = digits * 10 + (digits >> 8);
  return ((digits | (digits + shape.limits)) & 0x8080808080808080U) == 0;
}
constexpr unsigned pair_at(std::uint64_t pairs, unsigned place) {
  return static_cast<unsigned>(pairs >> (8 * place)) & 0xff;
}

}  // namespace

char* write_time(char* to, std::int64_t units, std::int64_t units_per_second, unsigned digits, bool is_utc,
                 const TimeZone& zone) {
  std::int64_t seconds = 0;
  std::int64_t rest = 0;
  // Constant divisors are multiplications.
  if (units_per_second == 1'000'000) {
    seconds = floor_div(units, 1'000'000);
    rest = units - seconds * 1'000'000;
  } else {
    seconds = floor_div(units, units_per_second);
    rest = units - seconds * units_per_second;
  }
  if (!is_utc && seconds >= kFirstSecond - kDaySeconds && seconds <= kEndSecond) seconds += zone.offset_at(seconds);
  if (seconds < kFirstSecond || seconds >= kEndSecond) return nullptr;

  const std::int64_t days = floor_div(seconds, kDaySeconds);
  const auto in_day = static_cast<unsigned>(seconds - days * kDaySeconds);
  const Date date = date_from_days(days);
  const auto year = static_cast<unsigned>(date.year);
  to = write_two_digits(to, year / 100);
  to = write_two_digits(to, year % 100);
  *to++ = '-';
  to = write_two_digits(to, date.month);
  *to++ = '-';
  to = write_two_digits(to, date.day);
  *to++ = 'T';
  to = write_two_digits(to, in_day / 3600);
  *to++ = ':';
  to = write_two_digits(to, in_day / 60 % 60);
  *to++ = ':';
  to = write_two_digits(to, in_day % 60);
  if (rest != 0 && digits != 0) {
    auto nanos = static_cast<std::uint32_t>(rest * nanos_per_unit(units_per_second));
    char fraction[9];
    bool is_zero = true;
    for (unsigned i = 9; i-- > 0; nanos /= 10) {
      fraction[i] = static_cast<char>('0' + nanos % 10);
      if (i < digits && fraction[i] != '0') is_zero = false;
    }
    if (!is_zero) {
      *to++ = '.';
      for (unsigned i = 0; i < digits; ++i) *to++ = fraction[i];
    }
  }
  if (is_utc) *to++ = 'Z';
  return to;
}

bool read_time(std::string_view text, std::int64_t units_per_second, const TimeZone& zone, std::int64_t& units) {
  constexpr std::size_t kWithoutFraction = 19;
  if (text.size() < kWithoutFraction) return false;
  const char* at = text.data();
  const char* end = at + text.size();
  std::uint64_t date = 0;
  std::uint64_t clock = 0;
  std::memcpy(&date, at, 8);
  std::memcpy(&clock, at + 8, 8);
  // What separates date and time is checked by itself.
  const char separator = at[10];
  clock = (clock & ~(std::uint64_t{0xff} << 16)) | std::uint64_t{'T'} << 16;
  if ((separator != 'T' && separator != 't' && separator != ' ') || at[16] != ':' || !to_pairs(date, kDateShape) ||
      !to_pairs(clock, kClockShape)) {
    return false;
  }
  const unsigned year = pair_at(date, 0) * 100 + pair_at(date, 2);
  const unsigned month = pair_at(date, 5);
  const unsigned day = pair_at(clock, 0);
  const unsigned hour = pair_at(clock, 3);
  const unsigned minute = pair_at(clock, 6);
  const unsigned second = two_digits(at + 17);
  if (year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 ||
      day > days_in_month(year, month)) {
    return false;
  }
  std::int64_t seconds =
      days_from_date(year, month, day) * kDaySeconds + static_cast<std::int64_t>(hour * 3600 + minute * 60 + second);
  at += kWithoutFraction;

  std::int64_t nanos = 0;
  if (at != end && *at == '.') {
    ++at;
    unsigned digits = 0;
    for (; at != end && *at >= '0' && *at <= '9'; ++at, ++digits) {
      if (digits == 9) return false;
      nanos = nanos * 10 + (*at - '0');
    }
    if (digits == 0) return false;
    static constexpr std::int64_t kMissing[] = {0,      100'000'000, 10'000'000, 1'000'000, 100'000,
                                                10'000, 1000,        100,        10,        1};
    nanos *= kMissing[digits];
  }

  if (at == end) {
    seconds -= zone.offset_of_local(seconds);
  } else if (*at == 'Z' || *at == 'z') {
    if (++at != end) return false;
  } else {
    if (*at != '+' && *at != '-') return false;
    const bool is_west = *at++ == '-';
    if (end - at < 2) return false;
    const unsigned hours = two_digits(at);
    unsigned minutes = 0;
    at += 2;
    if (at != end) {
      if (*at == ':') ++at;
      if (end - at != 2) return false;
      minutes = two_digits(at);
    }
    if (hours > 23 || minutes > 59) return false;
    const auto offset = static_cast<std::int64_t>(hours * 3600 + minutes * 60);
    seconds -= is_west ? -offset : offset;
  }
  std::int64_t scaled = 0;
  return !__builtin_mul_overflow(seconds, units_per_second, &scaled) &&
         !__builtin_add_overflow(scaled, from_nanos(nanos, units_per_second), &units);
}

}  // namespace sluice::codec
