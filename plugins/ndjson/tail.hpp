#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ndjson/lines.hpp"
#include "ndjson/positions.hpp"

namespace sluice::ndjson {

/// A file descriptor of our own, or none (-1).
class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(other.value_) { other.value_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }
  void reset();
  [[nodiscard]] int get() const { return value_; }
  [[nodiscard]] bool is_open() const { return value_ >= 0; }

 private:
  int value_;
};

/// One regular file, read line by line from a position that it keeps. It reads with pread from the beginning of the
/// first line not yet done with, so an unfinished line costs no memory and nothing is lost between a read and a stop.
/// Thread: one at a time.
class Tail {
 public:
  enum class Step {
    kMore,     ///< something was read; call again
    kEnd,      ///< nothing new
    kStopped,  ///< the sink did not take everything
    kFailed    ///< the file cannot be read; error() says why, the position is kept
  };

  /// For a file never seen before (open() fills in the identity), or one remembered.
  explicit Tail(Position position) : position_(std::move(position)) {}

  /// Opens the file at `path` and goes to the position; to the beginning if the file has other content now (then
  /// was_rewritten()). False: error() says why, or the path leads to another file now (is_other_file()).
  bool open(const std::string& path);
  void close() { file_.reset(); }
  [[nodiscard]] bool is_open() const { return file_.is_open(); }

  /// To the end of the file as it is now; an unfinished last line is left out to its end.
  void skip_to_end();

  /// Reads one block and hands its lines over. `takes_unfinished`: the last line counts without its end too.
  Step step(Block& block, LineSink& sink, bool takes_unfinished);

  [[nodiscard]] const Position& position() const { return position_; }
  void set_path(std::string path) { position_.path = std::move(path); }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] bool is_other_file() const { return is_other_file_; }
  /// Since the last question: the file was truncated or replaced in place, and is read from its beginning.
  bool was_rewritten();

 private:
  void start_over();
  bool has_our_content(std::int64_t size) const;
  Step fail(const char* what);
  Step take_lines(std::string_view text, LineSink& sink);
  void note_fingerprint();

  Position position_;
  Descriptor file_;
  std::string error_;
  std::vector<Line> lines_;            // of the block at hand; kept for its capacity
  std::int64_t unfinished_bytes_ = 0;  // behind the position, at the last end
  bool is_at_end_ = false;
  bool is_other_file_ = false;
  bool was_rewritten_ = false;
};

}  // namespace sluice::ndjson
