#include "plugin/watched_call.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>

#include "support/wait_until.hpp"

namespace sluice::plugin {
namespace {

using namespace std::chrono_literals;

TEST(WatchedCall, ReturnsWhenTheBodyDoes) {
  bool has_run = false;
  const auto call = WatchedCall::start("sensors", "create", [&] { has_run = true; });
  ASSERT_TRUE(call.ok());

  EXPECT_TRUE((*call)->wait_for(30s));
  EXPECT_TRUE(has_run);
}

TEST(WatchedCall, IsListedWhileItIsSetAsideAndCleansUpWhenItReturns) {
  std::promise<void> release;
  std::atomic<bool> is_cleaned_up = false;
  const auto call = WatchedCall::start("sensors", "create", [&] { release.get_future().wait(); });
  ASSERT_TRUE(call.ok());

  EXPECT_FALSE((*call)->wait_for(1ms));
  EXPECT_TRUE((*call)->set_aside([&] { is_cleaned_up = true; }));
  ASSERT_EQ(set_aside_calls().size(), 1U);
  EXPECT_EQ(set_aside_calls()[0].instance, "sensors");
  EXPECT_EQ(set_aside_calls()[0].call, "create");
  release.set_value();

  EXPECT_TRUE(testing::wait_until([] { return set_aside_calls().empty(); }));
  EXPECT_TRUE(is_cleaned_up);
}

TEST(WatchedCall, CannotBeSetAsideAfterItReturned) {
  std::atomic<bool> is_about_to_return = false;
  const auto call = WatchedCall::start("sensors", "run", [&] { is_about_to_return = true; });
  ASSERT_TRUE(call.ok());
  ASSERT_TRUE((*call)->wait_for(30s));

  EXPECT_FALSE((*call)->set_aside([] { FAIL() << "nothing is left to clean up"; }));
  EXPECT_TRUE(set_aside_calls().empty());
}

TEST(WatchedCall, WaitsWithoutLimitUntilItIsHurried) {
  std::promise<void> release;
  const auto call = WatchedCall::start("sensors", "run", [&] { release.get_future().wait(); });
  ASSERT_TRUE(call.ok());

  (*call)->hurry();
  EXPECT_FALSE((*call)->wait_until_hurried(1ms));
  release.set_value();
  EXPECT_TRUE((*call)->wait_until_hurried(30s));
}

}  // namespace
}  // namespace sluice::plugin
