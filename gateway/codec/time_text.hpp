#pragma once

#include <cstdint>
#include <string_view>

#include "codec/time_zone.hpp"

namespace sluice::codec {

/// Writes `units` since 1970 as ISO 8601 without quotes: "2025-11-04T10:30:00.123456", in `zone`, followed by Z when
/// `is_utc`. `digits` (0 to 9) of the fraction, rounded down; no fraction when they are all zero. Returns the place
/// behind (at most 31 characters), or null when the year is not 1 to 9999.
char* write_time(char* to, std::int64_t units, std::int64_t units_per_second, unsigned digits, bool is_utc,
                 const TimeZone& zone);

/// Reads "2025-11-04T10:30:00" with 0 to 9 fraction digits and Z, +07:00, +0700, +07 or nothing (then `zone` counts);
/// 't' or a space may stand for T. Finer than the unit is rounded down. False when it is not such a time or does not
/// fit.
bool read_time(std::string_view text, std::int64_t units_per_second, const TimeZone& zone, std::int64_t& units);

}  // namespace sluice::codec
