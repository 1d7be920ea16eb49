#pragma once

#include <cstdint>

namespace sluice {

/// The two clocks. Wall time is data and may step; the steady one is for waits, pacing and deadlines.
/// Thread: any.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::int64_t wall_us() const = 0;       ///< microseconds since 1970-01-01T00:00:00Z
  [[nodiscard]] virtual std::int64_t monotonic_us() const = 0;  ///< microseconds, never goes back
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_us() const override;
  [[nodiscard]] std::int64_t monotonic_us() const override;
};

}  // namespace sluice
