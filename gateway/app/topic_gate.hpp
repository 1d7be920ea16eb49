#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/log.hpp"
#include "core/ports.hpp"
#include "kafka/admin.hpp"

namespace sluice::app {

/// A producer that sends nothing until the gateway's topics exist. Merely asking a cluster for an unknown topic makes
/// it create one with its own partition count, so not even the names reach the client before. To the forwarder a closed
/// gate looks like a full queue: events wait in the journal. Thread: as Producer, but open() any.
class GatedProducer final : public Producer {
 public:
  explicit GatedProducer(std::unique_ptr<Producer> producer) : producer_(std::move(producer)) {}

  void open() { is_open_.store(true, std::memory_order_release); }

  void set_sink(DeliverySink* sink) override { producer_->set_sink(sink); }
  Result<TopicId> open_topic(std::string_view name, std::uint32_t partitions) override;
  [[nodiscard]] std::uint32_t partition_count(TopicId topic) const override;
  Produced produce(TopicId topic, std::int32_t partition, std::span<const ProduceRecord> records) override;
  void poll(std::chrono::milliseconds wait) override { producer_->poll(wait); }
  Status flush(std::chrono::milliseconds timeout) override { return producer_->flush(timeout); }
  void purge() override { producer_->purge(); }
  [[nodiscard]] Status fatal_error() const override { return producer_->fatal_error(); }
  Status recreate() override { return producer_->recreate(); }

 private:
  struct Topic {
    std::string name;
    std::uint32_t partitions = 1;
    TopicId id = 0;
    bool is_registered = false;
  };
  bool may_send(Topic& topic);

  std::atomic<bool> is_open_{false};
  // The owner's thread only.
  std::unique_ptr<Producer> producer_;
  std::vector<Topic> topics_;
};

/// Creates the topics a gateway needs, again and again until the cluster answered, and then opens the gate.
/// A cluster that refuses (no right to create, say) is not asked again: the topics may exist all the same.
class TopicSetup {
 public:
  using Ensure = std::function<Result<std::vector<std::string>>()>;

  /// `ensure` is called on this object's thread; it blocks for a bounded time. `on_ready` is called there once.
  TopicSetup(Ensure ensure, std::function<void()> on_ready, Log& log);
  /// As request_stop; waits for a running call of `ensure`.
  ~TopicSetup();
  TopicSetup(const TopicSetup&) = delete;
  TopicSetup& operator=(const TopicSetup&) = delete;

  /// No further try; does not wait. Thread: any.
  void request_stop();

 private:
  void run();
  bool try_once();

  const Ensure ensure_;
  const std::function<void()> on_ready_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable stop_asked_;
  bool is_stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace sluice::app
