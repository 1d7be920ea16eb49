#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "core/buffer.hpp"
#include "core/ports.hpp"

namespace sluice::pipeline {

/// What goes into one message of the host's dead-letter stream (sluice.DeadLetter).
struct DeadLetter {
  std::string_view instance;
  std::string_view stream;
  std::string_view topic;
  std::int32_t partition = -1;
  std::int64_t offset = 0;
  std::string_view reason;
  std::string_view detail;
  std::string_view key;
  std::string_view payload;
};

/// Writes dead letters into the journal as events of the host's stream. Thread: any; never waits.
class DeadLetters {
 public:
  DeadLetters(Journal& journal, StreamId stream, const Clock& clock)
      : journal_(journal), stream_(stream), clock_(clock) {}

  /// False when the journal has no room, even in the host's reserve: the letter is lost and counted.
  bool write(const DeadLetter& letter);

  [[nodiscard]] StreamId stream() const { return stream_; }
  [[nodiscard]] std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  Journal& journal_;
  const StreamId stream_;
  const Clock& clock_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::mutex mutex_;
  Buffer wire_;  // guarded by mutex_
};

}  // namespace sluice::pipeline
