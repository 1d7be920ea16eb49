#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "core/status.hpp"

namespace boost::asio {
class io_context;
}

namespace sluice::runtime {

/// One event loop on one thread of its own: signals, timers and what admin/ listens to. Everything it calls runs on
/// that thread, one thing at a time, and should take milliseconds. Thread: each function says. Ownership: what is given
/// to it is kept until destruction.
class Runtime {
 public:
  /// Ignores SIGPIPE for the process: a closed socket is an error code, not an end.
  Runtime();
  /// As stop().
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Takes SIGINT and SIGTERM: the first calls `stop`, every later one `stop_now` (which is expected to end the process
  /// without further ado). Once, before start(). Errors: kIo.
  Status watch_signals(std::function<void()> stop, std::function<void()> stop_now);

  /// Calls `call` every `interval`, first after one interval. A late call is not made up for. Thread: any, also before
  /// start().
  void every(std::chrono::milliseconds interval, std::function<void()> call);

  /// Calls `call` on the runtime thread and does not wait. Dropped when the loop is already stopped. Thread: any.
  void post(std::function<void()> call);

  /// Calls `call` on the runtime thread and waits until it returned; directly when this is the runtime thread, or when
  /// no loop is running. Thread: any, except while another thread is in start() or stop().
  void call(const std::function<void()>& call);

  /// Starts the thread. Once. Errors: kIo.
  Status start();

  /// Ends the loop after the call it is in and joins the thread; may repeat. Must not be called on the runtime thread.
  void stop();

  /// Between start() and stop(). Thread: as call().
  [[nodiscard]] bool is_running() const;

  /// For admin/, which adds its own work to the loop.
  [[nodiscard]] boost::asio::io_context& io();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace sluice::runtime
