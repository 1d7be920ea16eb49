#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/log.hpp"
#include "core/ports.hpp"
#include "core/status.hpp"
#include "kafka/client_settings.hpp"

namespace sluice::kafka {

/// Where a partition starts for which neither the group nor `start_positions` knows an offset.
enum class StartOffset : std::uint8_t { kEarliest = 1, kLatest };

struct SubscriptionSettings {
  ClientSettings client;
  std::vector<std::string> topics{};
  /// Empty: reads all partitions of the topics as they are at the first answer, belongs to no group, commits nothing.
  std::string group{};
  StartOffset start = StartOffset::kEarliest;
  /// Offsets that win over what the group committed (a restored consumer knows better); lag_records is not read.
  std::vector<PartitionPosition> start_positions{};
  /// False: a partition without a start position begins at `start`, whatever the group committed (a consumer that keeps
  /// state and has lost it must read everything again).
  bool use_group_offsets = true;
  std::uint64_t prefetch_max_bytes = 8ULL << 20U;  ///< fetched ahead of poll(); one fetch may pass it
};

/// Opens a subscription; needs no broker to be up. poll() gives kClosed when the cluster was replaced by an empty one:
/// open another, without start positions. The destructor leaves the group, waiting at most a few seconds.
/// Ownership: `log` outlives it.  kInvalid: no topic, or properties librdkafka refuses in combination.
Result<std::unique_ptr<Subscription>> open_subscription(const SubscriptionSettings& settings, Log& log);

}  // namespace sluice::kafka
