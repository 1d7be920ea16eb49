#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/ports.hpp"

namespace sluice::testing {

/// A topic log that tests write and FakeSubscriptions read. Thread: any.
class FakeLog {
 public:
  struct Record {
    std::string key;
    std::string value;
    std::int64_t timestamp_us = 0;
    bool is_tombstone = false;
  };
  using Place = std::pair<std::string, std::int32_t>;

  /// Makes the partition known, also when it stays empty.
  void open(const std::string& topic, std::int32_t partition) {
    const std::lock_guard lock(mutex_);
    (void)log_[{topic, partition}];
  }
  void write(const std::string& topic, std::int32_t partition, Record record) {
    const std::lock_guard lock(mutex_);
    log_[{topic, partition}].push_back(std::move(record));
  }
  /// Until told otherwise nobody knows how much there is to read of this partition.
  void hide_lag(const std::string& topic, std::int32_t partition, bool is_hidden) {
    const std::lock_guard lock(mutex_);
    hidden_[{topic, partition}] = is_hidden;
  }
  [[nodiscard]] bool is_lag_hidden(const Place& place) const {
    const std::lock_guard lock(mutex_);
    const auto found = hidden_.find(place);
    return found != hidden_.end() && found->second;
  }
  [[nodiscard]] std::map<Place, std::vector<Record>> copy() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  void commit(const PartitionPosition& position) {
    const std::lock_guard lock(mutex_);
    committed_[{position.topic, position.partition}] = position.next_offset;
  }
  [[nodiscard]] std::map<Place, std::int64_t> committed() const {
    const std::lock_guard lock(mutex_);
    return committed_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<Place, std::vector<Record>> log_;
  std::map<Place, std::int64_t> committed_;
  std::map<Place, bool> hidden_;
};

/// Reads a FakeLog: each poll gives at most `per_poll` records of one partition, partitions in turn.
class FakeSubscription final : public Subscription {
 public:
  FakeSubscription(FakeLog& log, std::vector<std::string> topics, const std::vector<PartitionPosition>& start,
                   std::size_t per_poll = 3)
      : log_(log), topics_(std::move(topics)), per_poll_(per_poll) {
    for (const PartitionPosition& position : start) next_[{position.topic, position.partition}] = position.next_offset;
  }

  Result<std::size_t> poll(std::span<TopicRecord> out, std::chrono::milliseconds wait) override {
    const std::lock_guard lock(mutex_);
    content_ = log_.copy();
    for (std::size_t tried = 0; tried < content_.size(); ++tried) {
      auto at = content_.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(turn_++ % content_.size()));
      const std::size_t count = give(at->first, at->second, out.first(std::min(out.size(), per_poll_)));
      if (count != 0) return count;
    }
    if (wait.count() > 0) std::this_thread::yield();
    return std::size_t{0};
  }
  void commit(std::span<const PartitionPosition> handled, bool) override {
    for (const PartitionPosition& position : handled) log_.commit(position);
  }
  [[nodiscard]] std::vector<PartitionPosition> positions() const override {
    const std::lock_guard lock(mutex_);
    std::vector<PartitionPosition> all;
    for (const auto& [place, records] : log_.copy()) {
      const auto next = next_.find(place);
      const std::int64_t offset = next == next_.end() ? 0 : next->second;
      const std::int64_t lag = log_.is_lag_hidden(place) ? -1 : static_cast<std::int64_t>(records.size()) - offset;
      all.push_back({place.first, place.second, offset, lag});
    }
    return all;
  }

 private:
  std::size_t give(const FakeLog::Place& place, const std::vector<FakeLog::Record>& records,
                   std::span<TopicRecord> out) {
    const auto topic = std::find(topics_.begin(), topics_.end(), place.first);
    if (topic == topics_.end()) return 0;
    std::int64_t& next = next_[place];
    std::size_t count = 0;
    for (; count < out.size() && next < static_cast<std::int64_t>(records.size()); ++count, ++next) {
      const FakeLog::Record& record = records[static_cast<std::size_t>(next)];
      out[count] = {static_cast<std::uint32_t>(topic - topics_.begin()),
                    place.second,
                    next,
                    record.timestamp_us,
                    record.key,
                    record.value,
                    record.is_tombstone};
    }
    return count;
  }

  FakeLog& log_;
  const std::vector<std::string> topics_;
  const std::size_t per_poll_;
  mutable std::mutex mutex_;
  std::map<FakeLog::Place, std::vector<FakeLog::Record>> content_;  // what the views of the last poll point into
  std::map<FakeLog::Place, std::int64_t> next_;
  std::size_t turn_ = 0;
};

}  // namespace sluice::testing
