#pragma once

#include <chrono>

namespace sluice::cli {

/// SIGINT and SIGTERM as something a command waits for, instead of something that ends it. Blocks them for this thread
/// and those it starts later: make it before any other thread. Thread: one.
class StopSignals {
 public:
  StopSignals();
  /// True once one of them came; waits for it at most `limit`.
  bool wait_for(std::chrono::milliseconds limit);
  void wait();

 private:
  bool has_come_ = false;
};

}  // namespace sluice::cli
