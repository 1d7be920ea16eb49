#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::json_files {

/// One event as a line of a file, without its end. Pure; any thread.
struct RowFacts {
  std::string_view topic;
  std::int32_t partition = -1;
  std::int64_t offset = 0;
  std::int64_t event_time_us = 0;
  std::string_view key;
};

/// The payload as one line of JSON. JSON text stays as it is, but for line ends between its values; other bytes (of a
/// stream without a schema) become a JSON string, what is not UTF-8 in them U+FFFD.
void append_value(std::string_view payload, bool is_known_json, std::string& out);

/// {"topic":…,"partition":…,"offset":…,"time":…,"key":…,"value":…}; a deleted row has the value null.
void append_envelope(const RowFacts& facts, std::string_view payload, bool is_known_json, bool is_delete,
                     std::string& out);

/// "2025-11-04T10:30:00.123456Z"
std::string iso_time(std::int64_t time_us);

}  // namespace sluice::json_files
