#include "core/clock.hpp"

#include <chrono>

namespace sluice {
namespace {

template <class SomeClock>
std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(SomeClock::now().time_since_epoch()).count();
}

}  // namespace

std::int64_t SystemClock::wall_us() const { return now_us<std::chrono::system_clock>(); }
std::int64_t SystemClock::monotonic_us() const { return now_us<std::chrono::steady_clock>(); }

}  // namespace sluice
