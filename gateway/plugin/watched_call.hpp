#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/status.hpp"

namespace sluice::plugin {

/// A call into a plugin on a thread of its own, which the caller can stop waiting for. A thread cannot be killed
/// safely, so a call that does not come back is *set aside*: its thread stays where it is, belongs to a process-wide
/// list (never to nobody), and cleans up after itself should it return after all. Thread: start, wait and set_aside by
/// one thread; hurry by any.
class WatchedCall : public std::enable_shared_from_this<WatchedCall> {
 public:
  /// kUnavailable when the system gives no thread. `body` does not throw.
  static Result<std::shared_ptr<WatchedCall>> start(std::string instance, std::string call, std::function<void()> body);

  WatchedCall(const WatchedCall&) = delete;
  WatchedCall& operator=(const WatchedCall&) = delete;
  /// The call has been waited for or set aside.
  ~WatchedCall();

  /// True once the body returned, which is waited for at most `limit`; its thread is then joined.
  bool wait_for(std::chrono::milliseconds limit);
  /// Waits without limit until hurry() is called, and from then on at most `grace`.
  bool wait_until_hurried(std::chrono::milliseconds grace);
  void hurry();

  /// Gives the thread to the process-wide list; when the body returns, `on_return` runs on that thread. False, with the
  /// thread joined and `on_return` not run, when the body returned just before.
  bool set_aside(std::function<void()> on_return);

 private:
  WatchedCall(std::string instance, std::string call) : instance_(std::move(instance)), call_(std::move(call)) {}
  void finish();
  void join();

  // Set by start.
  const std::string instance_;
  const std::string call_;
  std::thread thread_;
  // Guarded by mutex_, which is never held while the plugin runs.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_done_ = false;
  bool is_hurried_ = false;
  std::function<void()> on_return_;

  friend struct SetAsideList;
};

/// A call that was set aside and has not returned.
struct SetAsideCall {
  std::string instance;
  std::string call;  ///< "create", "run", "destroy"
};

/// What is set aside now, for the log and the status; threads that have ended meanwhile are joined. Thread: any.
std::vector<SetAsideCall> set_aside_calls();

}  // namespace sluice::plugin
