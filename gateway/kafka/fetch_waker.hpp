#pragma once

/// For gateway/kafka/*.cpp only.

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::kafka {

/// A partition that has more at the broker than was polled.
struct LaggingPartition {
  std::string topic;
  std::int32_t partition = 0;
};

/// librdkafka before 2.2 stops fetching for up to a second whenever its queue was full once (its issue 2879; later ones
/// have fetch.queue.backoff.ms, then this object is not made). Any request wakes a broker's thread, so while there is
/// lag a cheap one is sent to each leader every few milliseconds, from a thread of its own because it waits for the
/// answer. Ownership: `client` outlives it. The destructor waits for a running request (at most half a second).
class FetchWaker {
 public:
  /// `lagging` is called on the waker's thread.
  FetchWaker(rd_kafka_t* client, std::function<std::vector<LaggingPartition>()> lagging);
  ~FetchWaker();
  FetchWaker(const FetchWaker&) = delete;
  FetchWaker& operator=(const FetchWaker&) = delete;

  /// A poll returned records. A full batch wakes the waker; it sleeps again when none came for a while, be it that
  /// there are none or that nobody polls. Thread: any; cheap.
  void records_taken(bool is_full_batch);

 private:
  void run();

  rd_kafka_t* const client_;
  const std::function<std::vector<LaggingPartition>()> lagging_;
  std::atomic<bool> is_awake_{false};
  std::atomic<bool> has_flow_{false};  ///< records were taken since the waker last looked
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace sluice::kafka
