#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <span>
#include <utility>
#include <vector>

namespace sluice::pipeline {

/// Puts several ordered inputs into one order by event time: the earliest head goes first; an empty input that is known
/// to have more is waited for, a silent one at most idle_us. So a backlog gives the order live running would have
/// given, whatever the speeds of its parts. Within an input the order never changes, even where its times do. When more
/// than max_bytes are held, the earliest head goes although an input is missing; counted. Thread: its owner's.
class EventTimeMerge {
 public:
  struct Options {
    std::int64_t idle_us = 1'000'000;
    std::size_t max_bytes = 16U << 20U;
  };
  /// What is merged: the caller's own number of an event.
  using Reference = std::uint64_t;

  explicit EventTimeMerge(Options options) : options_(options) {}

  /// `input` takes part from now on, and whether it is known to have events beyond those pushed. Repeat as it changes.
  void set_input(std::size_t input, bool is_present, bool has_more, std::int64_t now_us) {
    if (input >= inputs_.size()) inputs_.resize(input + 1);
    Input& it = inputs_[input];
    if (is_present && !it.is_present) it.last_push_us = now_us;
    it.is_present = is_present;
    it.has_more = has_more;
  }

  void push(std::size_t input, std::int64_t event_time_us, std::size_t bytes, Reference reference,
            std::int64_t now_us) {
    if (input >= inputs_.size()) inputs_.resize(input + 1);
    Input& it = inputs_[input];
    if (it.held.empty()) heads_.push({event_time_us, input});
    it.held.push_back({event_time_us, bytes, reference});
    it.last_push_us = now_us;
    held_bytes_ += bytes;
    ++held_events_;
  }

  /// Takes what may go now, at most out.size(), in order.
  std::size_t pop(std::int64_t now_us, std::span<Reference> out) {
    std::size_t count = 0;
    bool is_waiting = false;
    for (const Input& input : inputs_) is_waiting = is_waiting || must_wait_for(input, now_us);
    while (count < out.size() && !heads_.empty()) {
      if (is_waiting) {
        if (held_bytes_ <= options_.max_bytes) break;
        ++forced_;
      }
      const std::size_t index = heads_.top().second;
      heads_.pop();
      Input& input = inputs_[index];
      out[count++] = input.held.front().reference;
      held_bytes_ -= input.held.front().bytes;
      --held_events_;
      input.held.pop_front();
      if (!input.held.empty()) {
        heads_.push({input.held.front().time_us, index});
      } else {
        is_waiting = is_waiting || must_wait_for(input, now_us);
      }
    }
    return count;
  }

  [[nodiscard]] std::size_t held_events() const { return held_events_; }
  [[nodiscard]] std::uint64_t forced() const { return forced_; }  ///< events that went out of turn for lack of room

 private:
  struct Held {
    std::int64_t time_us;
    std::size_t bytes;
    Reference reference;
  };
  struct Input {
    std::deque<Held> held;
    std::int64_t last_push_us = 0;
    bool is_present = false;
    bool has_more = false;
  };
  [[nodiscard]] bool must_wait_for(const Input& input, std::int64_t now_us) const {
    if (!input.is_present || !input.held.empty()) return false;
    return input.has_more || now_us - input.last_push_us < options_.idle_us;
  }

  using Head = std::pair<std::int64_t, std::size_t>;  // equal times: the lower input first, so the order is repeatable
  const Options options_;
  std::vector<Input> inputs_;
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads_;
  std::size_t held_bytes_ = 0;
  std::size_t held_events_ = 0;
  std::uint64_t forced_ = 0;
};

}  // namespace sluice::pipeline
