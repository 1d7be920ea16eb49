#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.hpp"

namespace sluice::codec {

/// A time zone as in a TZif file (RFC 8536): the transitions listed, and after the last one the POSIX rule of the
/// footer. Read once, from ${TZDIR:-/usr/share/zoneinfo}. Immutable. Thread: any.
class TimeZone {
 public:
  /// "UTC", "local" ($TZ, else /etc/localtime, else UTC) or an IANA name. kNotFound names the file looked for;
  /// kInvalid a file that is no TZif.
  static Result<std::shared_ptr<const TimeZone>> load(std::string_view name);
  /// The content of a TZif file.
  static Result<std::shared_ptr<const TimeZone>> parse(std::string_view tzif);

  /// A span of time [from, until) with one offset; seconds since 1970 UTC.
  struct Span {
    std::int64_t from = INT64_MIN;
    std::int64_t until = INT64_MAX;
    std::int32_t offset = 0;  ///< seconds east of UTC
  };
  [[nodiscard]] bool is_utc() const { return is_utc_; }
  [[nodiscard]] Span span_at(std::int64_t utc_seconds) const;
  /// Offset at a moment; remembers the last span per thread, so that it costs a few comparisons.
  [[nodiscard]] std::int32_t offset_at(std::int64_t utc_seconds) const;
  /// Offset of a local (wall clock) time. A time that occurs twice is the first of the two; one that is skipped counts
  /// with the offset before the change.
  [[nodiscard]] std::int32_t offset_of_local(std::int64_t local_seconds) const;

 private:
  /// One side of a POSIX rule: "M3.2.0/2", "J60", "59".
  struct Change {
    char kind = 'M';
    int month = 0, week = 0, day = 0;
    std::int32_t time = 7200;  ///< seconds after local midnight, -167 to 167 hours
  };
  static std::int64_t change_seconds(const Change& change, std::int64_t year);
  [[nodiscard]] Span span_by_rule(std::int64_t utc_seconds) const;
  [[nodiscard]] const Span& remembered_span_at(std::int64_t utc_seconds) const;
  Status parse_rule(std::string_view rule);

  bool is_utc_ = false;
  std::uint64_t id_ = 0;  ///< tells zones apart in the per-thread memory, where an address could be used again
  std::vector<std::int64_t> at_;
  std::vector<std::int32_t> offset_after_;
  std::int32_t first_offset_ = 0;
  bool has_rule_ = false;
  bool has_summer_ = false;
  std::int32_t standard_offset_ = 0;
  std::int32_t summer_offset_ = 0;
  Change to_summer_;
  Change to_standard_;
};

}  // namespace sluice::codec
