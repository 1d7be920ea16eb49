#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/status.hpp"

namespace sluice::config {

/// One whole number and one unit, "us", "ms", "s", "m", "h" or "d": "250ms", "7d". kInvalid: anything else, or more
/// than 292,000 years. Thread: any.
Result<std::int64_t> parse_duration_us(std::string_view text);

/// One whole number with "B", "KiB", "MiB", "GiB", "TiB" or no unit (bytes): "64MiB". kInvalid: anything else, or more
/// than 8 EiB. Thread: any.
Result<std::int64_t> parse_bytes(std::string_view text);

/// A decimal integer, with TOML's underscores: "-5", "1_000". kInvalid: anything else, or out of 64 bits.
Result<std::int64_t> parse_integer(std::string_view text);

/// A finite decimal number: "0.5", "1e3". kInvalid: anything else.
Result<double> parse_number(std::string_view text);

}  // namespace sluice::config
