#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::kafka {

/// Keeps the embedded broker from dropping what a group of this process has not read: it holds 5 MiB per partition and
/// then lets the oldest go without a word, so producing pauses at kPauseBytes unread by the slowest reader of a topic.
/// Topics nobody reads here are never paused. Thread: any.
class RetentionGuard {
 public:
  static constexpr std::int64_t kPauseBytes = 4 << 20;
  using ReaderId = std::uint32_t;
  using TopicPartition = std::pair<std::string, std::int32_t>;

  /// A group starts to read these topics: until assigned() says otherwise it counts for all their partitions, at 0.
  ReaderId add_reader(std::span<const std::string> topics);
  void remove_reader(ReaderId reader);
  /// From now on the reader counts for these partitions only.
  void assigned(ReaderId reader, std::span<const TopicPartition> partitions);
  /// The reader has fetched everything before `next_offset`.
  void consumed(ReaderId reader, std::string_view topic, std::int32_t partition, std::int64_t next_offset);

  void handed_over(std::string_view topic, std::int32_t partition, std::int64_t bytes);
  void delivered(std::string_view topic, std::int32_t partition, std::int64_t offset, std::int64_t bytes);
  void failed(std::string_view topic, std::int32_t partition, std::int64_t bytes);
  [[nodiscard]] bool is_paused(std::string_view topic, std::int32_t partition) const;
  [[nodiscard]] std::int64_t unread_bytes(std::string_view topic, std::int32_t partition) const;

  /// The broker was replaced by an empty one and nothing is in flight.
  void broker_wiped();

 private:
  struct Sample {
    std::int64_t next_offset = 0;
    std::int64_t delivered_bytes = 0;  ///< delivered before next_offset, about
  };
  struct Partition {
    std::int64_t handed_bytes = 0;
    std::int64_t delivered_bytes = 0;
    std::int64_t next_offset = 0;
    std::deque<Sample> samples;
    std::map<ReaderId, std::int64_t> consumed_bytes;
  };
  struct Topic {
    std::map<std::int32_t, Partition> partitions;
    std::vector<ReaderId> unassigned_readers;
  };

  Partition& partition_of(std::string_view topic, std::int32_t partition);
  static std::int64_t slowest(const Partition& partition);

  mutable std::mutex mutex_;
  std::map<std::string, Topic, std::less<>> topics_;  // guarded by mutex_
  ReaderId last_reader_ = 0;                          // guarded by mutex_
};

}  // namespace sluice::kafka
