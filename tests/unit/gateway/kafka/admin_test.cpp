#include "kafka/admin.hpp"

#include "kafka_fixture.hpp"

namespace sluice::kafka {
namespace {

constexpr milliseconds kTimeout{10'000};

class AdminOnMock : public ::testing::Test {
 protected:
  AdminOnMock() {
    cluster_.create_topic("t", 3);
    Result<std::unique_ptr<Admin>> admin = Admin::open(settings_for(cluster_.bootstrap_servers()), log_);
    EXPECT_TRUE(admin.ok());
    admin_ = std::move(*admin);
  }

  RecordingLog log_;
  MockCluster cluster_;
  std::unique_ptr<Admin> admin_;
};

TEST_F(AdminOnMock, WarnsOfATopicWithAnotherPartitionCount) {
  const TopicSpec specs[] = {{.name = "t", .partitions = 3}, {.name = "t", .partitions = 5}};
  const auto warnings = admin_->ensure_topics(specs, kTimeout);
  ASSERT_TRUE(warnings.ok()) << warnings.status().text();
  ASSERT_EQ(warnings->size(), 1U);
  EXPECT_THAT(warnings->front(), ::testing::HasSubstr("has 3 partitions, configured are 5"));
}

TEST_F(AdminOnMock, CannotCreateATopicOnTheEmbeddedBroker) {
  const TopicSpec specs[] = {{.name = "missing"}};
  EXPECT_THAT(admin_->ensure_topics(specs, kTimeout).status().text(), ::testing::HasSubstr("without topic missing"));
}

TEST_F(AdminOnMock, DescribesTopicsAsFarAsTheBrokerTells) {
  const std::string names[] = {"t"};
  const auto topics = admin_->topics(names, kTimeout);
  ASSERT_TRUE(topics.ok()) << topics.status().text();
  ASSERT_EQ(topics->front().partitions.size(), 3U);
  EXPECT_EQ(topics->front().partitions[2].partition, 2);
  EXPECT_EQ(topics->front().partitions[0].leader, 1);
  EXPECT_EQ(topics->front().partitions[0].low_offset, 0);
  EXPECT_EQ(topics->front().partitions[0].high_offset, 0);
  EXPECT_FALSE(topics->front().retention_ms.has_value());
}

TEST_F(AdminOnMock, NamesATopicThatDoesNotExist) {
  const std::string names[] = {"nope"};
  EXPECT_EQ(admin_->topics(names, kTimeout).status().code(), Code::kNotFound);
}

TEST_F(AdminOnMock, SaysThatTheEmbeddedBrokerCannotShowGroups) {
  const auto groups = admin_->groups(kTimeout);
  ASSERT_FALSE(groups.ok());
  EXPECT_THAT(groups.status().text(), ::testing::HasSubstr("embedded"));
}

TEST(AdminWithoutBroker, GivesUpAfterTheTimeout) {
  RecordingLog log;
  const auto admin = Admin::open(settings_for("127.0.0.1:1"), log);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE((*admin)->topics({}, milliseconds(200)).ok());
  const TopicSpec specs[] = {{.name = "t"}};
  EXPECT_FALSE((*admin)->ensure_topics(specs, milliseconds(200)).ok());
  EXPECT_FALSE((*admin)->groups(milliseconds(200)).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

}  // namespace
}  // namespace sluice::kafka
