#include "support/mock_cluster.hpp"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <stdexcept>

namespace sluice::testing {

struct MockCluster::Handles {
  rd_kafka_t* client = nullptr;
  rd_kafka_mock_cluster_t* cluster = nullptr;
};

MockCluster::MockCluster(int brokers) : handles_(std::make_unique<Handles>()) {
  std::array<char, 256> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "log_level", "0", error.data(), error.size());
  handles_->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
  if (handles_->client == nullptr) throw std::runtime_error(error.data());
  handles_->cluster = rd_kafka_mock_cluster_new(handles_->client, brokers);
  if (handles_->cluster == nullptr) throw std::runtime_error("no mock cluster");
}

MockCluster::~MockCluster() {
  rd_kafka_mock_cluster_destroy(handles_->cluster);
  rd_kafka_destroy(handles_->client);
}

std::string MockCluster::bootstrap_servers() const { return rd_kafka_mock_cluster_bootstraps(handles_->cluster); }

void MockCluster::create_topic(const std::string& name, int partitions) {
  if (rd_kafka_mock_topic_create(handles_->cluster, name.c_str(), partitions, 1) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error("cannot create topic " + name);
  }
}

void MockCluster::set_down(int broker) { rd_kafka_mock_broker_set_down(handles_->cluster, broker); }
void MockCluster::set_up(int broker) { rd_kafka_mock_broker_set_up(handles_->cluster, broker); }
void MockCluster::set_round_trip_ms(int round_trip_ms, int broker) {
  rd_kafka_mock_broker_set_rtt(handles_->cluster, broker, round_trip_ms);
}
void MockCluster::set_leader(const std::string& topic, int partition, int broker) {
  rd_kafka_mock_partition_set_leader(handles_->cluster, topic.c_str(), partition, broker);
}

void MockCluster::push_errors(std::int16_t api, int error, int count) {
  const std::vector<rd_kafka_resp_err_t> errors(static_cast<std::size_t>(count),
                                                static_cast<rd_kafka_resp_err_t>(error));
  rd_kafka_mock_push_request_errors_array(handles_->cluster, api, errors.size(), errors.data());
}

void MockCluster::set_topic_error(const std::string& topic, int error) {
  rd_kafka_mock_topic_set_error(handles_->cluster, topic.c_str(), static_cast<rd_kafka_resp_err_t>(error));
}

}  // namespace sluice::testing
