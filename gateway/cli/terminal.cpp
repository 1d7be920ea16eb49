#include "cli/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace sluice::cli {
namespace {

constexpr std::int64_t kRedrawInterval_us = 100'000;
constexpr std::size_t kBarWidth = 30;

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.,+-%") == std::string_view::npos;
}

/// Columns a terminal needs for UTF-8 text: continuation bytes take none.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

}  // namespace

bool is_terminal(std::FILE* file) { return ::isatty(::fileno(file)) == 1; }

bool has_colours(std::FILE* file) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return is_terminal(file) && (no_color == nullptr || *no_color == '\0') && term != nullptr &&
         std::strcmp(term, "dumb") != 0;
}

void TextTable::print(std::FILE* out) const {
  std::vector<std::size_t> widths(header_.size(), 0);
  std::vector<bool> are_numbers(header_.size(), true);
  for (std::size_t column = 0; column < header_.size(); ++column) {
    widths[column] = width_of(header_[column]);
    for (const auto& row : rows_) {
      widths[column] = std::max(widths[column], width_of(row[column]));
      if (!row[column].empty() && row[column] != "-" && !is_number(row[column])) are_numbers[column] = false;
    }
  }
  const bool is_bold = has_colours(out);
  auto print_row = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      const std::string padding(widths[column] - width_of(row[column]), ' ');
      if (column != 0) line += "  ";
      line += are_numbers[column] ? padding + row[column] : row[column] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::fprintf(out, "%s\n", line.c_str());
  };
  if (is_bold) std::fputs("\x1b[1m", out);
  print_row(header_);
  if (is_bold) std::fputs("\x1b[0m", out);
  for (const auto& row : rows_) print_row(row);
}

ProgressBar::ProgressBar(std::string label, std::uint64_t total)
    : label_(std::move(label)), total_(total), is_shown_(is_terminal(stderr)) {}

ProgressBar::~ProgressBar() {
  if (has_drawn_) std::fputs("\n", stderr);
}

void ProgressBar::update(std::uint64_t done, std::int64_t monotonic_us) {
  if (!is_shown_) return;
  if (started_us_ < 0) started_us_ = monotonic_us;
  const bool is_complete = total_ != 0 && done >= total_;
  if (has_drawn_ && !is_complete && monotonic_us - drawn_us_ < kRedrawInterval_us) return;
  drawn_us_ = monotonic_us;
  has_drawn_ = true;
  const double seconds = static_cast<double>(monotonic_us - started_us_) / 1e6;
  const auto rate = seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(done) / seconds) : 0;
  std::string bar;
  if (total_ != 0) {
    const auto filled = static_cast<std::size_t>(std::min<std::uint64_t>(done, total_) * kBarWidth / total_);
    bar = " [" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "] " +
          std::to_string(std::min<std::uint64_t>(done, total_) * 100 / total_) + "%";
  }
  std::fprintf(stderr, "\r%s%s %s events, %s/s\x1b[K", label_.c_str(), bar.c_str(), with_thousands(done).c_str(),
               with_thousands(rate).c_str());
}

std::string with_thousands(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

}  // namespace sluice::cli
