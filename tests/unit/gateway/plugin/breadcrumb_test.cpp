#include "plugin/breadcrumb.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "support/child_process.hpp"

namespace sluice::plugin::breadcrumb {
namespace {

class Breadcrumb : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status opened = open(file_);
    ASSERT_TRUE(opened.ok()) << opened.text();
  }

  test::TempFolder folder_;
  const std::filesystem::path file_ = folder_ / "breadcrumb";
};

TEST_F(Breadcrumb, AccusesNobodyForBeingCalled) {
  const Call call("sensors", "run");

  EXPECT_TRUE(read(file_).empty());
}

TEST_F(Breadcrumb, AccusesTheInstanceThatHangs) {
  const Call call("sensors", "on_batch");

  accuse_hung("sensors");
  accuse_hung("others");

  ASSERT_EQ(read(file_).size(), 1U);
  EXPECT_EQ(read(file_)[0].instance, "sensors");
  EXPECT_EQ(read(file_)[0].call, "on_batch");
  EXPECT_EQ(read(file_)[0].cause, Cause::kHung);
}

TEST_F(Breadcrumb, GoesBackToTheOuterCall) {
  const Call outer("outer", "run");
  { const Call inner("inner", "load"); }

  accuse_hung("inner");
  EXPECT_TRUE(read(file_).empty());
  accuse_hung("outer");
  EXPECT_EQ(read(file_).size(), 1U);
}

TEST_F(Breadcrumb, GivesTheSlotOfAnEndedThreadToTheNext) {
  for (int i = 0; i < 1'000; ++i) {
    std::thread([] { const Call call("many", "create"); }).join();
  }
  std::thread([] {
    const Call call("last", "create");
    accuse_hung("last");
  }).join();
  const Call call("main", "create");
  accuse_hung("main");

  ASSERT_FALSE(read(file_).empty()) << "slots were left for the last thread";
  EXPECT_EQ(read(file_).back().instance, "main");
}

TEST_F(Breadcrumb, CutsALongName) {
  const std::string name(200, 'n');
  const Call call(name, name);
  accuse_hung(name.substr(0, 87));

  ASSERT_EQ(read(file_).size(), 1U);
  EXPECT_EQ(read(file_)[0].instance, std::string(87, 'n'));
  EXPECT_EQ(read(file_)[0].call, std::string(23, 'n'));
}

TEST_F(Breadcrumb, IsEmptyWhenTheFileIsDamaged) {
  EXPECT_TRUE(read(folder_ / "absent").empty());
  EXPECT_TRUE(read(folder_.write("short", "SLUICEBC")).empty());
  EXPECT_TRUE(read(folder_.write("foreign", std::string(100'000, 'x'))).empty());
}

}  // namespace
}  // namespace sluice::plugin::breadcrumb
