#include "runtime/log_limiter.hpp"

#include <utility>

namespace sluice::runtime {
namespace {

constexpr std::int64_t kSweepIntervalUs = 1'000'000;

/// FNV-1a. Runs of digits count as one: "42 records lag" and "43 records lag" are the same message.
std::uint64_t message_key(LogLevel level, std::string_view component, std::string_view text) {
  constexpr std::uint64_t kOffset = 14695981039346656037ULL;
  constexpr std::uint64_t kPrime = 1099511628211ULL;
  std::uint64_t hash = kOffset;
  const auto add = [&hash](unsigned char c) { hash = (hash ^ c) * kPrime; };
  add(static_cast<unsigned char>(level));
  for (const char c : component) add(static_cast<unsigned char>(c));
  add('\0');
  bool is_in_number = false;
  for (const char c : text) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit) add(static_cast<unsigned char>(c));
    if (is_digit && !is_in_number) add('0');
    is_in_number = is_digit;
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace

bool LogLimiter::admit(LogLevel level, std::string_view component, std::string_view text, std::int64_t now_us) {
  if (burst_ == 0) return true;
  Entry& entry = entry_of(message_key(level, component, text), now_us);
  if (entry.written < burst_) {
    ++entry.written;
    return true;
  }
  if (!entry.held_back) entry.held_back = Summary{level, std::string(component), std::string(text), 0};
  ++entry.held_back->suppressed;
  return false;
}

LogLimiter::Entry& LogLimiter::entry_of(std::uint64_t key, std::int64_t now_us) {
  Entry* oldest = entries_.data();
  for (Entry& entry : entries_) {
    if (entry.key == key) {
      if (entry.window_end_us <= now_us) begin_window(entry, now_us);
      return entry;
    }
    if (entry.window_end_us < oldest->window_end_us) oldest = &entry;
  }
  begin_window(*oldest, now_us);
  oldest->key = key;
  return *oldest;
}

void LogLimiter::begin_window(Entry& entry, std::int64_t now_us) {
  if (entry.held_back) due_.push_back(std::move(*entry.held_back));
  entry.held_back.reset();
  entry.written = 0;
  entry.window_end_us = now_us + window_us_;
}

std::vector<LogLimiter::Summary> LogLimiter::take_summaries(std::int64_t now_us) {
  if (now_us >= next_sweep_us_) {
    next_sweep_us_ = now_us + kSweepIntervalUs;
    for (Entry& entry : entries_) {
      if (entry.held_back && entry.window_end_us <= now_us) begin_window(entry, now_us);
    }
  }
  return std::exchange(due_, {});
}

std::vector<LogLimiter::Summary> LogLimiter::take_all_summaries() {
  for (Entry& entry : entries_) begin_window(entry, 0);
  return std::exchange(due_, {});
}

}  // namespace sluice::runtime
