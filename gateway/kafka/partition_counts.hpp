#pragma once

/// For gateway/kafka/*.cpp only.

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace sluice::kafka {

/// How many partitions each of a producer's topics really has: asks the cluster on a thread of its own, soon after a
/// topic is added and then every half minute, so that the data plane only reads a number. Ownership: `client` outlives
/// it. The destructor waits for a running request (at most kRequestTimeout).
class PartitionCounts {
 public:
  explicit PartitionCounts(rd_kafka_t* client);
  ~PartitionCounts();
  PartitionCounts(const PartitionCounts&) = delete;
  PartitionCounts& operator=(const PartitionCounts&) = delete;

  /// The number, 0 until known; stays valid as long as this object. Thread: any; reading it too.
  const std::atomic<std::uint32_t>& add(std::string topic);

 private:
  struct Entry {
    explicit Entry(std::string topic_name) : topic(std::move(topic_name)) {}
    std::string topic;
    std::atomic<std::uint32_t> partitions{0};
  };

  void run();
  bool ask();  // true when every topic is known

  rd_kafka_t* const client_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Entry> entries_;  // grows under mutex_
  bool is_stopping_ = false;   // guarded by mutex_
  bool is_new_ = false;        // guarded by mutex_
  std::thread thread_;
};

}  // namespace sluice::kafka
