#include "pipeline/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

namespace sluice::pipeline {
namespace {

TEST(Backoff, doubles_up_to_a_minute_and_forgets_after_calm) {
  Backoff backoff(3);
  std::int64_t now_us = 1'000'000'000;
  std::int64_t expected_us = 1'000'000;
  for (int i = 0; i < 10; ++i) {
    const std::int64_t wait_us = backoff.next_us(now_us);
    EXPECT_LE(wait_us, expected_us);
    EXPECT_GE(wait_us, expected_us - expected_us / 4);
    now_us += wait_us;
    expected_us = std::min<std::int64_t>(expected_us * 2, 60'000'000);
  }
  EXPECT_LE(backoff.next_us(now_us + 700'000'000), 1'000'000);
}

}  // namespace
}  // namespace sluice::pipeline
