#include "kafka/client_settings.hpp"

#include "kafka_fixture.hpp"

namespace sluice::kafka {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::string& name, const std::string& value) {
  const std::vector<PropertyError> errors = check_properties({{name, value}});
  return errors.empty() ? "" : errors.front().name + ": " + errors.front().text;
}

TEST(KafkaProperties, AreAcceptedWhenLibrdkafkaKnowsThem) {
  EXPECT_THAT(check_properties({{"compression.type", "lz4"}, {"linger.ms", "20"}, {"fetch.min.bytes", "2"}}),
              ::testing::IsEmpty());
}

TEST(KafkaProperties, AreRefusedByNameWhenUnknown) {
  EXPECT_THAT(error_of("compresion.type", "lz4"), HasSubstr("compresion.type"));
}

TEST(KafkaProperties, AreRefusedWithTheLibrarysReasonWhenTheValueIsWrong) {
  EXPECT_THAT(error_of("linger.ms", "soon"), HasSubstr("linger.ms"));
  EXPECT_THAT(error_of("compression.type", "rar"), HasSubstr("rar"));
}

TEST(KafkaProperties, AreAllReportedInOneGo) {
  EXPECT_EQ(check_properties({{"no.such", "1"}, {"linger.ms", "x"}, {"acks", "1"}}).size(), 3U);
}

TEST(KafkaProperties, MayNotWeakenDelivery) {
  EXPECT_THAT(error_of("acks", "1"), HasSubstr("must be all"));
  EXPECT_THAT(error_of("request.required.acks", "0"), HasSubstr("must be all"));
  EXPECT_THAT(error_of("enable.idempotence", "false"), HasSubstr("must be true"));
  EXPECT_THAT(error_of("delivery.timeout.ms", "30000"), HasSubstr("must be 0"));
  EXPECT_EQ(error_of("acks", "-1"), "");
  EXPECT_EQ(error_of("acks", "all"), "");
}

TEST(KafkaProperties, MayNotSetWhatTheGatewaySets) {
  EXPECT_THAT(error_of("bootstrap.servers", "a:1"), HasSubstr("bootstrap_servers"));
  EXPECT_THAT(error_of("enable.auto.commit", "true"), HasSubstr("committed by the gateway"));
  EXPECT_THAT(error_of("plugin.library.paths", "x.so"), HasSubstr("not loaded"));
}

TEST(KafkaProperties, MayNotWriteCredentialsIntoTheLog) {
  EXPECT_THAT(error_of("debug", "broker,security"), HasSubstr("credentials"));
  EXPECT_EQ(error_of("debug", "broker"), "");
}

TEST(KafkaProperties, GoOnlyToTheClientTheyAreFor) {
  RecordingLog log;
  ClientSettings settings = settings_for("127.0.0.1:1");
  settings.properties = {{"linger.ms", "7"}, {"fetch.min.bytes", "2"}, {"client.rack", "r1"}};
  Reports reports;
  const auto producer = producer_for(settings, reports, log);
  const auto subscription = subscription_for({.client = settings, .topics = {"t"}, .group = "g"}, log);
  EXPECT_FALSE(log.has("linger.ms"));  // librdkafka warns of a property that the client ignores
  EXPECT_FALSE(log.has("fetch.min.bytes"));
}

TEST(KafkaProperties, ThatDoNotGoTogetherFailTheClientWithTheReason) {
  RecordingLog log;
  ClientSettings settings = settings_for("127.0.0.1:1");
  settings.properties = {{"max.in.flight", "100"}};
  const Result<std::unique_ptr<Producer>> producer = make_producer(settings, log);
  ASSERT_FALSE(producer.ok());
  EXPECT_EQ(producer.status().code(), Code::kInvalid);
  EXPECT_THAT(producer.status().text(), HasSubstr("max.in.flight"));
}

}  // namespace
}  // namespace sluice::kafka
