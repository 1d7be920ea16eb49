#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ndjson/lines.hpp"
#include "ndjson/tail.hpp"

namespace sluice::ndjson {

/// Standard input, a FIFO or a terminal, read line by line. What was read cannot be read again, so lines wait here
/// until the sink has taken them. Thread: one at a time.
class PipeReader {
 public:
  enum class Step {
    kMore,      ///< something was read; call again
    kEmpty,     ///< nothing there now; descriptor() tells when there is
    kFinished,  ///< the writer closed it, and everything was taken
    kStopped,   ///< the sink did not take everything
    kFailed     ///< error() says why
  };

  /// "-" or a path. A FIFO that is followed stays open when its writers leave; otherwise the last one leaving finishes
  /// it.
  PipeReader(std::string path, bool is_following, std::size_t max_line_bytes);

  /// Is `path` something this class reads, and Follower does not?
  static bool is_for(const std::string& path);

  /// False: error() says why.
  bool open();
  /// Never blocks.
  Step step(LineSink& sink);
  /// Counts what was read and not taken as refused. The last call.
  void give_up(LineSink& sink);

  [[nodiscard]] int descriptor() const { return is_stdin_ ? 0 : file_.get(); }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  Step hand_over(LineSink& sink, bool is_last);

  const std::string path_;
  const bool is_following_;
  const bool is_stdin_;
  Descriptor file_;
  Block block_;
  std::size_t used_ = 0;  // bytes at the front of the block that are not done with
  Place place_;           // of the block's first byte
  bool is_skipping_ = false;
  std::vector<Line> lines_;
  std::string error_;
};

}  // namespace sluice::ndjson
