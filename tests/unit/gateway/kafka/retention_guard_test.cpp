#include "kafka/retention_guard.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::kafka {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

class RetentionGuardWithReader : public ::testing::Test {
 protected:
  /// Hands over and delivers `count` records of 64 KiB.
  void deliver(int count) {
    for (int i = 0; i < count; ++i) {
      guard_.handed_over("t", 0, 64 << 10);
      guard_.delivered("t", 0, next_offset_++, 64 << 10);
    }
  }

  std::vector<std::string> topics_ = {"t"};
  RetentionGuard guard_;
  std::int64_t next_offset_ = 0;
};

TEST_F(RetentionGuardWithReader, PausesAtFourMebibytesUnreadAndGoesOnWhenTheyAreRead) {
  const auto reader = guard_.add_reader(topics_);
  deliver(63);
  EXPECT_FALSE(guard_.is_paused("t", 0));
  deliver(1);
  EXPECT_TRUE(guard_.is_paused("t", 0));
  EXPECT_FALSE(guard_.is_paused("t", 1));
  guard_.consumed(reader, "t", 0, 32);
  EXPECT_EQ(guard_.unread_bytes("t", 0), 2 * kMiB);
  EXPECT_FALSE(guard_.is_paused("t", 0));
  guard_.consumed(reader, "t", 0, 64);
  EXPECT_EQ(guard_.unread_bytes("t", 0), 0);
}

TEST_F(RetentionGuardWithReader, CountsWhatIsStillInFlight) {
  guard_.add_reader(topics_);
  guard_.handed_over("t", 0, 5 * kMiB);
  EXPECT_TRUE(guard_.is_paused("t", 0));
  guard_.failed("t", 0, 5 * kMiB);
  EXPECT_FALSE(guard_.is_paused("t", 0));
}

TEST_F(RetentionGuardWithReader, WaitsForTheSlowestReader) {
  const auto fast = guard_.add_reader(topics_);
  const auto slow = guard_.add_reader(topics_);
  deliver(64);
  guard_.consumed(fast, "t", 0, 64);
  EXPECT_TRUE(guard_.is_paused("t", 0));
  guard_.remove_reader(slow);
  EXPECT_FALSE(guard_.is_paused("t", 0));
}

TEST_F(RetentionGuardWithReader, NeverPausesATopicNobodyReads) {
  deliver(1'000);
  EXPECT_FALSE(guard_.is_paused("t", 0));
}

TEST_F(RetentionGuardWithReader, CountsOnlyThePartitionsAReaderWasAssigned) {
  const auto reader = guard_.add_reader(topics_);
  deliver(64);
  EXPECT_TRUE(guard_.is_paused("t", 0));
  const RetentionGuard::TopicPartition other[] = {{"t", 1}};
  guard_.assigned(reader, other);
  EXPECT_FALSE(guard_.is_paused("t", 0));
}

TEST_F(RetentionGuardWithReader, ForgetsEverythingWhenTheBrokerIsWiped) {
  const auto reader = guard_.add_reader(topics_);
  deliver(64);
  guard_.broker_wiped();
  EXPECT_EQ(guard_.unread_bytes("t", 0), 0);
  next_offset_ = 0;
  deliver(64);
  EXPECT_TRUE(guard_.is_paused("t", 0));
  guard_.consumed(reader, "t", 0, 64);
  EXPECT_FALSE(guard_.is_paused("t", 0));
}

}  // namespace
}  // namespace sluice::kafka
