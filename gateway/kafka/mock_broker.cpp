#include "kafka/mock_broker.hpp"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <charconv>
#include <fstream>

#include "kafka/errors.hpp"
#include "kafka/handles.hpp"

namespace sluice::kafka {
namespace {

// More would only cost memory: a partition of the embedded broker is there for order, not for load.
constexpr std::uint32_t kMaxPartitions = 1'000;
// Kafka's own limit.
constexpr std::size_t kMaxTopicName = 249;

class MockCluster final : public MockBroker {
 public:
  explicit MockCluster(Log& log) : context_{log, this} {}
  ~MockCluster() override {
    if (cluster_ != nullptr) rd_kafka_mock_cluster_destroy(cluster_);
  }

  Status open(const std::vector<BrokerTopic>& topics) {
    ClientSettings settings;
    settings.bootstrap = std::make_shared<Bootstrap>("");
    settings.client_id = "sluice-broker";
    Result<KafkaConf> conf = new_conf(ClientKind::kAdmin, settings, {}, context_);
    if (!conf) return conf.status();
    Result<KafkaClient> client = new_client(ClientKind::kAdmin, std::move(*conf));
    if (!client) return client.status();
    client_ = std::move(*client);
    cluster_ = rd_kafka_mock_cluster_new(client_.get(), 1);
    if (cluster_ == nullptr) return {Code::kIo, "the embedded broker could not listen on the loopback interface"};
    for (const BrokerTopic& topic : topics) {
      const auto error =
          rd_kafka_mock_topic_create(cluster_, topic.name.c_str(), static_cast<int>(topic.partitions), 1);
      if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return to_status(error, "topic " + topic.name);
    }
    return {};
  }

  [[nodiscard]] std::string bootstrap_servers() const override { return rd_kafka_mock_cluster_bootstraps(cluster_); }

 private:
  ClientContext context_;
  KafkaClient client_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

Status write_whole(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::path draft = file;
  draft += ".tmp";
  {
    std::ofstream out(draft, std::ios::trunc);
    out << text << '\n';
    out.close();
    if (!out) return {Code::kIo, "cannot write " + draft.string()};
  }
  std::error_code error;
  std::filesystem::rename(draft, file, error);
  return error ? Status(Code::kIo, "cannot write " + file.string() + ": " + error.message()) : Status();
}

}  // namespace

Result<BrokerTopic> parse_broker_topic(std::string_view text) {
  BrokerTopic topic;
  const std::size_t colon = text.find(':');
  topic.name = text.substr(0, colon);
  if (topic.name.empty() || topic.name.size() > kMaxTopicName ||
      topic.name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
          std::string::npos) {
    return Status(Code::kInvalid,
                  "topic '" + std::string(text) + "': a name has 1 to 249 letters, digits, dots, dashes, underscores");
  }
  if (colon != std::string_view::npos) {
    const std::string_view number = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), topic.partitions);
    if (error != std::errc() || end != number.data() + number.size() || topic.partitions == 0 ||
        topic.partitions > kMaxPartitions) {
      return Status(Code::kInvalid, "topic '" + std::string(text) + "': the partitions are a number from 1 to 1000");
    }
  }
  return topic;
}

Result<std::unique_ptr<MockBroker>> MockBroker::start(const std::vector<BrokerTopic>& topics, Log& log) {
  auto broker = std::make_unique<MockCluster>(log);
  if (Status status = broker->open(topics); !status.ok()) return std::move(status).with_context("embedded broker");
  return Result<std::unique_ptr<MockBroker>>(std::move(broker));
}

Status run_broker(const BrokerOptions& options, Log& log, const std::function<void(const std::string&)>& on_ready,
                  const std::function<void()>& wait_for_stop) {
  Result<std::unique_ptr<MockBroker>> broker = MockBroker::start(options.topics, log);
  if (!broker) return broker.status();
  const std::string address = (*broker)->bootstrap_servers();
  if (!options.address_file.empty()) {
    if (Status status = write_whole(options.address_file, address); !status.ok()) return status;
  }
  on_ready(address);
  wait_for_stop();
  if (!options.address_file.empty()) {
    std::error_code ignored;  // it may be gone already
    std::filesystem::remove(options.address_file, ignored);
  }
  return {};
}

}  // namespace sluice::kafka
