#include "kafka/retention_guard.hpp"

#include <algorithm>

namespace sluice::kafka {
namespace {

// Resolution of "bytes before this offset": one sample per this many delivered bytes.
constexpr std::int64_t kSampleBytes = 32 << 10;
// Nobody reads the topic here: the samples are of use only to a reader still to come.
constexpr std::size_t kMaxSamples = 256;

}  // namespace

RetentionGuard::Partition& RetentionGuard::partition_of(std::string_view topic, std::int32_t partition) {
  auto found = topics_.find(topic);
  if (found == topics_.end()) found = topics_.emplace(topic, Topic()).first;
  const auto [place, is_new] = found->second.partitions.try_emplace(partition);
  if (is_new) {
    for (const ReaderId reader : found->second.unassigned_readers) place->second.consumed_bytes[reader] = 0;
  }
  return place->second;
}

std::int64_t RetentionGuard::slowest(const Partition& partition) {
  std::int64_t least = partition.handed_bytes;
  for (const auto& [reader, bytes] : partition.consumed_bytes) least = std::min(least, bytes);
  return least;
}

RetentionGuard::ReaderId RetentionGuard::add_reader(std::span<const std::string> topics) {
  const std::lock_guard lock(mutex_);
  const ReaderId reader = ++last_reader_;
  for (const std::string& name : topics) {
    Topic& topic = topics_[name];
    topic.unassigned_readers.push_back(reader);
    for (auto& [number, partition] : topic.partitions) partition.consumed_bytes[reader] = 0;
  }
  return reader;
}

void RetentionGuard::remove_reader(ReaderId reader) { assigned(reader, {}); }

void RetentionGuard::assigned(ReaderId reader, std::span<const TopicPartition> partitions) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, topic] : topics_) {
    std::erase(topic.unassigned_readers, reader);
    for (auto& [number, partition] : topic.partitions) {
      if (std::find(partitions.begin(), partitions.end(), TopicPartition(name, number)) == partitions.end()) {
        partition.consumed_bytes.erase(reader);
      }
    }
  }
  for (const auto& [name, number] : partitions) partition_of(name, number).consumed_bytes.try_emplace(reader, 0);
}

void RetentionGuard::consumed(ReaderId reader, std::string_view topic, std::int32_t partition,
                              std::int64_t next_offset) {
  const std::lock_guard lock(mutex_);
  Partition& state = partition_of(topic, partition);
  const auto found = state.consumed_bytes.find(reader);
  if (found == state.consumed_bytes.end()) return;
  if (next_offset >= state.next_offset) {
    found->second = state.delivered_bytes;
  } else {
    for (const Sample& sample : state.samples) {
      if (sample.next_offset <= next_offset) found->second = std::max(found->second, sample.delivered_bytes);
    }
  }
  const std::int64_t least = slowest(state);
  while (!state.samples.empty() && state.samples.front().delivered_bytes < least) state.samples.pop_front();
}

void RetentionGuard::handed_over(std::string_view topic, std::int32_t partition, std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  partition_of(topic, partition).handed_bytes += bytes;
}

void RetentionGuard::delivered(std::string_view topic, std::int32_t partition, std::int64_t offset,
                               std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  Partition& state = partition_of(topic, partition);
  state.delivered_bytes += bytes;
  state.next_offset = std::max(state.next_offset, offset + 1);
  if (!state.samples.empty() && state.delivered_bytes - state.samples.back().delivered_bytes < kSampleBytes) return;
  state.samples.push_back({state.next_offset, state.delivered_bytes});
  if (state.samples.size() > kMaxSamples) state.samples.pop_front();
}

void RetentionGuard::failed(std::string_view topic, std::int32_t partition, std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  partition_of(topic, partition).handed_bytes -= bytes;
}

bool RetentionGuard::is_paused(std::string_view topic, std::int32_t partition) const {
  return unread_bytes(topic, partition) >= kPauseBytes;
}

std::int64_t RetentionGuard::unread_bytes(std::string_view topic, std::int32_t partition) const {
  const std::lock_guard lock(mutex_);
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return 0;
  const auto place = found->second.partitions.find(partition);
  return place == found->second.partitions.end() ? 0 : place->second.handed_bytes - slowest(place->second);
}

void RetentionGuard::broker_wiped() {
  const std::lock_guard lock(mutex_);
  for (auto& [name, topic] : topics_) {
    for (auto& [number, partition] : topic.partitions) {
      partition.handed_bytes = partition.delivered_bytes = partition.next_offset = 0;
      partition.samples.clear();
      for (auto& [reader, bytes] : partition.consumed_bytes) bytes = 0;
    }
  }
}

}  // namespace sluice::kafka
