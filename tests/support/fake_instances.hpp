#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ports.hpp"

namespace sluice::testing {

/// A source made of one function, called on the instance thread.
class FakeSource final : public SourceInstance {
 public:
  FakeSource(InstanceHost& host, std::function<Status(InstanceHost&)> body, std::function<void()> on_stop = nullptr)
      : host_(host), body_(std::move(body)), on_stop_(std::move(on_stop)) {}
  Status run() override { return body_(host_); }
  void request_stop() override {
    if (on_stop_) on_stop_();
  }

 private:
  InstanceHost& host_;
  std::function<Status(InstanceHost&)> body_;
  std::function<void()> on_stop_;
};

/// What FakeConsumers of one test saw and do. Thread: any, but the functions, which are set before the start.
struct ConsumerScript {
  std::function<Status(InstanceHost&, const ConsumerInput&)> on_input;
  std::function<Status(InstanceHost&)> on_tick;
  std::function<void(std::string_view)> on_call;  ///< "batch", "tick", "save", "load"
  bool can_save = true;
  bool is_ordered = false;
  std::uint32_t state_version = 1;

  std::atomic<std::uint64_t> seen{0};
  std::atomic<std::uint64_t> gaps{0};
  std::atomic<std::uint64_t> ticks{0};

  void note(const ConsumerInput& input) {
    const std::lock_guard lock(mutex_);
    payloads_.emplace_back(input.payload);
  }
  [[nodiscard]] std::vector<std::string> payloads() const {
    const std::lock_guard lock(mutex_);
    return payloads_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> payloads_;
};

/// A consumer whose state is the count of events it saw.
class FakeConsumer final : public ConsumerInstance {
 public:
  FakeConsumer(InstanceHost& host, ConsumerScript& script) : host_(host), script_(script) {}

  Status on_batch(std::span<const ConsumerInput> inputs, std::int64_t, std::uint64_t gap_events) override {
    tell("batch");
    script_.gaps += gap_events;
    for (const ConsumerInput& input : inputs) {
      if (script_.on_input) {
        if (Status status = script_.on_input(host_, input); !status.ok()) return status;
      }
      script_.note(input);
      ++count_;
      ++script_.seen;
    }
    return {};
  }
  Status on_tick(std::int64_t, std::int64_t) override {
    tell("tick");
    ++script_.ticks;
    return script_.on_tick ? script_.on_tick(host_) : Status();
  }
  [[nodiscard]] bool can_save() const override { return script_.can_save; }
  Status save(std::string& state) override {
    tell("save");
    state = std::to_string(count_);
    return {};
  }
  Status load(std::string_view state) override {
    tell("load");
    count_ = std::stoull(std::string(state));
    return {};
  }
  [[nodiscard]] std::uint32_t state_version() const override { return script_.state_version; }
  [[nodiscard]] std::chrono::milliseconds tick_interval() const override { return std::chrono::milliseconds(1000); }
  [[nodiscard]] bool wants_event_time_order() const override { return script_.is_ordered; }

 private:
  void tell(std::string_view call) {
    if (script_.on_call) script_.on_call(call);
  }

  InstanceHost& host_;
  ConsumerScript& script_;
  std::uint64_t count_ = 0;
};

}  // namespace sluice::testing
