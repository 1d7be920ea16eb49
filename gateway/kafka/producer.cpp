#include "kafka/producer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <deque>
#include <optional>

#include "kafka/errors.hpp"
#include "kafka/handles.hpp"
#include "kafka/partition_counts.hpp"
#include "kafka/retention_guard.hpp"

namespace sluice::kafka {
namespace {

using std::chrono::milliseconds;

// Records per call of rd_kafka_produce_batch: its argument array stays in the L1 cache.
constexpr std::size_t kChunkRecords = 256;
// A purge reports at once; the rest is librdkafka's threads getting scheduled.
constexpr int kPurgeTimeoutMs = 5'000;

class KafkaProducer final : public Producer {
 public:
  KafkaProducer(const ClientSettings& settings, Log& log) : settings_(settings), context_{log, this} {}
  ~KafkaProducer() override {
    sink_ = nullptr;  // its owner no longer listens
    close();
  }

  Status open();

  void set_sink(DeliverySink* sink) override { sink_ = sink; }
  Result<TopicId> open_topic(std::string_view name, std::uint32_t partitions) override;
  [[nodiscard]] std::uint32_t partition_count(TopicId id) const override;
  Produced produce(TopicId id, std::int32_t partition, std::span<const ProduceRecord> records) override;
  void poll(milliseconds wait) override;
  Status flush(milliseconds timeout) override;
  void purge() override;
  [[nodiscard]] Status fatal_error() const override;
  Status recreate() override;

 private:
  struct Topic {
    std::string name;
    std::uint32_t configured_partitions = 1;
    const std::atomic<std::uint32_t>* real_partitions = nullptr;
    KafkaTopic handle = nullptr;
    rd_kafka_resp_err_t held_for = RD_KAFKA_RESP_ERR_NO_ERROR;  ///< already logged

    [[nodiscard]] std::uint32_t partitions() const {
      const std::uint32_t real = real_partitions->load(std::memory_order_relaxed);
      return real != 0 ? real : configured_partitions;
    }
  };

  void close();
  Status open_handle(Topic& topic);
  std::size_t fill_chunk(std::span<const ProduceRecord> records);
  void hold(Topic& topic, rd_kafka_resp_err_t error);
  static void on_delivery(rd_kafka_t* client, const rd_kafka_message_t* message, void* opaque);
  void report(const rd_kafka_message_t& message);

  // Set by the constructor, then constant.
  const ClientSettings settings_;
  ClientContext context_;

  // The owner's thread only.
  DeliverySink* sink_ = nullptr;
  std::uint64_t moves_seen_ = 0;
  std::size_t record_max_bytes_ = 0;
  std::deque<Topic> topics_;  // handles die before the client
  KafkaClient client_;
  std::optional<PartitionCounts> counts_;
  std::array<rd_kafka_message_t, kChunkRecords> chunk_{};
};

Status KafkaProducer::open() {
  moves_seen_ = settings_.bootstrap->moves();
  Result<KafkaConf> conf = new_conf(ClientKind::kProducer, settings_, {}, context_);
  if (!conf) return conf.status();
  rd_kafka_conf_set_dr_msg_cb(conf->get(), on_delivery);

  std::array<char, 32> limit{};
  std::size_t limit_size = limit.size();
  if (rd_kafka_conf_get(conf->get(), "message.max.bytes", limit.data(), &limit_size) != RD_KAFKA_CONF_OK ||
      std::from_chars(limit.data(), limit.data() + std::strlen(limit.data()), record_max_bytes_).ec != std::errc()) {
    return {Code::kInternal, "message.max.bytes cannot be read back"};
  }

  Result<KafkaClient> client = new_client(ClientKind::kProducer, std::move(*conf));
  if (!client) return client.status();
  client_ = std::move(*client);
  counts_.emplace(client_.get());
  for (Topic& topic : topics_) {
    if (Status status = open_handle(topic); !status.ok()) {
      close();
      return status;
    }
  }
  return {};
}

void KafkaProducer::close() {
  counts_.reset();
  for (Topic& topic : topics_) {
    topic.handle.reset();
    topic.real_partitions = nullptr;
  }
  if (client_ != nullptr && rd_kafka_outq_len(client_.get()) > 0) purge();
  client_.reset();
}

Status KafkaProducer::open_handle(Topic& topic) {
  topic.handle.reset(rd_kafka_topic_new(client_.get(), topic.name.c_str(), nullptr));
  if (topic.handle == nullptr) return to_status(rd_kafka_last_error(), "topic " + topic.name);
  topic.real_partitions = &counts_->add(topic.name);
  return {};
}

Result<TopicId> KafkaProducer::open_topic(std::string_view name, std::uint32_t partitions) {
  for (std::size_t id = 0; id < topics_.size(); ++id) {
    if (topics_[id].name == name) return static_cast<TopicId>(id);
  }
  if (name.empty() || partitions == 0) return Status(Code::kInvalid, "a topic needs a name and a partition");
  if (client_ == nullptr) return Status(Code::kUnavailable, "the Kafka client could not be made again");
  Topic topic{.name = std::string(name), .configured_partitions = partitions};
  if (Status status = open_handle(topic); !status.ok()) return status;
  topics_.push_back(std::move(topic));
  return static_cast<TopicId>(topics_.size() - 1);
}

std::uint32_t KafkaProducer::partition_count(TopicId id) const {
  const Topic& topic = topics_[id];
  return topic.real_partitions == nullptr ? topic.configured_partitions : topic.partitions();
}

std::size_t KafkaProducer::fill_chunk(std::span<const ProduceRecord> records) {
  const std::size_t count = std::min(records.size(), kChunkRecords);
  for (std::size_t i = 0; i < count; ++i) {
    const ProduceRecord& record = records[i];
    // librdkafka would skip such a record and take the later ones.
    if (record.key.size() + record.value.size() > record_max_bytes_) return i;
    rd_kafka_message_t& message = chunk_[i];
    message.err = RD_KAFKA_RESP_ERR_NO_ERROR;
    message.payload = const_cast<char*>(record.value.data());
    message.len = record.value.size();
    message.key = record.key.empty() ? nullptr : const_cast<char*>(record.key.data());
    message.key_len = record.key.size();
    message._private = reinterpret_cast<void*>(static_cast<std::uintptr_t>(record.tag));
  }
  return count;
}

Producer::Produced KafkaProducer::produce(TopicId id, std::int32_t partition, std::span<const ProduceRecord> records) {
  Produced result;
  if (client_ == nullptr || settings_.bootstrap->moves() != moves_seen_) return result;
  Topic& topic = topics_[id];
  // Chosen from a count that is no longer true: all records of one key still go to one partition.
  const auto partitions = static_cast<std::int32_t>(topic.partitions());
  if (partition >= partitions) partition %= partitions;
  RetentionGuard* const guard = settings_.retention_guard.get();
  if (guard != nullptr && guard->is_paused(topic.name, partition)) {
    result.is_queue_full = true;
    return result;
  }

  while (result.taken < records.size()) {
    const std::size_t count = fill_chunk(records.subspan(result.taken));
    if (count == 0) {
      result.is_first_refused = true;
      result.reason = reason_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
      break;
    }
    const int taken = rd_kafka_produce_batch(topic.handle.get(), partition, 0, chunk_.data(), static_cast<int>(count));
    if (guard != nullptr) {
      std::size_t bytes = 0;
      for (int i = 0; i < taken; ++i) bytes += chunk_[i].len + chunk_[i].key_len;
      guard->handed_over(topic.name, partition, static_cast<std::int64_t>(bytes));
    }
    result.taken += static_cast<std::size_t>(taken);
    if (static_cast<std::size_t>(taken) == count) continue;
    const rd_kafka_resp_err_t error = chunk_[taken].err;
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      result.is_queue_full = true;
    } else if (fatal_error().ok()) {
      hold(topic, error);
      result.is_queue_full = true;
    }
    return result;
  }
  if (result.taken > 0) topic.held_for = RD_KAFKA_RESP_ERR_NO_ERROR;
  return result;
}

// The topic is missing, forbidden or without a leader: the cluster's matter, which may heal. Said once per spell.
void KafkaProducer::hold(Topic& topic, rd_kafka_resp_err_t error) {
  if (topic.held_for == error) return;
  topic.held_for = error;
  context_.log.warning("kafka", "topic " + topic.name + " takes no records, they wait: " + rd_kafka_err2str(error));
}

void KafkaProducer::on_delivery(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* opaque) {
  static_cast<KafkaProducer*>(static_cast<ClientContext*>(opaque)->owner)->report(*message);
}

void KafkaProducer::report(const rd_kafka_message_t& message) {
  if (RetentionGuard* const guard = settings_.retention_guard.get(); guard != nullptr) {
    const auto bytes = static_cast<std::int64_t>(message.len + message.key_len);
    const char* const topic = rd_kafka_topic_name(message.rkt);
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      guard->delivered(topic, message.partition, message.offset, bytes);
    } else {
      guard->failed(topic, message.partition, bytes);
    }
  }
  if (sink_ == nullptr) return;
  const auto tag = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(message._private));
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    sink_->on_delivered(tag);
  } else {
    sink_->on_failed(tag, reason_of(message.err), is_permanent(message.err));
  }
}

void KafkaProducer::poll(milliseconds wait) {
  if (client_ != nullptr) rd_kafka_poll(client_.get(), static_cast<int>(wait.count()));
}

Status KafkaProducer::flush(milliseconds timeout) {
  if (client_ == nullptr) return {};
  if (rd_kafka_flush(client_.get(), static_cast<int>(timeout.count())) == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return {Code::kTimeout, std::to_string(rd_kafka_outq_len(client_.get())) + " records are still in flight"};
}

void KafkaProducer::purge() {
  if (client_ == nullptr) return;
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  if (rd_kafka_flush(client_.get(), kPurgeTimeoutMs) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    context_.log.error("kafka", "a purge left records without a report");
  }
}

Status KafkaProducer::fatal_error() const {
  if (client_ == nullptr) return {Code::kUnavailable, "the Kafka client could not be made again"};
  if (settings_.bootstrap->moves() != moves_seen_) {
    return {Code::kUnavailable, "the embedded broker was restarted, empty, at another address"};
  }
  std::array<char, 512> text{};
  const rd_kafka_resp_err_t error = rd_kafka_fatal_error(client_.get(), text.data(), text.size());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return {Code::kUnavailable, std::string(reason_of(error)) + ": " + text.data()};
}

Status KafkaProducer::recreate() {
  const bool was_wiped = settings_.bootstrap->moves() != moves_seen_;
  close();
  if (was_wiped && settings_.retention_guard != nullptr) settings_.retention_guard->broker_wiped();
  return open();
}

}  // namespace

Result<std::unique_ptr<Producer>> make_producer(const ClientSettings& settings, Log& log) {
  auto producer = std::make_unique<KafkaProducer>(settings, log);
  if (Status status = producer->open(); !status.ok()) return std::move(status).with_context("kafka producer");
  return Result<std::unique_ptr<Producer>>(std::move(producer));
}

}  // namespace sluice::kafka
