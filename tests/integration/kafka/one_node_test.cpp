#include "real_kafka_fixture.hpp"

namespace sluice::kafka {
namespace {

class RealKafka : public ::testing::Test {
 protected:
  void SetUp() override {
    SLUICE_REQUIRE_KAFKA();
    cluster_ = &KafkaCluster::start(1);
    admin_ = admin_for(*cluster_, log_);
  }
  void create(const std::string& topic, std::uint32_t partitions) {
    const TopicSpec specs[] = {{.name = topic, .partitions = partitions}};
    const auto warnings = admin_->ensure_topics(specs, kTimeout);
    ASSERT_TRUE(warnings.ok()) << warnings.status().text();
  }
  void produce(const std::string& topic, std::uint32_t partitions, std::uint32_t count) {
    NumberedLoad load(*cluster_, topic, partitions, count, log_);
    ASSERT_TRUE(wait_until([&] {
      load.step();
      return load.is_done();
    }));
  }
  SubscriptionSettings reading(const std::string& topic, const std::string& group = "") {
    return {.client = settings_for(*cluster_), .topics = {topic}, .group = group};
  }

  RecordingLog log_;
  KafkaCluster* cluster_ = nullptr;
  std::unique_ptr<Admin> admin_;
};

TEST_F(RealKafka, CreatesTopicsOnceWithPartitionsRetentionAndCompaction) {
  const TopicSpec specs[] = {{.name = "made", .partitions = 3, .retention_ms = 3'600'000},
                             {.name = "made-table", .cleanup = Cleanup::kCompact}};
  for (int round = 0; round < 2; ++round) {
    const auto warnings = admin_->ensure_topics(specs, kTimeout);
    ASSERT_TRUE(warnings.ok()) << warnings.status().text();
    EXPECT_TRUE(warnings->empty());
  }
  const std::string names[] = {"made", "made-table"};
  const auto topics = admin_->topics(names, kTimeout);
  ASSERT_TRUE(topics.ok()) << topics.status().text();
  EXPECT_EQ(topics->at(0).partitions.size(), 3U);
  EXPECT_EQ(topics->at(0).retention_ms, 3'600'000);
  EXPECT_EQ(topics->at(0).cleanup_policy, "delete");
  EXPECT_EQ(topics->at(1).cleanup_policy, "compact");

  const TopicSpec other[] = {{.name = "made", .partitions = 4}};
  EXPECT_EQ(admin_->ensure_topics(other, kTimeout)->size(), 1U);
}

TEST_F(RealKafka, RefusesATopicNameWithTheBrokersReason) {
  const TopicSpec specs[] = {{.name = "not a name"}};
  const auto refused = admin_->ensure_topics(specs, kTimeout);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kInvalid);
  EXPECT_THAT(refused.status().text(), ::testing::HasSubstr("not a name"));
}

TEST_F(RealKafka, GivesBackAHundredThousandRecordsEachOnceAndInOrderPerKey) {
  constexpr std::uint32_t kCount = 100'000;
  create("many", 3);
  produce("many", 3, kCount);
  const auto subscription = subscription_for(reading("many"), log_);
  NumberedResult result;
  result.read_from(*subscription, kCount);
  result.expect_each_once_in_order(kCount);
  for (const PartitionPosition& position : subscription->positions()) EXPECT_EQ(position.lag_records, 0);
}

TEST_F(RealKafka, AProducerStartedBeforeItsTopicWaitsForIt) {
  NumberedLoad load(*cluster_, "late", 3, 1'000, log_);
  for (int i = 0; i < 20; ++i) load.step();
  EXPECT_EQ(load.delivered(), 0U);
  create("late", 3);
  ASSERT_TRUE(wait_until([&] {
    load.step();
    return load.is_done();
  }));
}

TEST_F(RealKafka, AGroupGoesOnWhereItCommitted) {
  create("resumed", 2);
  produce("resumed", 2, 1'000);
  {
    const auto first = subscription_for(reading("resumed", "resuming"), log_);
    NumberedResult result;
    result.read_from(*first, 1'000);
    ASSERT_EQ(result.records, 1'000U);
    std::vector<PartitionPosition> handled = first->positions();
    for (PartitionPosition& position : handled) position.next_offset -= 10;
    first->commit(handled, false);
    first->commit(handled, true);
  }
  const auto second = subscription_for(reading("resumed", "resuming"), log_);
  NumberedResult rest;
  rest.read_from(*second, 20);
  EXPECT_EQ(rest.records, 20U);
}

TEST_F(RealKafka, TwoMembersOfAGroupShareThePartitions) {
  create("shared", 2);
  const auto first = subscription_for(reading("shared", "sharing"), log_);
  const auto second = subscription_for(reading("shared", "sharing"), log_);
  std::vector<TopicRecord> batch(10);
  EXPECT_TRUE(wait_until([&] {
    (void)first->poll(batch, milliseconds(20));
    (void)second->poll(batch, milliseconds(20));
    return first->positions().size() == 1 && second->positions().size() == 1;
  }));
  const auto group = admin_->group("sharing", kTimeout);
  ASSERT_TRUE(group.ok()) << group.status().text();
  EXPECT_EQ(group->members.size(), 2U);
  EXPECT_EQ(group->balance, 1.0);
  EXPECT_EQ(group->offsets.size(), 2U);
}

TEST_F(RealKafka, DescribesAGroupAndMovesItsOffsets) {
  create("moved", 1);
  produce("moved", 1, 100);
  {
    const auto subscription = subscription_for(reading("moved", "moving"), log_);
    NumberedResult result;
    result.read_from(*subscription, 100);
    const PartitionPosition handled[] = {{"moved", 0, 60}};
    subscription->commit(handled, true);
    EXPECT_FALSE(admin_->reset_offsets("moving", "moved", ResetTarget::kEarliest, ResetMode::kExecute, kTimeout).ok());
  }
  ASSERT_TRUE(wait_until([&] {
    const auto group = admin_->group("moving", kTimeout);
    return group.ok() && group->state == "Empty";
  }));
  const auto group = admin_->group("moving", kTimeout);
  EXPECT_EQ(group->lag_records, 40);
  EXPECT_EQ(group->offsets.at(0).committed, 60);
  const auto groups = admin_->groups(kTimeout);
  ASSERT_TRUE(groups.ok()) << groups.status().text();
  EXPECT_TRUE(std::any_of(groups->begin(), groups->end(), [](const GroupSummary& g) { return g.name == "moving"; }));

  const auto plan = admin_->reset_offsets("moving", "moved", ResetTarget::kEarliest, ResetMode::kDryRun, kTimeout);
  ASSERT_TRUE(plan.ok()) << plan.status().text();
  EXPECT_EQ(plan->at(0).from, 60);
  EXPECT_EQ(plan->at(0).to, 0);
  EXPECT_EQ(admin_->group("moving", kTimeout)->offsets.at(0).committed, 60);
  ASSERT_TRUE(admin_->reset_offsets("moving", "moved", ResetTarget::kEarliest, ResetMode::kExecute, kTimeout).ok());
  EXPECT_EQ(admin_->group("moving", kTimeout)->offsets.at(0).committed, 0);
  EXPECT_EQ(admin_->group("no-such-group", kTimeout).status().code(), Code::kNotFound);
}

TEST_F(RealKafka, ABatchLargerThanTheTopicAllowsIsRefusedForGood) {
  create("small", 1);
  struct Outcome final : DeliverySink {
    std::string reason;
    bool is_permanent = false;
    void on_delivered(std::uint32_t) override { reason = "delivered"; }
    void on_failed(std::uint32_t, std::string_view why, bool permanent) override {
      reason = why;
      is_permanent = permanent;
    }
  } outcome;
  ClientSettings settings = settings_for(*cluster_);
  settings.properties = {{"message.max.bytes", "4000000"}};  // more than the broker's default of 1 MiB
  const auto producer = std::move(*make_producer(settings, log_));
  producer->set_sink(&outcome);
  const TopicId topic = *producer->open_topic("small", 1);
  const std::string value(2'000'000, 'x');
  const ProduceRecord record{.key = {}, .value = value, .tag = 1};
  ASSERT_EQ(producer->produce(topic, 0, {&record, 1}).taken, 1U);
  ASSERT_TRUE(producer->flush(kTimeout).ok());
  EXPECT_EQ(outcome.reason, "msg_size_too_large");
  EXPECT_TRUE(outcome.is_permanent);
}

}  // namespace
}  // namespace sluice::kafka
