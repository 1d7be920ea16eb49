#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

/// True when `file` is a terminal and colours are wanted (NO_COLOR is unset and TERM is not "dumb").
[[nodiscard]] bool has_colours(std::FILE* file);
[[nodiscard]] bool is_terminal(std::FILE* file);

/// Rows under a header, columns as wide as their widest cell; cells that look like numbers are right-aligned.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : header_(std::move(header)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  void print(std::FILE* out) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

/// A bar on stderr that redraws itself at most ten times a second; silent when stderr is no terminal.
class ProgressBar {
 public:
  /// `total` 0: not known, only the count and the rate are shown.
  ProgressBar(std::string label, std::uint64_t total);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void update(std::uint64_t done, std::int64_t monotonic_us);

 private:
  const std::string label_;
  const std::uint64_t total_;
  const bool is_shown_;
  std::int64_t started_us_ = -1;
  std::int64_t drawn_us_ = 0;
  bool has_drawn_ = false;
};

/// 1234567 -> "1,234,567".
[[nodiscard]] std::string with_thousands(std::uint64_t value);

}  // namespace sluice::cli
