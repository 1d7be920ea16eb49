#include "real_kafka_fixture.hpp"

namespace sluice::kafka {
namespace {

class ThreeNodes : public ::testing::Test {
 protected:
  void SetUp() override {
    SLUICE_REQUIRE_KAFKA();
    cluster_ = &KafkaCluster::start(3);
    admin_ = admin_for(*cluster_, log_);
  }
  void create(const std::string& topic, std::uint32_t partitions) {
    const TopicSpec specs[] = {{.name = topic, .partitions = partitions}};
    ASSERT_TRUE(wait_until([&] { return admin_->ensure_topics(specs, kTimeout).ok(); }));
  }
  int leader_of(const std::string& topic) {
    const std::string names[] = {topic};
    int leader = -1;
    wait_until([&] {
      const auto topics = admin_->topics(names, kTimeout);
      if (topics.ok()) leader = topics->front().partitions.front().leader;
      return leader > 0;
    });
    return leader;
  }

  RecordingLog log_;
  KafkaCluster* cluster_ = nullptr;
  std::unique_ptr<Admin> admin_;
};

TEST_F(ThreeNodes, ALeaderKilledUnderLoadLosesNothingAndKeepsTheOrder) {
  constexpr std::uint32_t kCount = 60'000;
  create("killed", 3);
  const int leader = leader_of("killed");
  ASSERT_GT(leader, 0);
  NumberedLoad load(*cluster_, "killed", 3, kCount, log_);
  bool is_killed = false;
  ASSERT_TRUE(wait_until(
      [&] {
        load.step();
        if (!is_killed && load.delivered() >= 10'000) {
          is_killed = true;
          cluster_->kill_node(leader);
        }
        return load.is_done() || !load.producer().fatal_error().ok();
      },
      std::chrono::seconds(90)));
  // librdkafka before 2.3 may answer a lost connection with a fatal error (its issue 4438); that road is tested with
  // the mock cluster, here the load must go through.
  ASSERT_TRUE(load.producer().fatal_error().ok()) << load.producer().fatal_error().text();
  EXPECT_TRUE(is_killed);
  EXPECT_EQ(load.delivered(), kCount);

  const auto subscription = subscription_for({.client = settings_for(*cluster_), .topics = {"killed"}}, log_);
  NumberedResult result;
  result.read_from(*subscription, kCount);
  result.expect_each_once_in_order(kCount);
  cluster_->start_node(leader);
}

}  // namespace
}  // namespace sluice::kafka
