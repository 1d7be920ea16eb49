#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "core/ports.hpp"
#include "pipeline/event_time_merge.hpp"
#include "pipeline/host.hpp"
#include "pipeline/state_file.hpp"

namespace sluice::pipeline {

/// One topic a consumer reads. The order is that given to the subscription.
struct KafkaInput {
  std::string topic;
  std::uint32_t stream = 0;                ///< number in the instance's own stream table
  const RecordDecoder* decoder = nullptr;  ///< null: the value as it is
};

/// One stream of this gateway a consumer reads from the journal.
struct JournalInput {
  StreamId id = 0;
  std::uint32_t stream = 0;              ///< number in the instance's own stream table
  const StreamCodec* as_json = nullptr;  ///< set: payloads are turned into JSON text; null: wire bytes as they are
};

/// Where a subscription begins.
struct ConsumerStart {
  std::vector<PartitionPosition> positions;  ///< these partitions here; all others as configured
  bool use_group_offsets = false;  ///< without positions: the group's offsets count (a consumer without state)
};
using SubscribeFunction = std::function<Result<std::unique_ptr<Subscription>>(const ConsumerStart& start)>;

/// How events come to one consumer. Thread: the instance thread.
class InputRoad {
 public:
  virtual ~InputRoad() = default;

  struct Batch {
    std::span<const ConsumerInput> inputs;  ///< views until the next read
    std::uint64_t gap_events = 0;           ///< known to be missing just before this batch
  };
  /// Waits up to `wait` for something. kUnavailable is for the log; any other failure: the road is dead, make a new
  /// one. What cannot be decoded is refused through the host and does not come.
  virtual Result<Batch> read(std::chrono::milliseconds wait) = 0;
  /// The batch read last was used: the position moves past it.
  virtual void handled() = 0;
  /// Puts the position of what was handled into the snapshot.
  virtual void put_position(Snapshot& snapshot) const = 0;
  /// Tells the cluster how far the group is; information only where the consumer keeps state.
  virtual void commit(bool is_final) = 0;
  [[nodiscard]] virtual std::uint64_t lag_records() = 0;
  /// Nothing more needs to be read before a stop.
  [[nodiscard]] virtual bool is_drained() = 0;
};

/// From Kafka, in order of arrival per partition or merged by event time.
std::unique_ptr<InputRoad> make_kafka_road(std::unique_ptr<Subscription> subscription, std::vector<KafkaInput> topics,
                                           Host& host, const std::vector<PartitionPosition>& start, bool is_merged,
                                           EventTimeMerge::Options merge);

/// From the journal, in sequence order, from the first sequence after `after` that is still there.
std::unique_ptr<InputRoad> make_journal_road(Journal& journal, std::vector<JournalInput> streams, Host& host,
                                             Sequence after);

}  // namespace sluice::pipeline
