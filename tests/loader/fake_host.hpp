#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports.hpp"
#include "support/manual_clock.hpp"

namespace sluice::testing {

/// A gateway for one instance that takes everything and remembers it. Thread: any.
class FakeHost final : public InstanceHost {
 public:
  struct Emitted {
    std::uint32_t stream = 0;
    Encoding encoding = Encoding::kProtobuf;
    std::string key;
    std::string payload;
  };
  struct Refused {
    std::string reason;
    std::string detail;
    std::int64_t offset = -1;  ///< of the input it names
  };

  EmitOutcome emit(std::span<const EmittedEvent> events) override {
    const std::lock_guard lock(mutex_);
    batch_sizes_.push_back(events.size());
    EmitOutcome outcome;
    outcome.code = next_code_;
    outcome.error = next_error_;
    outcome.accepted = std::min(events.size(), room_);
    if (outcome.accepted < events.size() && next_code_ == Code::kOk) outcome.code = Code::kFull;
    room_ -= outcome.accepted;
    for (const EmittedEvent& event : events.first(outcome.accepted)) {
      emitted_.push_back({event.stream, event.encoding, std::string(event.key), std::string(event.payload)});
    }
    outcome.ticket = outcome.accepted == 0 ? 0 : emitted_.size();
    return outcome;
  }
  Status wait_durable(Sequence, std::chrono::milliseconds) override { return {}; }
  bool wait(std::chrono::microseconds duration) override {
    std::unique_lock lock(mutex_);
    ++waits_;
    return stopped_.wait_for(lock, duration, [this] { return is_stopping_; });
  }
  [[nodiscard]] bool is_stopping() const override {
    const std::lock_guard lock(mutex_);
    return is_stopping_;
  }
  [[nodiscard]] const Clock& clock() const override { return clock_; }
  void log(LogLevel, std::string_view text) override {
    const std::lock_guard lock(mutex_);
    logged_.emplace_back(text);
  }
  void refuse(std::string_view reason, std::string_view detail, const ConsumerInput* input, std::string_view) override {
    const std::lock_guard lock(mutex_);
    refused_.push_back({std::string(reason), std::string(detail), input == nullptr ? -1 : input->offset});
  }
  Status save_state(std::string_view state) override {
    const std::lock_guard lock(mutex_);
    state_ = std::string(state);
    return {};
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    stopped_.notify_all();
  }
  /// emit takes this many events more, then says that there is no room.
  void set_room(std::size_t events) { room_ = events; }
  /// What emit answers from now on.
  void set_answer(Code code, std::string error) {
    next_code_ = code;
    next_error_ = std::move(error);
  }

  [[nodiscard]] std::vector<Emitted> emitted() const { return copy(emitted_); }
  [[nodiscard]] std::vector<std::size_t> batch_sizes() const { return copy(batch_sizes_); }
  [[nodiscard]] std::vector<Refused> refused() const { return copy(refused_); }
  [[nodiscard]] std::vector<std::string> logged() const { return copy(logged_); }
  /// How often the instance began to wait.
  [[nodiscard]] std::size_t waits() const { return copy(waits_); }
  [[nodiscard]] std::string state() const { return copy(state_); }

 private:
  template <class T>
  T copy(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }

  ManualClock clock_;
  std::size_t room_ = static_cast<std::size_t>(-1);
  Code next_code_ = Code::kOk;
  std::string next_error_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool is_stopping_ = false;
  std::size_t waits_ = 0;
  std::vector<Emitted> emitted_;
  std::vector<std::size_t> batch_sizes_;
  std::vector<Refused> refused_;
  std::vector<std::string> logged_;
  std::string state_;
};

}  // namespace sluice::testing
