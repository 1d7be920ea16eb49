#include "kafka/subscription.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>

#include "kafka/errors.hpp"
#include "kafka/fetch_waker.hpp"
#include "kafka/handles.hpp"
#include "kafka/partition_counts.hpp"
#include "kafka/retention_guard.hpp"

namespace sluice::kafka {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr int kFinalCommitTimeoutMs = 3'000;
constexpr milliseconds kCloseTimeout{3'000};
constexpr milliseconds kDirectRetry{5};
constexpr std::int64_t kUnknownOffset = -1;

/// One assigned partition.
struct Slot {
  std::string topic;
  std::uint32_t topic_index = 0;
  std::int32_t partition = 0;
  KafkaTopic direct_handle;                               ///< of a read without group: to stop it
  std::atomic<std::int64_t> next_offset{kUnknownOffset};  ///< written by the owner's thread
};

class KafkaSubscription final : public Subscription {
 public:
  KafkaSubscription(const SubscriptionSettings& settings, Log& log)
      : settings_(settings), moves_seen_(settings.client.bootstrap->moves()), context_{log, this} {}
  ~KafkaSubscription() override;

  Status open();

  Result<std::size_t> poll(std::span<TopicRecord> out, milliseconds wait) override;
  void commit(std::span<const PartitionPosition> handled, bool is_final) override;
  [[nodiscard]] std::vector<PartitionPosition> positions() const override;

 private:
  static void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                           void* opaque);
  static void on_commit(rd_kafka_t* client, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* offsets,
                        void* opaque);
  void assign(rd_kafka_topic_partition_list_t* partitions, bool is_incremental);
  void revoke(const rd_kafka_topic_partition_list_t* partitions, bool is_incremental);
  Status subscribe();
  Status read_directly(milliseconds wait);
  void add_slot(const std::string& topic, std::int32_t partition, std::int64_t next_offset, KafkaTopic handle);
  void tell_guard();
  [[nodiscard]] std::optional<std::int64_t> start_of(std::string_view topic, std::int32_t partition) const;
  [[nodiscard]] std::int64_t first_offset() const {
    return settings_.start == StartOffset::kEarliest ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
  }
  [[nodiscard]] std::int64_t lag_of(const Slot& slot) const;
  [[nodiscard]] std::vector<LaggingPartition> lagging() const;
  void release_messages();
  std::size_t fetch(std::size_t room, milliseconds wait);
  std::size_t take(std::span<TopicRecord> out, Status& trouble);
  Slot* slot_of(const rd_kafka_message_t& message);
  void close_group();

  // Set by the constructor and open(), then constant.
  const SubscriptionSettings settings_;
  const std::uint64_t moves_seen_;
  ClientContext context_;
  std::optional<RetentionGuard::ReaderId> guard_reader_;

  // The owner's thread only (librdkafka calls back inside poll).
  std::vector<rd_kafka_message_t*> messages_;
  std::size_t message_count_ = 0;
  const rd_kafka_topic_t* last_topic_ = nullptr;  // of the slot found last, whose messages come in runs
  std::int32_t last_partition_ = -1;
  Slot* last_slot_ = nullptr;
  bool is_reading_directly_ = false;
  std::vector<KafkaTopic> direct_topics_;  // known to the client, so that it asks for them
  std::vector<const std::atomic<std::uint32_t>*> direct_counts_;

  // Changed by the owner's thread under the mutex; read by others under it.
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Slot>> slots_;

  KafkaClient client_;
  KafkaQueue queue_;
  std::optional<FetchWaker> waker_;
  std::optional<PartitionCounts> counts_;  // of a read without group, until it has begun
};

Status KafkaSubscription::open() {
  if (settings_.topics.empty()) return {Code::kInvalid, "a subscription needs a topic"};
  std::vector<std::pair<std::string, std::string>> forced = {
      {"auto.offset.reset", settings_.start == StartOffset::kEarliest ? "earliest" : "latest"}};
  if (!settings_.group.empty()) forced.emplace_back("group.id", settings_.group);
  if (!settings_.client.properties.contains("queued.max.messages.kbytes")) {
    forced.emplace_back("queued.max.messages.kbytes",
                        std::to_string(std::max<std::uint64_t>(settings_.prefetch_max_bytes >> 10U, 64)));
  }
  const bool has_fetch_backoff = is_known_property("fetch.queue.backoff.ms", "5");
  if (has_fetch_backoff && !settings_.client.properties.contains("fetch.queue.backoff.ms")) {
    forced.emplace_back("fetch.queue.backoff.ms", "5");
  }
  Result<KafkaConf> conf = new_conf(ClientKind::kConsumer, settings_.client, forced, context_);
  if (!conf) return conf.status();
  if (!settings_.group.empty()) {
    rd_kafka_conf_set_rebalance_cb(conf->get(), on_rebalance);
    rd_kafka_conf_set_offset_commit_cb(conf->get(), on_commit);
  }
  Result<KafkaClient> client = new_client(ClientKind::kConsumer, std::move(*conf));
  if (!client) return client.status();
  client_ = std::move(*client);
  if (!settings_.group.empty()) {
    if (Status status = subscribe(); !status.ok()) return status;
  } else {
    queue_.reset(rd_kafka_queue_new(client_.get()));
    counts_.emplace(client_.get());
    for (const std::string& topic : settings_.topics) {
      direct_topics_.emplace_back(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
      direct_counts_.push_back(&counts_->add(topic));
    }
  }
  if (!has_fetch_backoff) waker_.emplace(client_.get(), [this] { return lagging(); });
  return {};
}

Status KafkaSubscription::subscribe() {
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  const PartitionList topics = new_partition_list(settings_.topics.size());
  for (const std::string& topic : settings_.topics) {
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  if (const auto error = rd_kafka_subscribe(client_.get(), topics.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_status(error, "subscribe");
  }
  if (settings_.client.retention_guard != nullptr) {
    guard_reader_ = settings_.client.retention_guard->add_reader(settings_.topics);
  }
  return {};
}

KafkaSubscription::~KafkaSubscription() {
  if (guard_reader_) {
    settings_.client.retention_guard->remove_reader(*guard_reader_);
    guard_reader_.reset();
  }
  if (client_ == nullptr) return;
  waker_.reset();
  release_messages();
  if (settings_.group.empty()) {
    for (const auto& slot : slots_) rd_kafka_consume_stop(slot->direct_handle.get(), slot->partition);
    slots_.clear();
    counts_.reset();
    direct_topics_.clear();
    queue_.reset();
    client_.reset();
  } else {
    close_group();
  }
}

// Leaves the group. rd_kafka_destroy() would do that too, but as long as the coordinator likes to take.
void KafkaSubscription::close_group() {
  rd_kafka_error_t* const error = rd_kafka_consumer_close_queue(client_.get(), queue_.get());
  if (error != nullptr) rd_kafka_error_destroy(error);
  const auto deadline = SteadyClock::now() + kCloseTimeout;
  while (error == nullptr && rd_kafka_consumer_closed(client_.get()) == 0 && SteadyClock::now() < deadline) {
    if (rd_kafka_message_t* message = rd_kafka_consumer_poll(client_.get(), 10); message != nullptr) {
      rd_kafka_message_destroy(message);
    }
  }
  queue_.reset();
  rd_kafka_destroy_flags(client_.release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

std::optional<std::int64_t> KafkaSubscription::start_of(std::string_view topic, std::int32_t partition) const {
  for (const PartitionPosition& start : settings_.start_positions) {
    if (start.topic == topic && start.partition == partition) return start.next_offset;
  }
  return std::nullopt;
}

void KafkaSubscription::add_slot(const std::string& topic, std::int32_t partition, std::int64_t next_offset,
                                 KafkaTopic handle) {
  auto slot = std::make_unique<Slot>();
  slot->topic = topic;
  slot->topic_index = static_cast<std::uint32_t>(std::find(settings_.topics.begin(), settings_.topics.end(), topic) -
                                                 settings_.topics.begin());
  slot->partition = partition;
  slot->direct_handle = std::move(handle);
  slot->next_offset.store(next_offset, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  slots_.push_back(std::move(slot));
}

void KafkaSubscription::tell_guard() {
  if (!guard_reader_) return;
  std::vector<RetentionGuard::TopicPartition> held;
  held.reserve(slots_.size());
  for (const auto& slot : slots_) held.emplace_back(slot->topic, slot->partition);
  settings_.client.retention_guard->assigned(*guard_reader_, held);
}

void KafkaSubscription::on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t error,
                                     rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto* const self = static_cast<KafkaSubscription*>(static_cast<ClientContext*>(opaque)->owner);
  const bool is_incremental = std::string_view(rd_kafka_rebalance_protocol(client)) == "COOPERATIVE";
  self->last_slot_ = nullptr;
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    self->assign(partitions, is_incremental);
  } else {
    self->revoke(partitions, is_incremental);
  }
  self->tell_guard();
}

void KafkaSubscription::assign(rd_kafka_topic_partition_list_t* partitions, bool is_incremental) {
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t& partition = partitions->elems[i];
    const std::optional<std::int64_t> start = start_of(partition.topic, partition.partition);
    if (start) {
      partition.offset = *start;
    } else if (!settings_.use_group_offsets) {
      partition.offset = first_offset();
    }
    add_slot(partition.topic, partition.partition, start.value_or(kUnknownOffset), nullptr);
  }
  if (is_incremental) {
    if (rd_kafka_error_t* error = rd_kafka_incremental_assign(client_.get(), partitions); error != nullptr) {
      context_.log.error("kafka", std::string("assign: ") + rd_kafka_error_string(error));
      rd_kafka_error_destroy(error);
    }
  } else {
    (void)rd_kafka_assign(client_.get(), partitions);
  }
}

void KafkaSubscription::revoke(const rd_kafka_topic_partition_list_t* partitions, bool is_incremental) {
  {
    const std::lock_guard lock(mutex_);
    if (is_incremental) {
      std::erase_if(slots_, [partitions](const auto& slot) {
        return rd_kafka_topic_partition_list_find(const_cast<rd_kafka_topic_partition_list_t*>(partitions),
                                                  slot->topic.c_str(), slot->partition) != nullptr;
      });
    } else {
      slots_.clear();
    }
  }
  if (is_incremental) {
    rd_kafka_error_t* const error = rd_kafka_incremental_unassign(client_.get(), partitions);
    if (error != nullptr) rd_kafka_error_destroy(error);
  } else {
    (void)rd_kafka_assign(client_.get(), nullptr);
  }
}

// Starts to read each partition once their numbers are known (asked for on another thread); else the next poll tries.
Status KafkaSubscription::read_directly(milliseconds wait) {
  const auto deadline = SteadyClock::now() + wait;
  for (std::size_t i = 0; i < settings_.topics.size();) {
    if (direct_counts_[i]->load() != 0) {
      ++i;
    } else if (SteadyClock::now() < deadline) {
      std::this_thread::sleep_for(kDirectRetry);
    } else {
      return {Code::kUnavailable, "topic " + settings_.topics[i] + ": no answer yet, or it does not exist"};
    }
  }
  for (std::size_t i = 0; i < settings_.topics.size(); ++i) {
    const std::string& name = settings_.topics[i];
    const auto partitions = static_cast<std::int32_t>(direct_counts_[i]->load());
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
      KafkaTopic topic(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
      const std::optional<std::int64_t> start = start_of(name, partition);
      const std::int64_t from = start.value_or(first_offset());
      if (rd_kafka_consume_start_queue(topic.get(), partition, from, queue_.get()) != 0) {
        return to_status(rd_kafka_last_error(), "topic " + name);
      }
      add_slot(name, partition, start.value_or(kUnknownOffset), std::move(topic));
    }
  }
  is_reading_directly_ = true;
  counts_.reset();
  return {};
}

void KafkaSubscription::release_messages() {
  for (std::size_t i = 0; i < message_count_; ++i) rd_kafka_message_destroy(messages_[i]);
  message_count_ = 0;
}

// rd_kafka_consume_batch_queue waits until the array is full or its time is over, so waiting is done for one message.
std::size_t KafkaSubscription::fetch(std::size_t room, milliseconds wait) {
  const auto batch = [this, room](std::size_t already, std::size_t most, int timeout_ms) {
    most = std::min(most, room - already);
    if (most == 0) return std::size_t{0};
    const ssize_t got = rd_kafka_consume_batch_queue(queue_.get(), timeout_ms, messages_.data() + already, most);
    return got > 0 ? static_cast<std::size_t>(got) : std::size_t{0};
  };
  std::size_t count = batch(0, room, 0);
  if (count == 0 && wait.count() > 0) {
    count = batch(0, 1, static_cast<int>(wait.count()));
    if (count == 1) count += batch(1, room, 0);
  }
  return count;
}

Slot* KafkaSubscription::slot_of(const rd_kafka_message_t& message) {
  if (message.rkt == last_topic_ && message.partition == last_partition_ && last_slot_ != nullptr) return last_slot_;
  if (message.rkt == nullptr) return nullptr;
  const std::string_view topic = rd_kafka_topic_name(message.rkt);
  for (const auto& slot : slots_) {
    if (slot->partition == message.partition && slot->topic == topic) {
      last_topic_ = message.rkt;
      last_partition_ = message.partition;
      return last_slot_ = slot.get();
    }
  }
  return nullptr;
}

std::size_t KafkaSubscription::take(std::span<TopicRecord> out, Status& trouble) {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < message_count_; ++i) {
    const rd_kafka_message_t& message = *messages_[i];
    Slot* const slot = slot_of(message);
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (slot == nullptr) continue;  // fetched before the partition was taken away
      slot->next_offset.store(message.offset + 1, std::memory_order_relaxed);
      TopicRecord& record = out[taken++];
      record.topic = slot->topic_index;
      record.partition = message.partition;
      record.offset = message.offset;
      record.timestamp_us = rd_kafka_message_timestamp(&message, nullptr) * 1000;
      record.key = {static_cast<const char*>(message.key), message.key_len};
      record.value = {static_cast<const char*>(message.payload), message.len};
      record.is_tombstone = message.payload == nullptr;
    } else if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      if (slot != nullptr) slot->next_offset.store(message.offset, std::memory_order_relaxed);
    } else if (trouble.ok()) {
      const char* const text = rd_kafka_message_errstr(&message);
      trouble = Status(Code::kUnavailable, text != nullptr ? text : rd_kafka_err2str(message.err));
    }
  }
  return taken;
}

Result<std::size_t> KafkaSubscription::poll(std::span<TopicRecord> out, milliseconds wait) {
  release_messages();
  if (settings_.client.bootstrap->moves() != moves_seen_) {
    return Status(Code::kClosed, "the embedded broker was restarted, empty, at another address");
  }
  if (out.empty()) return std::size_t{0};
  if (settings_.group.empty() && !is_reading_directly_) {
    if (Status status = read_directly(wait); !status.ok()) return status;
  }
  if (messages_.size() < out.size()) messages_.resize(out.size());
  message_count_ = fetch(out.size(), wait);
  Status trouble;
  const std::size_t taken = take(out, trouble);
  if (guard_reader_ && message_count_ > 0) {
    for (const auto& slot : slots_) {
      const std::int64_t next = slot->next_offset.load(std::memory_order_relaxed);
      if (next >= 0) settings_.client.retention_guard->consumed(*guard_reader_, slot->topic, slot->partition, next);
    }
  }
  if (waker_ && taken > 0) waker_->records_taken(taken == out.size());
  if (taken > 0 || trouble.ok()) return taken;
  if (rd_kafka_fatal_error(client_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Status(Code::kInternal, trouble.text());
  }
  return trouble;
}

void KafkaSubscription::commit(std::span<const PartitionPosition> handled, bool is_final) {
  if (settings_.group.empty() || settings_.client.bootstrap->moves() != moves_seen_) return;
  const PartitionList list = new_partition_list(handled.size());
  for (const PartitionPosition& position : handled) {
    const bool is_assigned = std::any_of(slots_.begin(), slots_.end(), [&position](const auto& slot) {
      return slot->partition == position.partition && slot->topic == position.topic;
    });
    if (!is_assigned || position.next_offset < 0) continue;
    rd_kafka_topic_partition_list_add(list.get(), position.topic.c_str(), position.partition)->offset =
        position.next_offset;
  }
  if (list->cnt == 0) return;
  if (!is_final) {
    (void)rd_kafka_commit(client_.get(), list.get(), 1);  // the outcome comes to on_commit
    return;
  }
  const KafkaQueue reply(rd_kafka_queue_new(client_.get()));
  rd_kafka_resp_err_t error = rd_kafka_commit_queue(client_.get(), list.get(), reply.get(), nullptr, nullptr);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const KafkaEvent event(rd_kafka_queue_poll(reply.get(), kFinalCommitTimeoutMs));
    error = event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event.get());
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    context_.log.warning("kafka", "last commit of group " + settings_.group + ": " + rd_kafka_err2str(error));
  }
}

void KafkaSubscription::on_commit(rd_kafka_t* /*client*/, rd_kafka_resp_err_t error,
                                  rd_kafka_topic_partition_list_t* /*offsets*/, void* opaque) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  const auto* const self = static_cast<KafkaSubscription*>(static_cast<ClientContext*>(opaque)->owner);
  self->context_.log.warning("kafka", "commit of group " + self->settings_.group + ": " + rd_kafka_err2str(error));
}

std::int64_t KafkaSubscription::lag_of(const Slot& slot) const {
  const std::int64_t next = slot.next_offset.load(std::memory_order_relaxed);
  std::int64_t low = 0;
  std::int64_t high = 0;
  if (next < 0 ||
      rd_kafka_get_watermark_offsets(client_.get(), slot.topic.c_str(), slot.partition, &low, &high) !=
          RD_KAFKA_RESP_ERR_NO_ERROR ||
      high < 0) {
    return -1;
  }
  return std::max<std::int64_t>(high - std::max(next, low), 0);
}

std::vector<LaggingPartition> KafkaSubscription::lagging() const {
  std::vector<LaggingPartition> result;
  const std::lock_guard lock(mutex_);
  for (const auto& slot : slots_) {
    if (lag_of(*slot) > 0) result.push_back({slot->topic, slot->partition});
  }
  return result;
}

std::vector<PartitionPosition> KafkaSubscription::positions() const {
  const std::lock_guard lock(mutex_);
  std::vector<PartitionPosition> result;
  result.reserve(slots_.size());
  for (const auto& slot : slots_) {
    const std::int64_t next = slot->next_offset.load(std::memory_order_relaxed);
    result.push_back({slot->topic, slot->partition, next, lag_of(*slot)});
  }
  return result;
}

}  // namespace

Result<std::unique_ptr<Subscription>> open_subscription(const SubscriptionSettings& settings, Log& log) {
  auto subscription = std::make_unique<KafkaSubscription>(settings, log);
  if (Status status = subscription->open(); !status.ok()) return std::move(status).with_context("kafka subscription");
  return Result<std::unique_ptr<Subscription>>(std::move(subscription));
}

}  // namespace sluice::kafka
