#pragma once

#include <atomic>
#include <cstdint>

#include "core/clock.hpp"

namespace sluice::testing {

/// Time turned by hand: both clocks move together by advance_us, the wall clock alone by step_wall_us. Thread: any.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t wall_us = 1'700'000'000'000'000) : wall_us_(wall_us) {}
  [[nodiscard]] std::int64_t wall_us() const override { return wall_us_.load(); }
  [[nodiscard]] std::int64_t monotonic_us() const override { return monotonic_us_.load(); }
  void advance_us(std::int64_t by_us) {
    wall_us_ += by_us;
    monotonic_us_ += by_us;
  }
  void step_wall_us(std::int64_t by_us) { wall_us_ += by_us; }

 private:
  std::atomic<std::int64_t> wall_us_;
  std::atomic<std::int64_t> monotonic_us_{1'000'000};
};

}  // namespace sluice::testing
