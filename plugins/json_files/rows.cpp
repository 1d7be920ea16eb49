#include "json_files/rows.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "sluice/json_scan.hpp"

namespace sluice::json_files {
namespace {

struct Nothing {
  void begin(char) {}
  void end(char) {}
  void key(std::string_view) {}
  void scalar(std::string_view) {}
};

/// Bytes of the UTF-8 sequence that begins at `at`; 0 when there is none.
std::size_t sequence_bytes(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first < 0xE0   ? 2
                           : first >= 0xE0 && first < 0xF0 ? 3
                           : first >= 0xF0 && first < 0xF5 ? 4
                                                           : 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80) return 0;
  }
  const unsigned second = byte(at + 1);
  const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_no_character = (first == 0xED && second >= 0xA0) || (first == 0xF4 && second >= 0x90);
  return is_overlong || is_no_character ? 0 : size;
}

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const std::size_t size = sequence_bytes(text, at);
    if (size == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escape.data();
    } else {
      out.append(text.substr(at, size));
    }
    at += size == 0 ? 1 : size;
  }
  out += '"';
}

}  // namespace

void append_value(std::string_view payload, bool is_known_json, std::string& out) {
  Nothing nothing;
  if (!is_known_json && !scan_json(payload, nothing)) return append_quoted(payload, out);
  const std::size_t begin = out.size();
  out += payload;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

std::string iso_time(std::int64_t time_us) {
  const std::int64_t micros = ((time_us % 1'000'000) + 1'000'000) % 1'000'000;
  const auto seconds = static_cast<std::time_t>((time_us - micros) / 1'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(micros));
  return text.data();
}

void append_envelope(const RowFacts& facts, std::string_view payload, bool is_known_json, bool is_delete,
                     std::string& out) {
  out += "{\"topic\":";
  append_quoted(facts.topic, out);
  out += ",\"partition\":" + std::to_string(facts.partition) + ",\"offset\":" + std::to_string(facts.offset);
  out += ",\"time\":\"" + iso_time(facts.event_time_us) + "\",\"key\":";
  append_quoted(facts.key, out);
  out += ",\"value\":";
  if (is_delete) {
    out += "null";
  } else {
    append_value(payload, is_known_json, out);
  }
  out += '}';
}

}  // namespace sluice::json_files
