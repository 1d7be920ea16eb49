#pragma once

/// For gateway/kafka/*.cpp only: what the parts of Admin share.

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <functional>
#include <string_view>
#include <vector>

#include "kafka/admin.hpp"
#include "kafka/handles.hpp"

namespace sluice::kafka {

using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Deleter<rd_kafka_AdminOptions_destroy>>;

/// What is left of a call's timeout, shared by the requests it makes.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds timeout) : end_(std::chrono::steady_clock::now() + timeout) {}
  /// Milliseconds left, at least 1.
  [[nodiscard]] int left_ms() const;

 private:
  std::chrono::steady_clock::time_point end_;
};

/// Sends one request of librdkafka's admin API and waits for its answer; a failure carries `what` and the reason.
Result<KafkaEvent> ask(rd_kafka_t* client, rd_kafka_admin_op_t operation, const Deadline& deadline,
                       std::string_view what,
                       const std::function<void(const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& send);

/// Whether this is librdkafka's mock cluster, which the embedded broker is. False too when nobody answers in time.
bool is_mock_cluster(rd_kafka_t* client, const Deadline& deadline);

/// Metadata of all topics.
Result<KafkaMetadata> ask_metadata(rd_kafka_t* client, const Deadline& deadline);

/// Replaces each element's offset (RD_KAFKA_OFFSET_BEGINNING or _END) by the offset meant; -1 where unknown.
Status resolve_offsets(rd_kafka_t* client, rd_kafka_topic_partition_list_t* partitions, const Deadline& deadline);

// admin_topics.cpp
Result<std::vector<std::string>> ensure_topics(rd_kafka_t* client, bool can_create, std::span<const TopicSpec> topics,
                                               const Deadline& deadline);
Result<std::vector<TopicState>> describe_topics(rd_kafka_t* client, std::span<const std::string> names,
                                                const Deadline& deadline);
// admin_groups.cpp
Result<std::vector<GroupSummary>> list_groups(rd_kafka_t* client, const Deadline& deadline);
Result<GroupState> describe_group(rd_kafka_t* client, const std::string& name, const Deadline& deadline);
Result<std::vector<OffsetReset>> reset_offsets(rd_kafka_t* client, const std::string& group, const std::string& topic,
                                               ResetTarget target, ResetMode mode, const Deadline& deadline);

}  // namespace sluice::kafka
