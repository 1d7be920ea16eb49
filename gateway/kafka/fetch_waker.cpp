#include "kafka/fetch_waker.hpp"

#include <chrono>

#include "kafka/handles.hpp"

namespace sluice::kafka {
namespace {

using std::chrono::milliseconds;

// An 8 MiB queue lasts some 30 ms at a million events a second.
constexpr milliseconds kInterval{5};
// So many rounds without a record: sleep until the next full batch.
constexpr int kRoundsUntilSleep = 40;
constexpr int kRequestTimeoutMs = 500;

}  // namespace

FetchWaker::FetchWaker(rd_kafka_t* client, std::function<std::vector<LaggingPartition>()> lagging)
    : client_(client), lagging_(std::move(lagging)), thread_([this] { run(); }) {}

FetchWaker::~FetchWaker() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void FetchWaker::records_taken(bool is_full_batch) {
  has_flow_.store(true, std::memory_order_relaxed);
  if (!is_full_batch || is_awake_.load(std::memory_order_relaxed) || is_awake_.exchange(true)) return;
  const std::lock_guard lock(mutex_);
  wake_.notify_one();
}

void FetchWaker::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    wake_.wait(lock, [this] { return is_awake_.load() || is_stopping_; });
    for (int idle_rounds = 0; idle_rounds < kRoundsUntilSleep && !is_stopping_; ++idle_rounds) {
      lock.unlock();
      if (has_flow_.exchange(false, std::memory_order_relaxed)) idle_rounds = 0;
      const std::vector<LaggingPartition> lagging = lagging_();
      if (!lagging.empty()) {
        // One ListOffsets request per leader, all at once.
        const PartitionList list = new_partition_list(lagging.size());
        for (const LaggingPartition& partition : lagging) {
          rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)->offset =
              RD_KAFKA_OFFSET_END;
        }
        (void)rd_kafka_offsets_for_times(client_, list.get(), kRequestTimeoutMs);  // only the waking counts
      }
      lock.lock();
      wake_.wait_for(lock, kInterval, [this] { return is_stopping_; });
    }
    is_awake_.store(false);
  }
}

}  // namespace sluice::kafka
