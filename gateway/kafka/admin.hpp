#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/log.hpp"
#include "core/status.hpp"
#include "core/stream.hpp"
#include "kafka/client_settings.hpp"

namespace sluice::kafka {

/// A topic as the gateway wants it. Replication is the broker's default.
struct TopicSpec {
  std::string name;
  std::uint32_t partitions = 1;
  std::int64_t retention_ms = 0;  ///< 0: the broker's default
  Cleanup cleanup = Cleanup::kDelete;
};

struct PartitionState {
  std::int32_t partition = 0;
  std::int32_t leader = -1;  ///< broker id; -1: none
  std::size_t replicas = 0;
  std::size_t in_sync_replicas = 0;
  std::int64_t low_offset = -1;   ///< first offset kept; -1: not known
  std::int64_t high_offset = -1;  ///< next offset to be written; -1: not known
};

struct TopicState {
  std::string name;
  std::vector<PartitionState> partitions;    ///< sorted
  std::optional<std::int64_t> retention_ms;  ///< absent: the broker does not tell; -1: for ever
  std::string cleanup_policy;                ///< empty: the broker does not tell
};

struct GroupSummary {
  std::string name;
  std::string state;  ///< "Stable", "Empty", "PreparingRebalance", ...
};

struct GroupMember {
  std::string client_id;
  std::string member_id;
  std::string host;
  std::size_t partitions = 0;
};

struct GroupOffset {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t committed = -1;  ///< next offset the group reads; -1: none committed
  std::int64_t high_offset = -1;
  std::int64_t lag_records = -1;  ///< -1: not known
  std::string client_id;          ///< of the member that holds the partition; empty: nobody
};

struct GroupState {
  std::string name;
  std::string state;
  std::string assignor;
  std::vector<GroupMember> members;
  std::vector<GroupOffset> offsets;  ///< sorted by topic and partition
  std::int64_t lag_records = 0;      ///< sum of the known lags
  /// Fewest over most partitions of a member: 1 is even, 0 means one has nothing. 1 without members.
  double balance = 1;
};

enum class ResetTarget : std::uint8_t { kEarliest = 1, kLatest };
enum class ResetMode : std::uint8_t { kDryRun = 1, kExecute };

struct OffsetReset {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t from = -1;  ///< committed before; -1: none
  std::int64_t to = 0;
};

/// Operations on the cluster, for start-up and the command line. Each call blocks for at most about `timeout`; kTimeout
/// and kUnavailable: the cluster did not answer; kInvalid: it refused, or (the embedded broker) cannot. Thread: any,
/// one call at a time. Ownership: the Log given to open outlives it.
class Admin {
 public:
  using Timeout = std::chrono::milliseconds;

  virtual ~Admin() = default;
  static Result<std::unique_ptr<Admin>> open(const ClientSettings& settings, Log& log);

  /// Creates the topics that are missing; those that exist stay as they are. May be repeated. The result: one warning
  /// per topic whose partition count differs. The embedded broker has its topics from its start, so there it only
  /// compares.
  virtual Result<std::vector<std::string>> ensure_topics(std::span<const TopicSpec> topics, Timeout timeout) = 0;

  /// The named topics (kNotFound if one is missing), or all but the internal ones when `names` is empty.
  virtual Result<std::vector<TopicState>> topics(std::span<const std::string> names, Timeout timeout) = 0;

  virtual Result<std::vector<GroupSummary>> groups(Timeout timeout) = 0;
  virtual Result<GroupState> group(const std::string& name, Timeout timeout) = 0;

  /// Moves the group's offsets of the topic; the group must have no members. The result is what was or would be done.
  virtual Result<std::vector<OffsetReset>> reset_offsets(const std::string& group, const std::string& topic,
                                                         ResetTarget target, ResetMode mode, Timeout timeout) = 0;
};

}  // namespace sluice::kafka
