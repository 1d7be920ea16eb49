#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Text for a terminal. Pure; any thread.
namespace sluice::console {

/// `bytes` with everything replaced by '?' that a terminal would obey instead of show: control characters, and bytes
/// that are not UTF-8. Payloads come from anywhere, so nothing reaches the screen without this.
std::string printable(std::string_view bytes);

/// Columns it takes; one per code point.
std::size_t width_of(std::string_view text);

/// Exactly `width` columns: filled up, or cut with an ellipsis.
std::string fitted(std::string_view text, std::size_t width, bool is_right_aligned = false);

/// At most `width` columns.
std::string cut(std::string_view text, std::size_t width);

/// 12345 -> "12,345"
std::string with_commas(std::uint64_t number);

/// A JSON number as a person reads it: two decimals at most, bytes as KiB, MiB, ... when the field's name says that it
/// is bytes.
std::string readable_number(std::string_view json, std::string_view field);

/// "14:03:59.123", local time.
std::string clock_text(std::int64_t time_us);

}  // namespace sluice::console
