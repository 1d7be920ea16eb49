#include "kafka/embedded_broker.hpp"

#include <signal.h>

#include "kafka/admin.hpp"
#include "kafka_fixture.hpp"
#include "support/child_process.hpp"

namespace sluice::kafka {
namespace {

class EmbeddedBrokerChild : public ::testing::Test {
 protected:
  EmbeddedBrokerSettings settings() {
    return {.executable = SLUICE_TEST_BROKER, .address_file = folder_ / "address", .topics = {{"a", 3}, {"b", 1}}};
  }
  ClientSettings client(const EmbeddedBroker& broker) {
    ClientSettings client;
    client.bootstrap = broker.bootstrap();
    client.is_embedded = true;
    return client;
  }

  RecordingLog log_;
  test::TempFolder folder_;
};

TEST_F(EmbeddedBrokerChild, ServesTheTopicsItWasStartedWith) {
  const auto broker = EmbeddedBroker::start(settings(), log_);
  ASSERT_TRUE(broker.ok()) << broker.status().text();
  EXPECT_TRUE((*broker)->is_running());
  EXPECT_EQ((*broker)->incarnation().size(), 36U);
  EXPECT_THAT((*broker)->bootstrap()->servers(), ::testing::StartsWith("127.0.0.1:"));

  const auto admin = Admin::open(client(**broker), log_);
  const auto topics = (*admin)->topics({}, milliseconds(10'000));
  ASSERT_TRUE(topics.ok()) << topics.status().text();
  ASSERT_EQ(topics->size(), 2U);
  EXPECT_EQ(topics->front().name, "a");
  EXPECT_EQ(topics->front().partitions.size(), 3U);
}

TEST_F(EmbeddedBrokerChild, IsStartedAgainAtAnotherPlaceWhenItDies) {
  const auto broker = EmbeddedBroker::start(settings(), log_);
  ASSERT_TRUE(broker.ok()) << broker.status().text();
  const auto bootstrap = (*broker)->bootstrap();
  const std::string first_servers = bootstrap->servers();
  const std::string first_incarnation = (*broker)->incarnation();
  const auto subscription = subscription_for({.client = client(**broker), .topics = {"a"}}, log_);

  kill((*broker)->pid(), SIGKILL);
  ASSERT_TRUE(wait_until([&] { return bootstrap->moves() == 1; }));
  EXPECT_NE(bootstrap->servers(), first_servers);
  EXPECT_NE((*broker)->incarnation(), first_incarnation);
  EXPECT_EQ((*broker)->restarts(), 1U);
  EXPECT_TRUE(log_.has("killed by signal 9"));
  TopicRecord record;
  EXPECT_EQ(subscription->poll({&record, 1}, milliseconds(0)).status().code(), Code::kClosed);
}

TEST_F(EmbeddedBrokerChild, DiesWithItsOwner) {
  auto broker = EmbeddedBroker::start(settings(), log_);
  ASSERT_TRUE(broker.ok()) << broker.status().text();
  const int pid = (*broker)->pid();
  broker->reset();
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "address"));
}

TEST_F(EmbeddedBrokerChild, ThatDoesNotStartIsAnErrorThatSaysWhy) {
  EmbeddedBrokerSettings refused = settings();
  refused.topics = {{"refuse", 1}};
  const auto exits = EmbeddedBroker::start(refused, log_);
  ASSERT_FALSE(exits.ok());
  EXPECT_THAT(exits.status().text(), ::testing::HasSubstr("exited with status 3"));

  EmbeddedBrokerSettings missing = settings();
  missing.executable = "/no/such/program";
  EXPECT_THAT(EmbeddedBroker::start(missing, log_).status().text(), ::testing::HasSubstr("/no/such/program"));
}

TEST(BrokerTopicText, IsANameWithAnOptionalCount) {
  EXPECT_EQ(parse_broker_topic("device-sensors:3")->partitions, 3U);
  EXPECT_EQ(parse_broker_topic("device-sensors")->partitions, 1U);
  for (const char* bad : {"", ":3", "a:0", "a:x", "a:3x", "a b:1", "a:1001", "a:-1"}) {
    EXPECT_FALSE(parse_broker_topic(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace sluice::kafka
