#pragma once

#include <chrono>
#include <thread>

namespace sluice::testing {

/// Waits for a condition another thread brings about, at most `ceiling`; whether it came true.
template <class Condition>
bool wait_until(Condition condition, std::chrono::milliseconds ceiling = std::chrono::seconds(30)) {
  const auto deadline = std::chrono::steady_clock::now() + ceiling;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return condition();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace sluice::testing
