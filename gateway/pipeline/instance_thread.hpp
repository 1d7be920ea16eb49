#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace sluice::pipeline {

enum class RunState : std::uint8_t {
  kStarting = 1,
  kRunning,
  kFinished,     ///< a source that has nothing more to give
  kBackingOff,   ///< failed, is made again after a wait
  kFailed,       ///< could not be started at all, and is not tried again
  kQuarantined,  ///< crashed the process too often; not loaded
  kStopped,
};

[[nodiscard]] constexpr std::string_view to_string(RunState state) {
  switch (state) {
    case RunState::kStarting:
      return "starting";
    case RunState::kRunning:
      return "running";
    case RunState::kFinished:
      return "finished";
    case RunState::kBackingOff:
      return "backing_off";
    case RunState::kFailed:
      return "failed";
    case RunState::kQuarantined:
      return "quarantined";
    case RunState::kStopped:
      return "stopped";
  }
  return "?";
}

/// A thread that can be joined with a deadline. The destructor joins: it blocks for as long as the body runs.
/// Thread: start, join_until and the destructor by the owner.
class InstanceThread {
 public:
  InstanceThread() = default;
  ~InstanceThread() { join(); }
  InstanceThread(const InstanceThread&) = delete;
  InstanceThread& operator=(const InstanceThread&) = delete;

  template <class Body>
  void start(Body body) {
    thread_ = std::thread([this, body = std::move(body)]() mutable {
      body();
      const std::lock_guard lock(mutex_);
      is_done_ = true;
      done_.notify_all();
    });
  }

  /// Waits for the body, however long it takes.
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  /// True when the body has returned (or never started); then the thread is joined.
  bool join_until(std::chrono::steady_clock::time_point deadline) {
    if (!thread_.joinable()) return true;
    {
      std::unique_lock lock(mutex_);
      if (!done_.wait_until(lock, deadline, [this] { return is_done_; })) return false;
    }
    thread_.join();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_done_ = false;
  std::thread thread_;
};

}  // namespace sluice::pipeline
