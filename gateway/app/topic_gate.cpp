#include "app/topic_gate.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::app {
namespace {

constexpr std::chrono::milliseconds kFirstRetry{250};
constexpr std::chrono::milliseconds kLongestRetry{10'000};

}  // namespace

Result<TopicId> GatedProducer::open_topic(std::string_view name, std::uint32_t partitions) {
  for (std::size_t id = 0; id < topics_.size(); ++id) {
    if (topics_[id].name == name) return static_cast<TopicId>(id);
  }
  topics_.push_back({std::string(name), partitions});
  return static_cast<TopicId>(topics_.size() - 1);
}

std::uint32_t GatedProducer::partition_count(TopicId topic) const {
  const Topic& at = topics_[topic];
  return at.is_registered ? producer_->partition_count(at.id) : at.partitions;
}

bool GatedProducer::may_send(Topic& topic) {
  if (topic.is_registered) return true;
  if (!is_open_.load(std::memory_order_acquire)) return false;
  const Result<TopicId> id = producer_->open_topic(topic.name, topic.partitions);
  if (!id) return false;
  topic.id = *id;
  topic.is_registered = true;
  return true;
}

Producer::Produced GatedProducer::produce(TopicId topic, std::int32_t partition,
                                          std::span<const ProduceRecord> records) {
  Topic& at = topics_[topic];
  if (!may_send(at)) {
    Produced nothing;
    nothing.is_queue_full = true;
    return nothing;
  }
  return producer_->produce(at.id, partition, records);
}

TopicSetup::TopicSetup(Ensure ensure, std::function<void()> on_ready, Log& log)
    : ensure_(std::move(ensure)), on_ready_(std::move(on_ready)), log_(log), thread_([this] { run(); }) {}

TopicSetup::~TopicSetup() {
  request_stop();
  thread_.join();
}

void TopicSetup::request_stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stop_asked_.notify_all();
}

void TopicSetup::run() {
  std::chrono::milliseconds wait = kFirstRetry;
  while (!try_once()) {
    std::unique_lock lock(mutex_);
    if (stop_asked_.wait_for(lock, wait, [this] { return is_stopping_; })) return;
    wait = std::min(wait * 2, kLongestRetry);
  }
  on_ready_();
}

bool TopicSetup::try_once() {
  const Result<std::vector<std::string>> warnings = ensure_();
  if (warnings) {
    for (const std::string& warning : *warnings) log_.warning("kafka", warning);
    return true;
  }
  const Code code = warnings.status().code();
  if (code == Code::kUnavailable || code == Code::kTimeout) {
    log_.warning("kafka", "topics are not checked yet, events wait: " + warnings.status().text());
    return false;
  }
  log_.error("kafka", "topics could not be created, going on with those that exist: " + warnings.status().text());
  return true;
}

}  // namespace sluice::app
