#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice::pipeline {

/// Waits of 1, 2, 4 … 60 s, each shortened by up to a quarter at random, so that what failed together does not return
/// together. After ten minutes without a failure it starts again at 1 s. Thread: its owner's.
class Backoff {
 public:
  explicit Backoff(std::uint64_t seed, std::int64_t first_us = 1'000'000, std::int64_t longest_us = 60'000'000)
      : random_(seed | 1U), first_us_(first_us), longest_us_(longest_us) {}

  /// How long to wait after a failure at `now_us` of the steady clock.
  std::int64_t next_us(std::int64_t now_us) {
    if (now_us - last_failure_us_ > kCalmUs) failures_ = 0;
    last_failure_us_ = now_us;
    const std::uint32_t doublings = std::min<std::uint32_t>(failures_++, 16);
    const std::int64_t wait_us = std::min(longest_us_, first_us_ << doublings);
    random_ ^= random_ << 13U;
    random_ ^= random_ >> 7U;
    random_ ^= random_ << 17U;
    return wait_us - static_cast<std::int64_t>(random_ % static_cast<std::uint64_t>(wait_us / 4 + 1));
  }
  void reset() { failures_ = 0; }

 private:
  static constexpr std::int64_t kCalmUs = 600'000'000;
  std::uint64_t random_;
  std::int64_t first_us_;
  std::int64_t longest_us_;
  std::int64_t last_failure_us_ = 0;
  std::uint32_t failures_ = 0;
};

}  // namespace sluice::pipeline
