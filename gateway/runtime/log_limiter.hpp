#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.hpp"

namespace sluice::runtime {

/// Decides which messages are written, so that one that repeats cannot drown the others or fill a disk. Remembers the
/// 128 latest (component, message). Times are monotonic microseconds. Thread: none of its own; guard it.
class LogLimiter {
 public:
  LogLimiter(std::uint32_t burst, std::int64_t window_us) : burst_(burst), window_us_(window_us) {}

  /// What was held back of one message.
  struct Summary {
    LogLevel level = LogLevel::kInfo;
    std::string component;
    std::string text;  ///< the first of those held back
    std::uint64_t suppressed = 0;
  };

  [[nodiscard]] bool admit(LogLevel level, std::string_view component, std::string_view text, std::int64_t now_us);
  /// Messages whose window is over, or that had to make room for others, with what was held back. Every write asks.
  [[nodiscard]] std::vector<Summary> take_summaries(std::int64_t now_us);
  /// The same for all messages: at the end.
  [[nodiscard]] std::vector<Summary> take_all_summaries();

 private:
  struct Entry {
    std::uint64_t key = 0;  // 0: free
    std::int64_t window_end_us = 0;
    std::uint32_t written = 0;
    std::optional<Summary> held_back;
  };
  static constexpr std::size_t kEntries = 128;

  Entry& entry_of(std::uint64_t key, std::int64_t now_us);
  void begin_window(Entry& entry, std::int64_t now_us);

  const std::uint32_t burst_;
  const std::int64_t window_us_;
  std::array<Entry, kEntries> entries_;
  std::vector<Summary> due_;
  std::int64_t next_sweep_us_ = 0;
};

}  // namespace sluice::runtime
