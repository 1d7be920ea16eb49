#pragma once

/// Local times of any zone, without the process-wide TZ of the C library: reads the system's tzdata once.

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "sluice/host.hpp"

namespace sluice::inline sdk {

/// The offsets of one zone. Immutable. Thread: any.
///
/// A TZif file (RFC 8536) has a header of 44 bytes: "TZif", version, 15 reserved bytes, then six big-endian 32-bit
/// counts (isutc, isstd, leap, transitions, types, abbreviation bytes). Behind it lie transition times, one type number
/// for each, types of 6 bytes (32-bit offset, is-daylight, abbreviation) and the rest. The block with 32-bit times
/// comes first; from version 2 on a second header and block with 64-bit times follow, and a line with the rule for
/// later years.
class TimeZone {
 public:
  /// UTC.
  TimeZone() = default;

  /// "UTC", "local" (TZ, else /etc/localtime), "+07:00", or an IANA name such as "Asia/Jakarta". Does file I/O.
  /// Errors: std::invalid_argument naming the zone.
  static TimeZone find(std::string_view name) {
    if (name == "UTC") return {};
    TimeZone zone;
    if (zone.read_fixed(name)) return zone;
    std::string path = "/etc/localtime";
    std::string wanted(name);
    if (name == "local") {
      const char* variable = std::getenv("TZ");
      if (variable != nullptr && *variable != '\0') return find(variable[0] == ':' ? variable + 1 : variable);
    } else {
      const bool is_name = !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos;
      path = is_name ? "/usr/share/zoneinfo/" + wanted : "";
    }
    std::string bytes;
    if (std::error_code error; std::filesystem::is_regular_file(path, error)) {
      std::ifstream file(path, std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    if (bytes.empty() && name == "local") return {};  // no /etc/localtime means UTC
    if (!zone.read(bytes)) {
      throw std::invalid_argument("time zone \"" + wanted +
                                  "\" is not known here, expected UTC, local, +07:00 or a name such as Asia/Jakarta");
    }
    return zone;
  }

  /// Seconds that local time is ahead of UTC at that moment.
  [[nodiscard]] std::int64_t offset_s(std::int64_t utc_s) const {
    if (times_.empty() || utc_s < times_.front()) return first_offset_s_;
    if (utc_s >= times_.back() && rule_.has_daylight) return rule_.offset_s(utc_s);
    const auto later = std::upper_bound(times_.begin(), times_.end(), utc_s);
    return offsets_s_[static_cast<std::size_t>(later - times_.begin()) - 1];
  }

  /// "YYYY-MM-DD HH:MM:SS" in this zone, the fraction cut off. Years 0 to 9999.
  [[nodiscard]] std::array<char, 19> text(Time time) const {
    const std::int64_t utc_s = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    const std::int64_t local_s = utc_s + offset_s(utc_s);
    const auto days = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(local_s)));
    const std::chrono::year_month_day date(days);
    const std::int64_t of_day = local_s - std::chrono::sys_seconds(days).time_since_epoch().count();
    std::array<char, 19> result{};
    const auto put = [&](std::size_t at, std::size_t digits, std::int64_t value) {
      for (std::size_t i = digits; i > 0; --i, value /= 10) result[at + i - 1] = static_cast<char>('0' + value % 10);
    };
    put(0, 4, std::clamp(static_cast<int>(date.year()), 0, 9999));
    put(5, 2, static_cast<unsigned>(date.month()));
    put(8, 2, static_cast<unsigned>(date.day()));
    put(11, 2, of_day / 3600);
    put(14, 2, of_day / 60 % 60);
    put(17, 2, of_day % 60);
    result[4] = result[7] = '-';
    result[10] = ' ';
    result[13] = result[16] = ':';
    return result;
  }

 private:
  /// "M3.5.0/2": the last Sunday of March at 2 o'clock.
  struct Change {
    unsigned month = 1;
    unsigned week = 1;  // 5: the last
    unsigned weekday = 0;
    std::int64_t time_s = 7200;  // local time, may be negative or beyond a day

    [[nodiscard]] std::int64_t local_s(std::chrono::year year) const {
      const std::chrono::weekday day(weekday);
      const std::chrono::month in(month);
      const std::chrono::sys_days date = week == 5 ? std::chrono::sys_days(year / in / day[std::chrono::last])
                                                   : std::chrono::sys_days(year / in / day[week]);
      return std::chrono::sys_seconds(date).time_since_epoch().count() + time_s;
    }
  };

  /// The part of a POSIX TZ text that zones still use: "CET-1CEST,M3.5.0,M10.5.0/3".
  struct Rule {
    bool has_daylight = false;
    std::int64_t standard_s = 0;
    std::int64_t daylight_s = 0;
    Change start;
    Change end;

    [[nodiscard]] std::int64_t offset_s(std::int64_t utc_s) const {
      const auto days =
          std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(utc_s + standard_s)));
      const std::chrono::year year = std::chrono::year_month_day(days).year();
      const std::int64_t begin = start.local_s(year) - standard_s;
      const std::int64_t finish = end.local_s(year) - daylight_s;
      const bool is_daylight = begin < finish ? utc_s >= begin && utc_s < finish : utc_s >= begin || utc_s < finish;
      return is_daylight ? daylight_s : standard_s;
    }
  };

  class RuleParser {
   public:
    explicit RuleParser(std::string_view text) : rest_(text) {}
    /// False when the text has no daylight time, or says it in another way.
    bool read(Rule& rule) {
      if (!name() || !clock(rule.standard_s)) return false;
      rule.standard_s = -rule.standard_s;  // POSIX counts westwards
      rule.daylight_s = rule.standard_s + 3600;
      if (!name()) return false;
      if (!rest_.empty() && rest_.front() != ',') {
        if (!clock(rule.daylight_s)) return false;
        rule.daylight_s = -rule.daylight_s;
      }
      rule.has_daylight = change(rule.start) && change(rule.end) && rest_.empty();
      return rule.has_daylight;
    }

   private:
    bool take(char c) {
      if (rest_.empty() || rest_.front() != c) return false;
      rest_.remove_prefix(1);
      return true;
    }
    bool name() {
      const bool is_quoted = take('<');
      const std::size_t end = is_quoted ? rest_.find('>') : rest_.find_first_of("+-,0123456789");
      if (end == 0 || (is_quoted && end == std::string_view::npos)) return false;
      rest_.remove_prefix(std::min(end + (is_quoted ? 1 : 0), rest_.size()));
      return true;
    }
    bool number(std::int64_t& value) {
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
      if (error != std::errc()) return false;
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      return true;
    }
    /// [+-]hh[:mm[:ss]]
    bool clock(std::int64_t& seconds) {
      const bool is_negative = take('-');
      if (!is_negative) take('+');
      std::int64_t hours = 0;
      std::int64_t minutes = 0;
      std::int64_t rest = 0;
      if (!number(hours)) return false;
      if (take(':') && !number(minutes)) return false;
      if (take(':') && !number(rest)) return false;
      seconds = (hours * 60 + minutes) * 60 + rest;
      if (is_negative) seconds = -seconds;
      return true;
    }
    bool change(Change& change) {
      std::int64_t month = 0;
      std::int64_t week = 0;
      std::int64_t weekday = 0;
      if (!take(',') || !take('M') || !number(month) || !take('.') || !number(week) || !take('.') || !number(weekday)) {
        return false;
      }
      if (month < 1 || month > 12 || week < 1 || week > 5 || weekday < 0 || weekday > 6) return false;
      change.month = static_cast<unsigned>(month);
      change.week = static_cast<unsigned>(week);
      change.weekday = static_cast<unsigned>(weekday);
      return !take('/') || clock(change.time_s);
    }
    std::string_view rest_;
  };

  bool read_fixed(std::string_view name) {
    if (name.size() != 6 || (name[0] != '+' && name[0] != '-') || name[3] != ':') return false;
    int digits = 0;
    for (const std::size_t at : {1U, 2U, 4U, 5U}) {
      if (name[at] < '0' || name[at] > '9') return false;
      digits = digits * 10 + (name[at] - '0');
    }
    if (digits / 100 > 23 || digits % 100 > 59) return false;
    first_offset_s_ = (digits / 100 * 60 + digits % 100) * 60 * (name[0] == '-' ? -1 : 1);
    return true;
  }

  static std::int64_t big_endian(std::string_view bytes) {
    std::uint64_t value = (static_cast<unsigned char>(bytes[0]) & 0x80U) != 0 ? ~0ULL : 0;
    for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
  }

  bool read(std::string_view file) {
    constexpr std::size_t kHeader = 44;
    for (std::size_t width = 4;; width = 8) {
      if (file.size() < kHeader || file.substr(0, 4) != "TZif") return false;
      std::array<std::size_t, 6> counts{};
      for (std::size_t i = 0; i < counts.size(); ++i) {
        counts[i] = static_cast<std::size_t>(big_endian(file.substr(20 + 4 * i, 4)));
        if (counts[i] > file.size()) return false;
      }
      const auto [is_utc, is_standard, leaps, transitions, types, letters] = counts;
      const std::size_t size =
          transitions * (width + 1) + types * 6 + letters + leaps * (width + 4) + is_standard + is_utc;
      if (file.size() - kHeader < size || types == 0) return false;
      const bool has_second_block = width == 4 && file[4] >= '2';
      if (has_second_block) {
        file.remove_prefix(kHeader + size);
        continue;
      }
      return read_block(file.substr(kHeader, size), width, transitions, types) &&
             read_rule(file.substr(kHeader + size));
    }
  }

  bool read_block(std::string_view block, std::size_t width, std::size_t transitions, std::size_t types) {
    const std::string_view numbers = block.substr(transitions * width, transitions);
    const std::string_view type_table = block.substr(transitions * (width + 1), types * 6);
    const auto offset_of = [&](std::size_t type) { return big_endian(type_table.substr(type * 6, 4)); };
    first_offset_s_ = offset_of(0);
    for (std::size_t i = 0; i < transitions; ++i) {
      const auto type = static_cast<unsigned char>(numbers[i]);
      if (type >= types) return false;
      times_.push_back(big_endian(block.substr(i * width, width)));
      offsets_s_.push_back(offset_of(type));
    }
    return std::is_sorted(times_.begin(), times_.end());
  }

  bool read_rule(std::string_view footer) {
    if (footer.size() < 2 || footer.front() != '\n') return true;
    Rule rule;
    if (RuleParser(footer.substr(1, footer.size() - 2)).read(rule)) rule_ = rule;
    return true;
  }

  std::int64_t first_offset_s_ = 0;
  std::vector<std::int64_t> times_;
  std::vector<std::int64_t> offsets_s_;  // from the transition of the same place on
  Rule rule_;                            // behind the last transition
};

}  // namespace sluice::inline sdk
