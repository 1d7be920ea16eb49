#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/ports.hpp"
#include "pipeline/backoff.hpp"
#include "pipeline/host.hpp"
#include "pipeline/instance_thread.hpp"

namespace sluice::pipeline {

/// Makes a source; called again after each failure. `host` outlives the instance, `saved_state` only the call.
using SourceFactory =
    std::function<Result<std::unique_ptr<SourceInstance>>(InstanceHost& host, std::string_view saved_state)>;

struct SourceSpec {
  Host::Parts parts;      ///< emit_at_stop is set by the runner
  SourceFactory factory;  ///< null: quarantined, it is listed and does not run
  bool is_required = false;
};

struct SourceStatus {
  std::string name;
  RunState state = RunState::kStarting;
  bool is_required = false;
  std::uint64_t accepted = 0;
  std::uint64_t busy = 0;  ///< emit calls that ended without room
  Reasons rejected;        ///< refused by the gateway or by the source itself
  std::uint64_t restarts = 0;
  std::string last_error;
};

/// Runs one source on a thread of its own: run() until it returns; a failure is followed by a wait (1…60 s, jitter) and
/// a new instance with the state saved last. OK from run() without a stop means finished. Thread: start, request_stop,
/// join_until by the owner; status() any.
class SourceRunner {
 public:
  SourceRunner(SourceSpec spec, Journal& journal, DeadLetters& dead_letters, const Clock& clock, Log& log);
  ~SourceRunner();
  SourceRunner(const SourceRunner&) = delete;
  SourceRunner& operator=(const SourceRunner&) = delete;

  /// Makes the instance and starts its thread. A failure to make it: the status of a required source (kFailed), else it
  /// is logged and tried again with back-off.
  Status start();
  void request_stop();
  /// True once the thread has ended. May be called again after false.
  bool join_until(std::chrono::steady_clock::time_point deadline);
  /// Gives up on a thread that will not end: it can emit no more, but it still uses this object, which must not be
  /// destroyed (its destructor would wait); the process ends by _exit.
  void leave_behind() { host_.close(); }

  [[nodiscard]] SourceStatus status() const;
  [[nodiscard]] const std::string& name() const { return host_.name(); }

 private:
  void run();
  Status make_instance();
  void note_failure(const Status& status);

  const SourceFactory factory_;
  const bool is_required_;
  const Clock& clock_;
  Host host_;
  std::atomic<RunState> state_{RunState::kStarting};
  std::atomic<std::uint64_t> restarts_{0};
  Backoff backoff_;  // instance thread
  mutable std::mutex mutex_;
  std::shared_ptr<SourceInstance> instance_;  // guarded by mutex_; called outside of it
  std::string last_error_;                    // guarded by mutex_
  InstanceThread thread_;                     // last: it stops using the rest before they go
};

}  // namespace sluice::pipeline
