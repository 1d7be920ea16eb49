#include "console/text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace sluice::console {
namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

unsigned char byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

/// Bytes of the code point that begins at `at`; 0 when none does.
std::size_t code_point_bytes(std::string_view text, std::size_t at) {
  const unsigned char first = byte_at(text, at);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first < 0xE0   ? 2
                           : first >= 0xE0 && first < 0xF0 ? 3
                           : first >= 0xF0 && first < 0xF5 ? 4
                                                           : 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte_at(text, at + i) & 0xC0U) != 0x80) return 0;
  }
  return size;
}

/// Bytes of the first `columns` code points.
std::size_t prefix_bytes(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  for (; columns > 0 && at < text.size(); --columns) {
    ++at;
    while (at < text.size() && (byte_at(text, at) & 0xC0U) == 0x80) ++at;
  }
  return at;
}

bool ends_with_bytes(std::string_view field, std::string_view& suffix) {
  suffix = field.ends_with("_per_second") ? "/s" : "";
  return field.ends_with("_bytes") || field.ends_with("_bytes_per_second");
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = code_point_bytes(bytes, at);
    const unsigned char first = byte_at(bytes, at);
    const bool is_control = first < 0x20 || first == 0x7F || (first == 0xC2 && byte_at(bytes, at + 1) < 0xA0);
    if (size == 0 || is_control) {
      out += '?';
    } else {
      out.append(bytes.substr(at, size));
    }
    at += size == 0 ? 1 : size;
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xC0U) == 0x80 ? 0 : 1;
  return width;
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  if (width == 0) return {};
  return std::string(text.substr(0, prefix_bytes(text, width - 1))) + std::string(kEllipsis);
}

std::string fitted(std::string_view text, std::size_t width, bool is_right_aligned) {
  std::string out = cut(text, width);
  const std::string fill(width - width_of(out), ' ');
  return is_right_aligned ? fill + out : out + fill;
}

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string readable_number(std::string_view json, std::string_view field) {
  double value = 0;
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), value);
  if (error != std::errc{} || end != json.data() + json.size()) return std::string(json);
  std::array<char, 64> text{};
  std::string_view suffix;
  if (ends_with_bytes(field, suffix)) {
    constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    std::size_t unit = 0;
    while (std::fabs(value) >= 1024 && unit + 1 < kUnits.size()) {
      value /= 1024;
      ++unit;
    }
    std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
    return text.data() + std::string(suffix);
  }
  if (json.find_first_of(".eE") == std::string_view::npos) return std::string(json);
  if (value != 0 && (std::fabs(value) < 0.01 || std::fabs(value) >= 1e9)) {
    std::snprintf(text.data(), text.size(), "%.3g", value);
  } else {
    std::snprintf(text.data(), text.size(), std::fabs(value) >= 1000 ? "%.1f" : "%.2f", value);
  }
  return text.data();
}

std::string clock_text(std::int64_t time_us) {
  const std::int64_t micros = ((time_us % 1'000'000) + 1'000'000) % 1'000'000;
  const auto seconds = static_cast<std::time_t>((time_us - micros) / 1'000'000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(micros / 1000));
  return text.data();
}

}  // namespace sluice::console
