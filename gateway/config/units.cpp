#include "config/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

namespace sluice::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array kDurationUnits{
    Unit{"us", 1},         Unit{"ms", 1'000},        Unit{"s", 1'000'000},
    Unit{"m", 60'000'000}, Unit{"h", 3'600'000'000}, Unit{"d", 86'400'000'000},
};

constexpr std::array kByteUnits{
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"KiB", std::int64_t{1} << 10U},
    Unit{"MiB", std::int64_t{1} << 20U},
    Unit{"GiB", std::int64_t{1} << 30U},
    Unit{"TiB", std::int64_t{1} << 40U},
};

Status not_a(std::string_view what, std::string_view text) {
  return Status(Code::kInvalid, "'" + std::string(text) + "' is not a " + std::string(what));
}

Result<std::int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units, std::string_view what) {
  std::int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || count < 0 || text.front() == '-') return not_a(what, text);
  const std::string_view unit_name(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& unit : units) {
    if (unit.name != unit_name) continue;
    if (count > std::numeric_limits<std::int64_t>::max() / unit.factor) return not_a(what, text);
    return count * unit.factor;
  }
  return not_a(what, text);
}

}  // namespace

Result<std::int64_t> parse_duration_us(std::string_view text) {
  return parse_with_unit(text, kDurationUnits, "duration");
}

Result<std::int64_t> parse_bytes(std::string_view text) { return parse_with_unit(text, kByteUnits, "size"); }

Result<std::int64_t> parse_integer(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_separator = text[i] == '_' && i > 0 && i + 1 < text.size() && text[i - 1] != '_';
    if (!is_separator) digits.push_back(text[i]);
  }
  if (!digits.empty() && digits.front() == '+') digits.erase(0, 1);
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || rest != end) return not_a("whole number", text);
  return value;
}

Result<double> parse_number(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end || !std::isfinite(value)) return not_a("number", text);
  return value;
}

}  // namespace sluice::config
