#include "codec/time_zone.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "codec/calendar.hpp"

namespace sluice::codec {
namespace {

constexpr std::int64_t kDaySeconds = 86400;
constexpr std::size_t kMaxFileBytes = 1 << 20;
/// Times beyond this are answered with the offset at the bound: rules are not followed into the last of int64.
constexpr std::int64_t kRuleLimit = std::int64_t{1} << 45;

Status broken(const char* what) { return {Code::kInvalid, std::string("not a TZif file: ") + what}; }

struct Header {
  std::uint32_t is_utc, is_standard, leaps, transitions, types, chars;
  [[nodiscard]] std::size_t body_bytes(std::size_t time_bytes) const {
    return transitions * (time_bytes + 1) + types * std::size_t{6} + chars + leaps * (time_bytes + 4) + is_standard +
           is_utc;
  }
};

std::uint32_t big_endian_32(const char* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}
std::int64_t big_endian_64(const char* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return static_cast<std::int64_t>(__builtin_bswap64(value));
}

constexpr std::size_t kHeaderBytes = 44;

bool read_header(std::string_view bytes, Header& header) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with("TZif")) return false;
  const char* at = bytes.data() + 20;
  header = {big_endian_32(at),      big_endian_32(at + 4),  big_endian_32(at + 8),
            big_endian_32(at + 12), big_endian_32(at + 16), big_endian_32(at + 20)};
  constexpr std::uint32_t kLimit = 1 << 16;
  return std::max({header.is_utc, header.is_standard, header.leaps, header.transitions, header.types, header.chars}) <
         kLimit;
}

/// A cursor over a POSIX TZ string.
struct RuleText {
  std::string_view rest;

  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool number(int& value, int low, int high) {
    std::size_t digits = 0;
    value = 0;
    while (digits < rest.size() && digits < 5 && rest[digits] >= '0' && rest[digits] <= '9') {
      value = value * 10 + (rest[digits++] - '0');
    }
    rest.remove_prefix(digits);
    return digits > 0 && value >= low && value <= high;
  }
  /// [+-]hh[:mm[:ss]] in seconds.
  bool time(std::int32_t& seconds) {
    const bool negative = take('-');
    if (!negative) take('+');
    int part = 0;
    if (!number(part, 0, 167)) return false;
    seconds = part * 3600;
    if (take(':')) {
      if (!number(part, 0, 59)) return false;
      seconds += part * 60;
      if (take(':')) {
        if (!number(part, 0, 59)) return false;
        seconds += part;
      }
    }
    if (negative) seconds = -seconds;
    return true;
  }
  bool name() {
    if (take('<')) {
      const std::size_t close = rest.find('>');
      if (close == std::string_view::npos) return false;
      rest.remove_prefix(close + 1);
      return true;
    }
    std::size_t letters = 0;
    while (letters < rest.size() && (rest[letters] | 0x20) >= 'a' && (rest[letters] | 0x20) <= 'z') ++letters;
    rest.remove_prefix(letters);
    return letters >= 3;
  }
};

}  // namespace

Status TimeZone::parse_rule(std::string_view rule) {
  const Status bad(Code::kInvalid, "not a TZif file: rule \"" + std::string(rule) + "\"");
  RuleText text{rule};
  std::int32_t west = 0;
  if (!text.name() || !text.time(west)) return bad;
  standard_offset_ = -west;
  has_rule_ = true;
  if (text.rest.empty()) return {};
  has_summer_ = true;
  if (!text.name()) return bad;
  summer_offset_ = standard_offset_ + 3600;
  if (!text.rest.empty() && text.rest.front() != ',') {
    if (!text.time(west)) return bad;
    summer_offset_ = -west;
  }
  for (Change* change : {&to_summer_, &to_standard_}) {
    if (!text.take(',')) return bad;
    if (text.take('M')) {
      change->kind = 'M';
      if (!text.number(change->month, 1, 12) || !text.take('.') || !text.number(change->week, 1, 5) ||
          !text.take('.') || !text.number(change->day, 0, 6)) {
        return bad;
      }
    } else {
      const bool julian = text.take('J');
      change->kind = julian ? 'J' : 'N';
      if (!text.number(change->day, julian ? 1 : 0, 365)) return bad;
    }
    if (text.take('/') && !text.time(change->time)) return bad;
  }
  return text.rest.empty() ? Status() : bad;
}

std::int64_t TimeZone::change_seconds(const Change& change, std::int64_t year) {
  std::int64_t day = 0;
  if (change.kind == 'M') {
    const auto month = static_cast<unsigned>(change.month);
    const std::int64_t first = days_from_date(year, month, 1);
    const auto weekday = static_cast<int>(((first + 4) % 7 + 7) % 7);  // 1970-01-01 was a Thursday; 0 is Sunday
    int in_month = (change.day - weekday + 7) % 7 + (change.week - 1) * 7;
    while (in_month >= static_cast<int>(days_in_month(year, month))) in_month -= 7;
    day = first + in_month;
  } else {
    day = days_from_date(year, 1, 1) + change.day;
    if (change.kind == 'J') day -= is_leap(year) && change.day >= 60 ? 0 : 1;  // J60 is 1 March in every year
  }
  return day * kDaySeconds + change.time;
}

TimeZone::Span TimeZone::span_by_rule(std::int64_t utc_seconds) const {
  if (!has_summer_) return {at_.empty() ? INT64_MIN : at_.back(), INT64_MAX, standard_offset_};
  const std::int64_t moment = std::clamp(utc_seconds, -kRuleLimit, kRuleLimit);
  const std::int64_t year = date_from_days(floor_div(moment + standard_offset_, kDaySeconds)).year;
  // The changes of three years in order; the one at or before the moment decides.
  struct Turn {
    std::int64_t at;
    std::int32_t offset;
  };
  Turn turns[6];
  std::size_t count = 0;
  for (std::int64_t y = year - 1; y <= year + 1; ++y) {
    turns[count++] = {change_seconds(to_summer_, y) - standard_offset_, summer_offset_};
    turns[count++] = {change_seconds(to_standard_, y) - summer_offset_, standard_offset_};
  }
  std::sort(std::begin(turns), std::end(turns), [](const Turn& a, const Turn& b) { return a.at < b.at; });
  std::size_t next = 0;
  while (next < count && turns[next].at <= moment) ++next;
  if (next == 0) return {INT64_MIN, turns[0].at, standard_offset_};
  Span span{turns[next - 1].at, next < count ? turns[next].at : INT64_MAX, turns[next - 1].offset};
  if (!at_.empty()) span.from = std::max(span.from, at_.back());
  return span;
}

TimeZone::Span TimeZone::span_at(std::int64_t utc_seconds) const {
  const auto next = std::upper_bound(at_.begin(), at_.end(), utc_seconds);
  if (next == at_.end() && has_rule_) return span_by_rule(utc_seconds);
  const auto index = static_cast<std::size_t>(next - at_.begin());
  return {index == 0 ? INT64_MIN : at_[index - 1], next == at_.end() ? INT64_MAX : *next,
          index == 0 ? first_offset_ : offset_after_[index - 1]};
}

const TimeZone::Span& TimeZone::remembered_span_at(std::int64_t utc_seconds) const {
  struct Memory {
    std::uint64_t id = 0;
    Span span;
  };
  static thread_local constinit Memory last;
  if (last.id != id_ || utc_seconds < last.span.from || utc_seconds >= last.span.until) {
    last = {id_, span_at(utc_seconds)};
  }
  return last.span;
}

std::int32_t TimeZone::offset_at(std::int64_t utc_seconds) const {
  return is_utc_ ? 0 : remembered_span_at(utc_seconds).offset;
}

std::int32_t TimeZone::offset_of_local(std::int64_t local_seconds) const {
  if (is_utc_) return 0;
  // No offset is larger than this, so a span that has the time at this distance from both ends is the only candidate.
  constexpr std::int64_t kMargin = 2 * kDaySeconds;
  Span span = remembered_span_at(local_seconds);
  const bool is_far_from_start = span.from == INT64_MIN || local_seconds - kMargin >= span.from;
  if (is_far_from_start && (span.until == INT64_MAX || local_seconds + kMargin < span.until)) return span.offset;
  // From a span surely before: go on while the time lies behind the change, read with either offset. Twice: the first
  // wins. Skipped: it lies behind the change read with the earlier offset only, which is kept.
  span = span_at(local_seconds - kMargin);
  while (span.until != INT64_MAX && local_seconds - span.offset >= span.until) {
    const Span after = span_at(span.until);
    if (local_seconds - after.offset < span.until) break;
    span = after;
  }
  return span.offset;
}

Result<std::shared_ptr<const TimeZone>> TimeZone::parse(std::string_view tzif) {
  Header header{};
  if (!read_header(tzif, header)) return broken("header");
  std::size_t time_bytes = 4;
  if (tzif[4] >= '2') {
    const std::size_t skip = kHeaderBytes + header.body_bytes(4);
    if (tzif.size() < skip) return broken("first block");
    tzif.remove_prefix(skip);
    if (!read_header(tzif, header)) return broken("second header");
    time_bytes = 8;
  }
  tzif.remove_prefix(kHeaderBytes);
  if (header.types == 0 || tzif.size() < header.body_bytes(time_bytes)) return broken("body");

  auto zone = std::make_shared<TimeZone>();
  static std::atomic<std::uint64_t> next_id{1};
  zone->id_ = next_id.fetch_add(1);
  const char* times = tzif.data();
  const char* indices = times + header.transitions * time_bytes;
  const char* types = indices + header.transitions;
  const auto offset_of = [&](std::size_t type) { return static_cast<std::int32_t>(big_endian_32(types + type * 6)); };
  constexpr std::int32_t kMaxOffset = 26 * 3600;
  for (std::size_t type = 0; type < header.types; ++type) {
    if (std::abs(static_cast<std::int64_t>(offset_of(type))) > kMaxOffset) return broken("offset");
  }
  zone->first_offset_ = offset_of(0);
  for (std::size_t i = 0; i < header.transitions; ++i) {
    const std::int64_t at =
        time_bytes == 8 ? big_endian_64(times + i * 8) : static_cast<std::int32_t>(big_endian_32(times + i * 4));
    const auto type = static_cast<std::uint8_t>(indices[i]);
    if (type >= header.types || (!zone->at_.empty() && at <= zone->at_.back())) return broken("transitions");
    zone->at_.push_back(at);
    zone->offset_after_.push_back(offset_of(type));
  }
  if (time_bytes == 8) {
    std::string_view footer = tzif.substr(header.body_bytes(time_bytes));
    if (!footer.starts_with('\n')) return broken("footer");
    footer.remove_prefix(1);
    footer = footer.substr(0, footer.find('\n'));
    if (!footer.empty()) {
      if (Status status = zone->parse_rule(footer); !status.ok()) return status;
    }
  }
  zone->is_utc_ = zone->at_.empty() && zone->first_offset_ == 0 && !zone->has_summer_ && zone->standard_offset_ == 0;
  return std::shared_ptr<const TimeZone>(std::move(zone));
}

Result<std::shared_ptr<const TimeZone>> TimeZone::load(std::string_view name) {
  std::string wanted(name);
  std::string path;
  if (wanted == "local") {
    const char* variable = std::getenv("TZ");
    wanted = variable == nullptr ? "" : variable;
    if (wanted.starts_with(':')) wanted.erase(0, 1);
    if (wanted.empty()) path = "/etc/localtime";
    if (wanted.starts_with('/')) path = wanted;
  } else if (wanted.empty() || wanted.starts_with('/')) {
    return Status(Code::kInvalid, "time zone \"" + wanted + "\": expected \"UTC\", \"local\" or an IANA name");
  }
  const auto utc = [] {
    auto zone = std::make_shared<TimeZone>();
    zone->is_utc_ = true;
    return std::shared_ptr<const TimeZone>(std::move(zone));
  };
  if (wanted == "UTC") return utc();
  if (path.empty()) {
    if (wanted.find("..") != std::string::npos) {
      return Status(Code::kInvalid, "time zone \"" + wanted + "\": expected \"UTC\", \"local\" or an IANA name");
    }
    const char* folder = std::getenv("TZDIR");
    path = std::string(folder == nullptr ? "/usr/share/zoneinfo" : folder) + "/" + wanted;
  }
  std::ifstream file(path, std::ios::binary);
  std::string content;
  if (file) {
    content.resize(kMaxFileBytes);
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(file.gcount()));
  }
  if (content.empty()) {
    if (path == "/etc/localtime") return utc();
    return Status(Code::kNotFound, "time zone \"" + wanted + "\": no file " + path);
  }
  auto zone = parse(content);
  if (!zone) return zone.status().with_context("time zone \"" + wanted + "\": " + path);
  return zone;
}

}  // namespace sluice::codec
