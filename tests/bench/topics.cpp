#include "topics.hpp"

#include <array>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

namespace sluice::bench {
namespace {

constexpr int kRequestMs = 10'000;
constexpr std::chrono::seconds kArrivalLimit{30};
constexpr std::chrono::milliseconds kRetryPause{50};

rd_kafka_t* new_client(const std::string& bootstrap) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : {std::pair<const char*, const char*>{"bootstrap.servers", bootstrap.c_str()},
                                    {"group.id", "bench"},
                                    {"enable.auto.commit", "false"},
                                    {"fetch.wait.max.ms", "1000"},
                                    {"log_level", "0"}}) {
    if (rd_kafka_conf_set(conf, name, value, error.data(), error.size()) != RD_KAFKA_CONF_OK) {
      throw std::runtime_error(error.data());
    }
  }
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error.data(), error.size());
  if (client == nullptr) throw std::runtime_error(error.data());
  return client;
}

void check(rd_kafka_resp_err_t error, const std::string& what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(what + ": " + rd_kafka_err2str(error));
}

/// First and next offset of a partition. One that was made just now is asked for again until its leader is known.
std::pair<std::int64_t, std::int64_t> watermarks(rd_kafka_t* client, const std::string& topic, int partition) {
  const auto deadline = std::chrono::steady_clock::now() + kArrivalLimit;
  while (true) {
    std::pair<std::int64_t, std::int64_t> range;
    const rd_kafka_resp_err_t error =
        rd_kafka_query_watermark_offsets(client, topic.c_str(), partition, &range.first, &range.second, kRequestMs);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return range;
    if (std::chrono::steady_clock::now() >= deadline) check(error, "watermarks of " + topic);
    std::this_thread::sleep_for(kRetryPause);
  }
}

using Event = std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)>;

}  // namespace

Topics::Topics(const std::string& bootstrap) : client_(new_client(bootstrap)) {}

void Topics::create(const std::string& name, int partitions) {
  std::array<char, 512> text{};
  rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name.c_str(), partitions, 1, text.data(), text.size());
  rd_kafka_NewTopic_set_config(topic, "file.delete.delay.ms", "1000");
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client_.get());
  rd_kafka_CreateTopics(client_.get(), &topic, 1, nullptr, queue);
  const Event event(rd_kafka_queue_poll(queue, kRequestMs), rd_kafka_event_destroy);
  rd_kafka_NewTopic_destroy(topic);
  rd_kafka_queue_destroy(queue);
  check(event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event.get()), "create " + name);
  std::size_t count = 0;
  const auto* const results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) check(rd_kafka_topic_result_error(results[i]), "create " + name);
}

void Topics::remove(const std::string& name) {
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client_.get());
  rd_kafka_DeleteTopics(client_.get(), &topic, 1, nullptr, queue);
  const Event event(rd_kafka_queue_poll(queue, kRequestMs), rd_kafka_event_destroy);
  rd_kafka_DeleteTopic_destroy(topic);
  rd_kafka_queue_destroy(queue);
  check(event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event.get()), "delete " + name);
}

std::uint64_t Topics::count(const std::string& name, int partitions) {
  std::uint64_t records = 0;
  for (int partition = 0; partition < partitions; ++partition) {
    const auto [low, high] = watermarks(client_.get(), name, partition);
    records += static_cast<std::uint64_t>(high - low);
  }
  return records;
}

std::vector<std::string> Topics::first_values(const std::string& name, std::size_t limit) {
  std::vector<std::string> values;
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client_.get(), name.c_str(), nullptr);
  rd_kafka_consume_start(topic, 0, RD_KAFKA_OFFSET_BEGINNING);
  while (values.size() < limit) {
    rd_kafka_message_t* message = rd_kafka_consume(topic, 0, kRequestMs);
    if (message == nullptr) break;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      values.emplace_back(static_cast<const char*>(message->payload), message->len);
    }
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consume_stop(topic, 0);
  rd_kafka_topic_destroy(topic);
  if (values.size() < limit) throw std::runtime_error(name + " has too few values");
  return values;
}

Arrival::Arrival(const std::string& bootstrap, const std::string& topic)
    : client_(new_client(bootstrap)), topic_(rd_kafka_topic_new(client_, topic.c_str(), nullptr)) {
  rd_kafka_consume_start(topic_, 0, watermarks(client_, topic, 0).second);
  // The first fetch is on its way before anything is measured.
  rd_kafka_message_t* message = rd_kafka_consume(topic_, 0, 300);
  if (message != nullptr) rd_kafka_message_destroy(message);
}

Arrival::~Arrival() {
  rd_kafka_consume_stop(topic_, 0);
  rd_kafka_topic_destroy(topic_);
  rd_kafka_destroy(client_);
}

void Arrival::wait() {
  const auto deadline = std::chrono::steady_clock::now() + kArrivalLimit;
  while (std::chrono::steady_clock::now() < deadline) {
    rd_kafka_message_t* message = rd_kafka_consume(topic_, 0, 1'000);
    if (message == nullptr) continue;
    const bool is_record = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_message_destroy(message);
    if (is_record) return;
  }
  throw std::runtime_error("no record arrived");
}

}  // namespace sluice::bench
