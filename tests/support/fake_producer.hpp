#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/ports.hpp"

namespace sluice::testing {

/// A Kafka client without Kafka: keeps what it is handed in order per partition and reports when told to. Values are
/// read again at delivery, so memory given up too early shows under a sanitizer. Thread: one, except `delivered()` and
/// the atomics.
class FakeProducer final : public Producer {
 public:
  struct Delivered {
    std::string topic;
    std::int32_t partition = 0;
    std::string key;
    std::string value;
    bool is_tombstone = false;
  };
  enum class Outcome { kDelivered, kRetriable, kPermanent };

  std::uint32_t partitions = 1;
  std::size_t queue_limit = 100'000;
  std::size_t value_limit = 1'000'000;             ///< larger values are refused by produce
  std::atomic<bool> is_down{false};                ///< nothing is reported
  std::atomic<bool> is_dead{false};                ///< fatal: produce takes nothing until recreate
  std::function<Outcome(const Delivered&)> judge;  ///< null: everything is delivered
  std::size_t reports_per_poll = 100'000;
  std::atomic<int> recreations{0};
  std::function<void(std::string_view)> on_call;  ///< told of "produce", "purge"

  void set_sink(DeliverySink* sink) override { sink_ = sink; }
  Result<TopicId> open_topic(std::string_view name, std::uint32_t) override {
    topics_.emplace_back(name);
    return static_cast<TopicId>(topics_.size() - 1);
  }
  [[nodiscard]] std::uint32_t partition_count(TopicId) const override { return partitions; }

  Produced produce(TopicId topic, std::int32_t partition, std::span<const ProduceRecord> records) override {
    if (on_call) on_call("produce");
    Produced result;
    if (is_dead) return result;
    for (const ProduceRecord& record : records) {
      if (record.value.size() > value_limit) {
        result.is_first_refused = true;
        result.reason = "msg_size_too_large";
        return result;
      }
      if (queue_.size() >= queue_limit) {
        result.is_queue_full = true;
        return result;
      }
      queue_.push_back({topic, partition, std::string(record.key), record.value, record.tag});
      ++result.taken;
    }
    return result;
  }

  void poll(std::chrono::milliseconds wait) override {
    if (is_down || is_dead || queue_.empty()) {
      if (wait.count() > 0) std::this_thread::yield();
      return;
    }
    for (std::size_t i = 0; i < reports_per_poll && !queue_.empty(); ++i) {
      const Queued queued = queue_.front();
      queue_.pop_front();
      report(queued);
    }
  }
  Status flush(std::chrono::milliseconds) override {
    poll(std::chrono::milliseconds(0));
    return queue_.empty() ? Status() : Status(Code::kTimeout, "still queued");
  }
  void purge() override {
    if (on_call) on_call("purge");
    while (!queue_.empty()) {
      const std::uint32_t tag = queue_.front().tag;
      queue_.pop_front();
      if (sink_ != nullptr) sink_->on_failed(tag, "purged", false);
    }
  }
  [[nodiscard]] Status fatal_error() const override {
    return is_dead ? Status(Code::kUnavailable, "out of order sequence number") : Status();
  }
  Status recreate() override {
    ++recreations;
    is_dead = false;
    return {};
  }

  [[nodiscard]] std::vector<Delivered> delivered() const {
    const std::lock_guard lock(mutex_);
    return delivered_;
  }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }

 private:
  struct Queued {
    TopicId topic;
    std::int32_t partition;
    std::string key;
    std::string_view value;
    std::uint32_t tag;
  };

  void report(const Queued& queued) {
    Delivered record{topics_[queued.topic], queued.partition, queued.key, std::string(queued.value),
                     queued.value.data() == nullptr};
    const Outcome outcome = judge ? judge(record) : Outcome::kDelivered;
    if (outcome != Outcome::kDelivered) {
      const bool is_permanent = outcome == Outcome::kPermanent;
      if (sink_ != nullptr) sink_->on_failed(queued.tag, is_permanent ? "invalid_record" : "timed_out", is_permanent);
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      delivered_.push_back(std::move(record));
    }
    if (sink_ != nullptr) sink_->on_delivered(queued.tag);
  }

  DeliverySink* sink_ = nullptr;
  std::vector<std::string> topics_;
  std::deque<Queued> queue_;
  mutable std::mutex mutex_;
  std::vector<Delivered> delivered_;
};

}  // namespace sluice::testing
