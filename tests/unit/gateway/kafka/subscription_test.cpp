#include "kafka/subscription.hpp"

#include <librdkafka/rdkafka.h>

#include "kafka/retention_guard.hpp"
#include "kafka_fixture.hpp"

namespace sluice::kafka {
namespace {

class SubscriptionOnMock : public ::testing::Test {
 protected:
  SubscriptionOnMock() {
    cluster_.create_topic("a", 2);
    cluster_.create_topic("b", 1);
    settings_ = settings_for(cluster_.bootstrap_servers());
  }

  void produce(const std::string& topic, std::int32_t partition, int first, int count) {
    Reports reports;
    const auto producer = producer_for(settings_, reports, log_);
    const TopicId id = *producer->open_topic(topic, 2);
    std::deque<std::string> values;
    for (int i = 0; i < count; ++i) {
      const ProduceRecord record{.key = {}, .value = values.emplace_back(std::to_string(first + i)), .tag = 0};
      ASSERT_EQ(producer->produce(id, partition, {&record, 1}).taken, 1U);
    }
    ASSERT_TRUE(producer->flush(milliseconds(10'000)).ok());
  }

  RecordingLog log_;
  MockCluster cluster_;
  ClientSettings settings_;
};

TEST_F(SubscriptionOnMock, WithoutGroupReadsAllPartitionsOfAllTopics) {
  produce("a", 0, 0, 10);
  produce("a", 1, 10, 10);
  produce("b", 0, 20, 10);
  const auto subscription = subscription_for({.client = settings_, .topics = {"b", "a"}}, log_);
  const std::vector<ReadRecord> read = read_records(*subscription, 30);
  ASSERT_EQ(read.size(), 30U);
  std::map<std::pair<std::uint32_t, std::int32_t>, std::int64_t> next;
  for (const ReadRecord& record : read) {
    EXPECT_EQ(record.offset, (next[{record.topic, record.partition}]++));
    EXPECT_EQ(std::stoi(record.value), record.offset + (record.topic == 0 ? 20 : record.partition * 10));
  }
  EXPECT_EQ(next.size(), 3U);
}

TEST_F(SubscriptionOnMock, ReturnsWithinTheWaitWhenThereIsNothing) {
  const auto subscription = subscription_for({.client = settings_, .topics = {"a"}}, log_);
  std::vector<TopicRecord> batch(10);
  ASSERT_TRUE(wait_until([&] { return subscription->poll(batch, milliseconds(50)).ok(); }));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(*subscription->poll(batch, milliseconds(50)), 0U);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
}

TEST_F(SubscriptionOnMock, ReturnsTheFirstRecordWithoutWaitingForMore) {
  const auto subscription = subscription_for({.client = settings_, .topics = {"b"}}, log_);
  produce("b", 0, 0, 1);
  std::vector<TopicRecord> batch(100);
  std::size_t read = 0;
  const auto began = std::chrono::steady_clock::now();
  while (read == 0) {
    const auto got = subscription->poll(batch, std::chrono::seconds(20));
    if (got.ok()) read = *got;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

TEST_F(SubscriptionOnMock, StartsWhereItIsTold) {
  produce("b", 0, 0, 10);
  const auto subscription =
      subscription_for({.client = settings_, .topics = {"b"}, .start_positions = {{"b", 0, 7}}}, log_);
  const std::vector<ReadRecord> read = read_records(*subscription, 3);
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read.front().offset, 7);
}

TEST_F(SubscriptionOnMock, FromTheLatestSeesOnlyWhatComesAfterwards) {
  produce("b", 0, 0, 10);
  const auto subscription =
      subscription_for({.client = settings_, .topics = {"b"}, .start = StartOffset::kLatest}, log_);
  std::vector<TopicRecord> batch(10);
  ASSERT_TRUE(wait_until([&] {
    (void)subscription->poll(batch, milliseconds(10));
    const auto positions = subscription->positions();
    return !positions.empty() && positions[0].next_offset == 10;
  }));
  produce("b", 0, 10, 1);
  EXPECT_EQ(read_records(*subscription, 1).at(0).value, "10");
}

TEST_F(SubscriptionOnMock, KnowsItsPositionsAndLag) {
  produce("b", 0, 0, 50);
  const auto subscription = subscription_for({.client = settings_, .topics = {"b"}}, log_);
  EXPECT_TRUE(subscription->positions().empty());
  std::vector<TopicRecord> batch(20);
  ASSERT_TRUE(wait_until([&] {
    const auto got = subscription->poll(batch, milliseconds(20));
    return got.ok() && *got == 20;
  }));
  std::vector<PartitionPosition> positions = subscription->positions();
  ASSERT_EQ(positions.size(), 1U);
  EXPECT_EQ(positions[0].topic, "b");
  EXPECT_EQ(positions[0].next_offset, 20);
  EXPECT_EQ(positions[0].lag_records, 30);
  EXPECT_EQ(read_records(*subscription, 30).size(), 30U);
  EXPECT_EQ(subscription->positions()[0].lag_records, 0);
}

TEST_F(SubscriptionOnMock, OfAGroupResumesAtTheCommittedOffset) {
  produce("b", 0, 0, 20);
  const SubscriptionSettings settings{.client = settings_, .topics = {"b"}, .group = "g"};
  {
    const auto subscription = subscription_for(settings, log_);
    ASSERT_EQ(read_records(*subscription, 20).size(), 20U);
    const PartitionPosition handled[] = {{"b", 0, 12}, {"never-assigned", 0, 3}};
    subscription->commit(handled, true);
  }
  const auto again = subscription_for(settings, log_);
  const std::vector<ReadRecord> read = read_records(*again, 8);
  ASSERT_EQ(read.size(), 8U);
  EXPECT_EQ(read.front().offset, 12);
}

TEST_F(SubscriptionOnMock, OutlivesABrokerThatGoesAndComesBack) {
  produce("b", 0, 0, 5);
  const auto subscription = subscription_for({.client = settings_, .topics = {"b"}}, log_);
  ASSERT_EQ(read_records(*subscription, 5).size(), 5U);
  cluster_.set_down();
  std::vector<TopicRecord> batch(10);
  wait_until([&] { return !subscription->poll(batch, milliseconds(10)).ok(); }, milliseconds(500));
  cluster_.set_up();
  produce("b", 0, 5, 5);
  const std::vector<ReadRecord> read = read_records(*subscription, 5);
  ASSERT_EQ(read.size(), 5U);
  EXPECT_EQ(read.front().value, "5");
}

TEST_F(SubscriptionOnMock, TellsTheRetentionGuardWhatItsGroupHasRead) {
  settings_.retention_guard = std::make_shared<RetentionGuard>();
  const auto subscription = subscription_for({.client = settings_, .topics = {"b"}, .group = "g"}, log_);
  produce("b", 0, 0, 1'000);
  EXPECT_GT(settings_.retention_guard->unread_bytes("b", 0), 0);
  ASSERT_EQ(read_records(*subscription, 1'000).size(), 1'000U);
  EXPECT_EQ(settings_.retention_guard->unread_bytes("b", 0), 0);
}

TEST_F(SubscriptionOnMock, ProducingPausesBeforeTheBrokerDropsWhatAGroupHasNotRead) {
  settings_.retention_guard = std::make_shared<RetentionGuard>();
  const auto subscription = subscription_for({.client = settings_, .topics = {"b"}, .group = "g"}, log_);
  Reports reports;
  const auto producer = producer_for(settings_, reports, log_);
  const TopicId topic = *producer->open_topic("b", 1);
  const std::string value(10'000, 'x');
  std::uint32_t sent = 0;
  bool is_paused = false;
  std::size_t read = 0;
  std::vector<TopicRecord> batch(100);
  // 20 MB through a broker that keeps 5 MiB: all must arrive, and nothing is read until producing has paused.
  ASSERT_TRUE(wait_until([&] {
    const ProduceRecord record{.key = {}, .value = value, .tag = sent};
    if (sent < 2'000) {
      const Producer::Produced produced = producer->produce(topic, 0, {&record, 1});
      sent += static_cast<std::uint32_t>(produced.taken);
      is_paused = is_paused || (produced.is_queue_full && settings_.retention_guard->is_paused("b", 0));
    }
    producer->poll(milliseconds(0));
    if (!is_paused) return false;
    const auto got = subscription->poll(batch, milliseconds(1));
    if (got.ok()) read += *got;
    return read == 2'000;
  }));
}

TEST(SubscriptionSettings, NeedATopic) {
  RecordingLog log;
  EXPECT_EQ(open_subscription({.client = settings_for("127.0.0.1:1")}, log).status().code(), Code::kInvalid);
}

}  // namespace
}  // namespace sluice::kafka
