#include "cli/stop_signals.hpp"

#include <csignal>
#include <ctime>

namespace sluice::cli {
namespace {

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool StopSignals::wait_for(std::chrono::milliseconds limit) {
  if (has_come_) return true;
  const sigset_t set = stop_set();
  const timespec time{static_cast<time_t>(limit.count() / 1000), static_cast<long>(limit.count() % 1000 * 1'000'000)};
  has_come_ = sigtimedwait(&set, nullptr, &time) > 0;
  return has_come_;
}

void StopSignals::wait() {
  while (!wait_for(std::chrono::seconds(60))) {
  }
}

}  // namespace sluice::cli
