#include "kafka/partition_counts.hpp"

#include <algorithm>
#include <chrono>

#include "kafka/handles.hpp"

namespace sluice::kafka {
namespace {

using std::chrono::milliseconds;

constexpr int kRequestTimeoutMs = 500;
constexpr milliseconds kFirstRetry{50};
constexpr milliseconds kLastRetry{2'000};
constexpr milliseconds kRefresh{30'000};

}  // namespace

PartitionCounts::PartitionCounts(rd_kafka_t* client) : client_(client), thread_([this] { run(); }) {}

PartitionCounts::~PartitionCounts() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

const std::atomic<std::uint32_t>& PartitionCounts::add(std::string topic) {
  const std::lock_guard lock(mutex_);
  is_new_ = true;
  wake_.notify_one();
  return entries_.emplace_back(std::move(topic)).partitions;
}

void PartitionCounts::run() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return is_new_ || is_stopping_; });
  milliseconds wait = kFirstRetry;
  while (!is_stopping_) {
    if (is_new_) wait = kFirstRetry;
    is_new_ = false;
    lock.unlock();
    const bool is_all_known = ask();
    lock.lock();
    wake_.wait_for(lock, is_all_known ? kRefresh : wait, [this] { return is_new_ || is_stopping_; });
    wait = std::min(wait * 2, kLastRetry);
  }
}

bool PartitionCounts::ask() {
  const rd_kafka_metadata_t* raw = nullptr;
  if (rd_kafka_metadata(client_, 0, nullptr, &raw, kRequestTimeoutMs) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  const KafkaMetadata metadata(raw);
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR || topic.partition_cnt <= 0) continue;
    for (Entry& entry : entries_) {
      if (entry.topic == topic.topic) {
        entry.partitions.store(static_cast<std::uint32_t>(topic.partition_cnt), std::memory_order_relaxed);
      }
    }
  }
  return std::all_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.partitions.load(std::memory_order_relaxed) != 0; });
}

}  // namespace sluice::kafka
