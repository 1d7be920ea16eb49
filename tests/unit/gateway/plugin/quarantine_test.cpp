#include "plugin/quarantine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "plugin/breadcrumb.hpp"
#include "support/child_process.hpp"
#include "support/manual_clock.hpp"

namespace sluice::plugin {
namespace {

using ::testing::HasSubstr;

class QuarantineTest : public ::testing::Test {
 protected:
  std::unique_ptr<Quarantine> start() {
    auto opened = Quarantine::open(state_.path(), clock_);
    EXPECT_TRUE(opened.ok()) << opened.status().text();
    return *std::move(opened);
  }

  /// One gateway that starts, calls `instance`, and is ended by the watchdog while it does.
  void crash(const std::string& instance) {
    const auto quarantine = start();
    (void)quarantine->is_quarantined(instance, plugin_);
    const breadcrumb::Call call(instance, "on_batch");
    breadcrumb::accuse_hung(instance);
  }

  test::TempFolder state_;
  const std::filesystem::path plugin_ = state_.write("fragile.so", "first version");
  testing::ManualClock clock_;
};

TEST_F(QuarantineTest, StartsWithNobodyInIt) {
  const auto quarantine = start();

  EXPECT_FALSE(quarantine->is_quarantined("fragile", plugin_));
  EXPECT_TRUE(quarantine->list().empty());
  EXPECT_TRUE(quarantine->last_crash().empty());
}

TEST_F(QuarantineTest, CountsACrashOnceAndNamesIt) {
  crash("fragile");

  const auto quarantine = start();

  ASSERT_EQ(quarantine->list().size(), 1U);
  EXPECT_EQ(quarantine->list()[0].instance, "fragile");
  EXPECT_EQ(quarantine->list()[0].crashes, 1U);
  EXPECT_EQ(quarantine->list()[0].last_crash, "did not return from on_batch");
  EXPECT_FALSE(quarantine->list()[0].is_quarantined);
}

TEST_F(QuarantineTest, TakesAnInstanceAtItsFifthCrash) {
  for (int i = 0; i < 4; ++i) crash("fragile");
  EXPECT_FALSE(start()->is_quarantined("fragile", plugin_));
  crash("fragile");

  const auto reason = start()->is_quarantined("fragile", plugin_);

  ASSERT_TRUE(reason.has_value());
  EXPECT_THAT(*reason,
              HasSubstr("crashed the gateway 5 times within 10 minutes, last it was did not return from on_batch"));
  EXPECT_FALSE(start()->is_quarantined("sound", plugin_));
}

TEST_F(QuarantineTest, ForgetsCrashesOlderThanTenMinutes) {
  for (int i = 0; i < 4; ++i) crash("fragile");
  clock_.advance_us(kQuarantineWindowUs + 1);
  crash("fragile");

  EXPECT_FALSE(start()->is_quarantined("fragile", plugin_));
}

TEST_F(QuarantineTest, KeepsAnInstanceHoweverLongItTakes) {
  for (int i = 0; i < 5; ++i) crash("fragile");
  (void)start();
  clock_.advance_us(365LL * 86'400'000'000);

  EXPECT_TRUE(start()->is_quarantined("fragile", plugin_));
}

TEST_F(QuarantineTest, CountsOnWhenTheClockIsSetBackALittle) {
  for (int i = 0; i < 4; ++i) crash("fragile");
  clock_.step_wall_us(-60'000'000);
  crash("fragile");

  EXPECT_TRUE(start()->is_quarantined("fragile", plugin_));
}

TEST_F(QuarantineTest, ReleasesAChangedFile) {
  for (int i = 0; i < 5; ++i) crash("fragile");
  EXPECT_TRUE(start()->is_quarantined("fragile", plugin_));

  state_.write("fragile.so", "second, repaired version");

  EXPECT_FALSE(start()->is_quarantined("fragile", plugin_));
  EXPECT_FALSE(start()->is_quarantined("fragile", plugin_)) << "and stays released";
}

TEST_F(QuarantineTest, IsLiftedByReset) {
  for (int i = 0; i < 5; ++i) crash("fragile");
  (void)start();
  {
    auto inspected = Quarantine::open(state_.path(), clock_, Quarantine::Mode::kInspect);
    ASSERT_TRUE(inspected.ok());
    EXPECT_TRUE((*inspected)->is_quarantined("fragile", plugin_));
    EXPECT_TRUE((*inspected)->reset("fragile").ok());
    EXPECT_EQ((*inspected)->reset("fragile").code(), Code::kNotFound);
    EXPECT_EQ((*inspected)->reset("stranger").code(), Code::kNotFound);
  }

  EXPECT_FALSE(start()->is_quarantined("fragile", plugin_));
}

TEST_F(QuarantineTest, DoesNotCountAnOrderlyStop) {
  {
    const auto quarantine = start();
    const breadcrumb::Call call("fragile", "on_batch");
    breadcrumb::accuse_hung("fragile");
    EXPECT_TRUE(quarantine->mark_clean_exit().ok());
  }

  EXPECT_TRUE(start()->list().empty());
}

TEST_F(QuarantineTest, DoesNotCountWhenNobodyCanBeBlamed) {
  {
    const auto quarantine = start();
    const breadcrumb::Call call("innocent", "run");
  }

  EXPECT_TRUE(start()->list().empty());
}

TEST_F(QuarantineTest, RefusesASecondGatewayWithTheSameFolder) {
  const auto first = start();

  const auto second = Quarantine::open(state_.path(), clock_);

  EXPECT_EQ(second.status().code(), Code::kUnavailable);
  EXPECT_THAT(second.status().text(), HasSubstr("another gateway is running with state_dir"));
  EXPECT_TRUE(Quarantine::open(state_.path(), clock_, Quarantine::Mode::kInspect).ok());
}

TEST_F(QuarantineTest, StartsWithADamagedFile) {
  for (int i = 0; i < 5; ++i) crash("fragile");
  (void)start();
  const std::string whole = test::read_file(state_ / "quarantine");

  state_.write("quarantine", whole + "1 2 3\nnonsense\n\n1 2 0 -1,x 1 11 run other\n");
  EXPECT_TRUE(start()->is_quarantined("fragile", plugin_)) << "the readable line counts";
  state_.write("quarantine", std::string("\0\xff garbage", 10));
  EXPECT_FALSE(start()->is_quarantined("fragile", plugin_));
  state_.write("run/breadcrumb", "short");
  EXPECT_TRUE(start()->last_crash().empty());
}

}  // namespace
}  // namespace sluice::plugin
