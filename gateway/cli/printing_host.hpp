#pragma once

#include <atomic>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "core/clock.hpp"
#include "core/ports.hpp"

namespace sluice::cli {

/// A clock that begins at 2025-01-01T00:00:00Z and moves only when somebody waits: with it, one seed gives the same
/// bytes every time. Thread: any.
class SimulatedClock final : public Clock {
 public:
  static constexpr std::int64_t kBeginUs = 1'735'689'600'000'000;
  [[nodiscard]] std::int64_t wall_us() const override { return kBeginUs + elapsed_us_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t monotonic_us() const override { return elapsed_us_.load(std::memory_order_relaxed); }
  void advance(std::int64_t duration_us) { elapsed_us_.fetch_add(duration_us, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> elapsed_us_{0};
};

/// The gateway as `sluice simulate` plays it for one source: each event becomes a line on `out`. Rows of tables and
/// events are printed alike. Thread: any one of the plugin's at a time.
class PrintingHost final : public InstanceHost {
 public:
  struct Options {
    std::vector<const StreamCodec*> codecs;  ///< by the instance's stream number; null: an in stream
    bool is_json = true;                     ///< else wire bytes as base64
    std::uint64_t max_events = 0;            ///< 0: no limit
    std::int64_t max_duration_us = 0;        ///< of the clock; 0: no limit
    std::FILE* out = stdout;
    std::function<void(std::uint64_t)> on_progress;  ///< after each batch
    std::function<bool(std::int64_t)> wait;          ///< really waits; true when interrupted
  };
  PrintingHost(Options options, const Clock& clock, Log& log)
      : options_(std::move(options)), clock_(clock), log_(log) {}

  EmitOutcome emit(std::span<const EmittedEvent> events) override;
  Status wait_durable(Sequence, std::chrono::milliseconds) override { return {}; }
  bool wait(std::chrono::microseconds duration) override;
  [[nodiscard]] bool is_stopping() const override;
  [[nodiscard]] const Clock& clock() const override { return clock_; }
  void log(LogLevel level, std::string_view text) override { log_.write(level, "simulate", text); }
  void refuse(std::string_view reason, std::string_view detail, const ConsumerInput* input,
              std::string_view payload) override;
  Status save_state(std::string_view) override { return {}; }

  [[nodiscard]] std::uint64_t printed() const { return printed_; }

 private:
  Status print(const EmittedEvent& event);

  const Options options_;
  const Clock& clock_;
  Log& log_;
  std::atomic<bool> is_stopping_{false};
  std::uint64_t printed_ = 0;
  Buffer wire_;
  Buffer line_;
  EventFacts facts_;
};

}  // namespace sluice::cli
