#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::console {

/// Where text goes: a terminal, a pipe or a file. A reader that does not read, or went away, never holds the gateway
/// up: what it does not take within a second is dropped and counted. Thread: one at a time.
class Screen {
 public:
  /// `descriptor` stays the caller's.
  explicit Screen(int descriptor) : descriptor_(descriptor) {}

  [[nodiscard]] bool is_terminal() const;
  /// Of the terminal; 0 when it has none.
  [[nodiscard]] std::size_t width() const;
  [[nodiscard]] std::size_t height() const;

  void write(std::string_view text);
  /// Draws over the frame drawn last, in one write.
  void draw(const std::vector<std::string>& lines);

  /// Bytes that nobody took since the last question.
  std::uint64_t take_dropped_bytes();

 private:
  const int descriptor_;
  bool is_closed_ = false;       // the reader went away
  bool is_cut_ = false;          // the last write ended within a line
  std::size_t frame_lines_ = 0;  // of the frame drawn last
  std::uint64_t dropped_bytes_ = 0;
};

}  // namespace sluice::console
