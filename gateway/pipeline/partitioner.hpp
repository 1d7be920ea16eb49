#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/event.hpp"
#include "core/ports.hpp"
#include "core/stream.hpp"

namespace sluice::pipeline {

/// Events without a key go to one partition in blocks of so many sequences: few large batches, and a replay lands where
/// the first attempt did.
constexpr std::uint32_t kKeylessBlockBits = 9;
constexpr std::uint32_t kRoundRobinBlockBits = 6;

/// The partition of an event: a function of the event alone, never of the moment.
/// `field_value` is that of the stream's partition field, with Partitioning::kField. Thread: any.
[[nodiscard]] inline std::int32_t choose_partition(const Stream& stream, std::string_view key,
                                                   std::string_view field_value, Sequence sequence,
                                                   std::uint32_t partitions) {
  if (partitions <= 1) return 0;
  if (stream.partitioning == Partitioning::kRoundRobin) {
    return static_cast<std::int32_t>((sequence >> kRoundRobinBlockBits) % partitions);
  }
  if (stream.partitioning == Partitioning::kField && !field_value.empty()) {
    // A map of a handful of short values: the copy fits into the string's own buffer.
    const auto mapped = stream.partition_map.find(std::string(field_value));
    if (mapped == stream.partition_map.end()) return partition_of_key(field_value, partitions);
    const auto count = static_cast<std::int32_t>(partitions);
    return ((mapped->second % count) + count) % count;
  }
  if (!key.empty()) return partition_of_key(key, partitions);
  return static_cast<std::int32_t>((sequence >> kKeylessBlockBits) % partitions);
}

}  // namespace sluice::pipeline
