#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports.hpp"
#include "pipeline/dead_letters.hpp"
#include "pipeline/intake.hpp"

namespace sluice::pipeline {

/// Who may still emit once asked to stop: a source holds nothing the gateway owns, a consumer flushes its last outputs.
enum class EmitAtStop : std::uint8_t { kRefused = 1, kAccepted };

/// The gateway as one instance sees it. Outlives the instance.
/// Thread: any. Nothing is locked while calling out, except the intake's own lock over the journal.
class Host final : public InstanceHost {
 public:
  struct Parts {
    std::string name;
    std::string plugin;
    std::string plugin_version;
    std::vector<InstanceStream> streams;
    EmitAtStop emit_at_stop = EmitAtStop::kRefused;
    std::filesystem::path state_file;  ///< of save_state; empty: there is no memory across restarts
  };

  Host(Parts parts, Journal& journal, DeadLetters& dead_letters, const Clock& clock, Log& log);

  EmitOutcome emit(std::span<const EmittedEvent> events) override;
  Status wait_durable(Sequence ticket, std::chrono::milliseconds timeout) override;
  bool wait(std::chrono::microseconds duration) override;
  [[nodiscard]] bool is_stopping() const override { return is_stopping_.load(std::memory_order_acquire); }
  [[nodiscard]] const Clock& clock() const override { return clock_; }
  void log(LogLevel level, std::string_view text) override { log_.write(level, parts_.name, text); }
  void refuse(std::string_view reason, std::string_view detail, const ConsumerInput* input,
              std::string_view payload) override;
  Status save_state(std::string_view state) override;

  // For the runner.
  void ask_to_stop();  ///< is_stopping from now on; ends every wait
  void close();        ///< emit gives kClosed from now on, whatever emit_at_stop says
  /// What save_state kept, empty at the first start or when it is damaged (then logged).
  [[nodiscard]] std::string load_state();
  /// Like wait(), by the gateway's clock, so that tests turn it by hand; true when asked to stop.
  bool wait_by_clock(std::int64_t duration_us);
  void set_topics(std::vector<std::string> topic_of_stream) { topic_of_stream_ = std::move(topic_of_stream); }

  [[nodiscard]] const std::string& name() const { return parts_.name; }
  [[nodiscard]] const Parts& parts() const { return parts_; }
  [[nodiscard]] Intake& intake() { return intake_; }
  [[nodiscard]] const Intake& intake() const { return intake_; }
  [[nodiscard]] Log& logger() { return log_; }
  /// Refused by the plugin (refuse) or by the pipeline on its behalf.
  [[nodiscard]] ReasonCounts& refused() { return refused_; }
  [[nodiscard]] const ReasonCounts& refused() const { return refused_; }

 private:
  const Parts parts_;
  std::vector<std::string> topic_of_stream_;  // constant once the instance runs
  Journal& journal_;
  DeadLetters& dead_letters_;
  const Clock& clock_;
  Log& log_;
  Intake intake_;
  ReasonCounts refused_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_closed_{false};
  std::mutex mutex_;
  std::condition_variable stop_asked_;
  std::mutex state_mutex_;  // one save_state at a time
};

}  // namespace sluice::pipeline
