#include "kafka/producer.hpp"

#include <librdkafka/rdkafka.h>

#include "kafka_fixture.hpp"

namespace sluice::kafka {
namespace {

using ::testing::ElementsAre;

class ProducerOnMock : public ::testing::Test {
 protected:
  ProducerOnMock() { cluster_.create_topic("t", 3); }

  std::unique_ptr<Producer> open(std::map<std::string, std::string> properties = {}) {
    ClientSettings settings = settings_for(cluster_.bootstrap_servers());
    settings.properties = std::move(properties);
    settings.properties.emplace("linger.ms", "1");
    return producer_for(settings, reports_, log_);
  }
  /// Hands over records "v0".."vN-1" with tags 0..N-1.
  Producer::Produced send(Producer& producer, TopicId topic, std::int32_t partition, std::uint32_t count) {
    for (std::uint32_t i = static_cast<std::uint32_t>(values_.size()); i < count; ++i)
      values_.push_back("v" + std::to_string(i));
    std::vector<ProduceRecord> records;
    for (std::uint32_t i = 0; i < count; ++i) records.push_back({.key = "k", .value = values_[i], .tag = i});
    return producer.produce(topic, partition, records);
  }
  std::vector<ReadRecord> read_back(std::size_t count) {
    const auto reader = subscription_for({.client = settings_for(cluster_.bootstrap_servers()), .topics = {"t"}}, log_);
    return read_records(*reader, count);
  }

  RecordingLog log_;
  Reports reports_;
  MockCluster cluster_;
  std::deque<std::string> values_;
};

TEST_F(ProducerOnMock, DeliversToTheChosenPartitionInOrderAndReportsEachTag) {
  const auto producer = open();
  const TopicId topic = *producer->open_topic("t", 3);
  EXPECT_EQ(send(*producer, topic, 2, 1'000).taken, 1'000U);
  ASSERT_TRUE(poll_until_reported(*producer, reports_, 1'000));

  EXPECT_EQ(reports_.delivered.size(), 1'000U);
  const std::vector<ReadRecord> read = read_back(1'000);
  ASSERT_EQ(read.size(), 1'000U);
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].partition, 2);
    EXPECT_EQ(read[i].value, values_[i]);
    EXPECT_EQ(read[i].key, "k");
  }
}

TEST_F(ProducerOnMock, SendsTombstonesEmptyValuesAndRecordsWithoutKey) {
  const auto producer = open();
  const TopicId topic = *producer->open_topic("t", 3);
  const ProduceRecord records[] = {{.key = "gone", .value = {}, .tag = 1}, {.key = {}, .value = "", .tag = 2}};
  EXPECT_EQ(producer->produce(topic, 0, records).taken, 2U);
  ASSERT_TRUE(producer->flush(milliseconds(10'000)).ok());

  const std::vector<ReadRecord> read = read_back(2);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_TRUE(read[0].is_tombstone);
  EXPECT_EQ(read[0].key, "gone");
  EXPECT_FALSE(read[1].is_tombstone);
  EXPECT_EQ(read[1].key, "");
}

TEST_F(ProducerOnMock, SaysQueueFullAndTakesTheRestAfterAPoll) {
  const auto producer = open({{"queue.buffering.max.messages", "10"}});
  const TopicId topic = *producer->open_topic("t", 3);
  const Producer::Produced first = send(*producer, topic, 0, 25);
  EXPECT_EQ(first.taken, 10U);
  EXPECT_TRUE(first.is_queue_full);
  EXPECT_FALSE(first.is_first_refused);

  ASSERT_TRUE(poll_until_reported(*producer, reports_, 10));
  EXPECT_EQ(send(*producer, topic, 0, 5).taken, 5U);
  EXPECT_TRUE(producer->flush(milliseconds(10'000)).ok());
  EXPECT_EQ(reports_.delivered.size(), 15U);
}

TEST_F(ProducerOnMock, RefusesOneRecordThatIsTooLargeAndTakesItsNeighbours) {
  const auto producer = open({{"message.max.bytes", "2000"}});
  const TopicId topic = *producer->open_topic("t", 3);
  const std::string large(2'001, 'x');
  const ProduceRecord records[] = {
      {.key = {}, .value = "a", .tag = 0}, {.key = {}, .value = large, .tag = 1}, {.key = {}, .value = "b", .tag = 2}};
  const Producer::Produced first = producer->produce(topic, 0, records);
  EXPECT_EQ(first.taken, 1U);
  EXPECT_TRUE(first.is_first_refused);
  EXPECT_EQ(first.reason, "msg_size_too_large");
  EXPECT_EQ(producer->produce(topic, 0, std::span(records).subspan(2)).taken, 1U);
  ASSERT_TRUE(producer->flush(milliseconds(10'000)).ok());
  EXPECT_THAT(reports_.delivered, ElementsAre(0, 2));
}

TEST_F(ProducerOnMock, LearnsTheRealPartitionCount) {
  const auto producer = open();
  const TopicId topic = *producer->open_topic("t", 5);
  EXPECT_TRUE(wait_until([&] { return producer->partition_count(topic) == 3; }));
  EXPECT_EQ(send(*producer, topic, 4, 1).taken, 1U);  // chosen from the old count
  EXPECT_TRUE(producer->flush(milliseconds(10'000)).ok());
  EXPECT_EQ(read_back(1).at(0).partition, 1);
}

TEST_F(ProducerOnMock, KeepsWhatItHasWhileTheBrokerIsDownAndDeliversWhenItIsBack) {
  cluster_.set_down();
  const auto producer = open();
  const TopicId topic = *producer->open_topic("t", 3);
  EXPECT_EQ(send(*producer, topic, 1, 100).taken, 100U);
  EXPECT_EQ(producer->flush(milliseconds(200)).code(), Code::kTimeout);
  EXPECT_EQ(reports_.count(), 0U);
  EXPECT_TRUE(producer->fatal_error().ok());

  cluster_.set_up();
  ASSERT_TRUE(poll_until_reported(*producer, reports_, 100));
  EXPECT_EQ(reports_.delivered.size(), 100U);
}

TEST_F(ProducerOnMock, RetriesErrorsThatHeal) {
  const auto producer = open({{"retry.backoff.ms", "10"}});
  const TopicId topic = *producer->open_topic("t", 3);
  cluster_.push_errors(MockCluster::kProduce, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 3);
  send(*producer, topic, 0, 50);
  ASSERT_TRUE(poll_until_reported(*producer, reports_, 50));
  EXPECT_EQ(reports_.delivered.size(), 50U);
}

TEST_F(ProducerOnMock, NamesARefusalOfTheBrokerThatIsForGood) {
  const auto producer = open();
  const TopicId topic = *producer->open_topic("t", 3);
  cluster_.push_errors(MockCluster::kProduce, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1);
  send(*producer, topic, 0, 1);
  ASSERT_TRUE(poll_until_reported(*producer, reports_, 1));
  EXPECT_EQ(reports_.failed[0], "msg_size_too_large");
  EXPECT_TRUE(reports_.is_permanent[0]);
}

TEST_F(ProducerOnMock, PurgeReportsEverythingAsFailedButNotForGood) {
  cluster_.set_down();
  const auto producer = open();
  const TopicId topic = *producer->open_topic("t", 3);
  send(*producer, topic, 0, 20);
  producer->purge();
  EXPECT_EQ(reports_.failed.size(), 20U);
  EXPECT_FALSE(reports_.is_permanent[0]);
}

TEST_F(ProducerOnMock, AFatalErrorIsToldAndANewClientHealsIt) {
  const auto producer = open();
  const TopicId topic = *producer->open_topic("t", 3);
  cluster_.push_errors(MockCluster::kProduce, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 1);
  send(*producer, topic, 0, 10);
  ASSERT_TRUE(wait_until([&] {
    producer->poll(milliseconds(5));
    return !producer->fatal_error().ok();
  }));
  EXPECT_THAT(producer->fatal_error().text(), ::testing::HasSubstr("out_of_order_sequence"));
  const Producer::Produced dead = send(*producer, topic, 0, 1);
  EXPECT_EQ(dead.taken, 0U);
  EXPECT_FALSE(dead.is_queue_full);

  producer->purge();
  EXPECT_EQ(reports_.count(), 10U);
  ASSERT_TRUE(producer->recreate().ok());
  EXPECT_TRUE(producer->fatal_error().ok());
  reports_ = Reports();
  EXPECT_EQ(send(*producer, topic, 0, 10).taken, 10U);
  ASSERT_TRUE(poll_until_reported(*producer, reports_, 10));
  EXPECT_EQ(reports_.delivered.size(), 10U);
}

TEST_F(ProducerOnMock, IsDeadAfterTheClusterMovedAndFollowsItWhenRecreated) {
  MockCluster other;
  other.create_topic("t", 1);
  auto bootstrap = std::make_shared<Bootstrap>(cluster_.bootstrap_servers());
  ClientSettings settings = settings_for("");
  settings.bootstrap = bootstrap;
  const auto producer = producer_for(settings, reports_, log_);
  const TopicId topic = *producer->open_topic("t", 3);
  bootstrap->move_to(other.bootstrap_servers());
  EXPECT_FALSE(producer->fatal_error().ok());
  EXPECT_EQ(send(*producer, topic, 0, 1).taken, 0U);
  producer->purge();
  ASSERT_TRUE(producer->recreate().ok());
  EXPECT_TRUE(wait_until([&] { return producer->partition_count(topic) == 1; }));
  EXPECT_EQ(send(*producer, topic, 0, 1).taken, 1U);
  EXPECT_TRUE(producer->flush(milliseconds(10'000)).ok());
}

TEST_F(ProducerOnMock, WaitsForATopicThatIsNotThereYet) {
  cluster_.create_topic("late", 2);
  cluster_.set_topic_error("late", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const auto producer = open();
  const TopicId topic = *producer->open_topic("late", 2);
  EXPECT_EQ(send(*producer, topic, 1, 10).taken, 10U);
  EXPECT_FALSE(producer->flush(milliseconds(300)).ok());
  EXPECT_EQ(reports_.count(), 0U);
  cluster_.set_topic_error("late", RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(poll_until_reported(*producer, reports_, 10));
  EXPECT_EQ(reports_.delivered.size(), 10U);
}

TEST_F(ProducerOnMock, GivesOneIdToOneTopicAndRefusesNonsense) {
  const auto producer = open();
  const TopicId first = *producer->open_topic("t", 3);
  EXPECT_EQ(*producer->open_topic("t", 3), first);
  EXPECT_NE(*producer->open_topic("u", 1), first);
  EXPECT_FALSE(producer->open_topic("", 1).ok());
  EXPECT_FALSE(producer->open_topic("v", 0).ok());
}

}  // namespace
}  // namespace sluice::kafka
