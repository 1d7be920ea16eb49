#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::ndjson {

/// One line of a file or pipe: a view into the reader's block, valid until the next read.
struct Line {
  std::string_view text;     ///< without its end (LF or CRLF); never blank
  std::uint64_t number = 0;  ///< 1 is the first line read of this file
  std::int64_t end = 0;      ///< byte offset just behind its end
};

/// Where a reader stands: everything before `offset` is done with.
struct Place {
  std::int64_t offset = 0;
  std::uint64_t line = 0;  ///< lines before `offset`
};

/// Appends the complete, non-blank lines of `text` to `out`; `text` begins at `at`. Returns the place behind the last
/// line end
/// (`at` when there is none).
Place split_lines(std::string_view text, Place at, std::vector<Line>& out);

/// True for nothing but spaces, tabs and carriage returns.
bool is_blank(std::string_view text);

/// Takes lines; made by the plugin, which hands them to the gateway.
class LineSink {
 public:
  virtual ~LineSink() = default;
  /// How many lines, from the front, are done with: accepted by the gateway or refused for good. Waits while there is
  /// no room; fewer than all means that the source is stopping.
  virtual std::size_t take(const std::string& path, std::span<const Line> lines) = 0;
  /// A part of the input that can never be an event.
  virtual void refuse(std::string_view reason, const std::string& path, Place place, std::string_view text) = 0;
};

/// A buffer that starts at 256 KiB and grows, up to what the longest line needs, when one does not fit.
class Block {
 public:
  static constexpr std::size_t kFirstBytes = 256U << 10U;

  explicit Block(std::size_t max_line_bytes);
  [[nodiscard]] std::span<char> bytes() { return bytes_; }
  [[nodiscard]] std::size_t max_line_bytes() const { return max_line_bytes_; }
  /// Keeps the content. False when it is as large as the longest line with its end already.
  bool grow();

 private:
  const std::size_t max_line_bytes_;
  std::vector<char> bytes_;
};

}  // namespace sluice::ndjson
