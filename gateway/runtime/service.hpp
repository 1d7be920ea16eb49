#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "runtime/runtime.hpp"

namespace sluice::runtime {

/// Tells the service manager how the gateway fares (systemd's sd_notify protocol: datagrams to $NOTIFY_SOCKET). Without
/// a manager every call does nothing; a failed send is ignored, because nobody could act on it.
/// Thread: any.
class ServiceManager {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment.
  ServiceManager();

  void ready() const { send("READY=1"); }
  void stopping() const { send("STOPPING=1"); }
  /// One line; line feeds become spaces.
  void status(std::string_view line) const;
  /// Asks for more time to start or to stop, counted from now.
  void extend_timeout(std::chrono::microseconds duration) const;

  /// How often the manager wants a sign of life, halved; 0: it does not watch this process.
  [[nodiscard]] std::chrono::milliseconds watchdog_interval() const { return watchdog_interval_; }
  /// From now on sends that sign, but only when `has_progress` says that the parts which must advance did. Called on
  /// the runtime thread. This object outlives the runtime.
  void keep_watchdog_fed(Runtime& runtime, std::function<bool()> has_progress) const;

 private:
  void send(std::string_view text) const;

  std::string socket_path_;  // empty: no manager
  std::chrono::milliseconds watchdog_interval_{0};
};

}  // namespace sluice::runtime
