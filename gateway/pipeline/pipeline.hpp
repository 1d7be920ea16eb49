#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/ports.hpp"
#include "core/stream.hpp"
#include "pipeline/accounting.hpp"
#include "pipeline/consumer_runner.hpp"
#include "pipeline/dead_letters.hpp"
#include "pipeline/forwarder.hpp"
#include "pipeline/instance_thread.hpp"
#include "pipeline/source_runner.hpp"
#include "pipeline/table_store.hpp"

namespace sluice::pipeline {

/// What the pipeline stands on; everything outlives it.
struct PipelineParts {
  Journal& journal;
  Producer& producer;
  const StreamSet& streams;
  std::vector<const StreamCodec*> codecs;  ///< by StreamId, one for every stream
  StreamId dead_letters = 0;               ///< the host's stream of sluice.DeadLetter
  const Clock& clock;
  Log& log;
  std::size_t table_budget_bytes = 4U << 20U;
  Forwarder::Options forwarder{};
};

/// How long each step of a stop may take; together they bound it.
struct StopLimits {
  std::chrono::milliseconds sources{2'000};
  std::chrono::milliseconds consumers{2'000};
  std::chrono::milliseconds delivery{5'000};
};

struct StopReport {
  /// Instances whose thread still runs. Then everything that can be saved is saved, the Pipeline must not be destroyed
  /// (its destructor would wait for them), and the process ends by _exit.
  std::vector<std::string> unstopped;
  bool is_drained = false;          ///< everything accepted was delivered or dropped for its own reason
  std::uint64_t not_delivered = 0;  ///< dropped("not_delivered_at_stop")
};

struct TableStatus {
  std::string name;
  std::string topic;
  TableStats stats;
};

struct PipelineStatus {
  Account account;
  std::vector<SourceStatus> sources;
  std::vector<ConsumerStatus> consumers;
  std::vector<TableStatus> tables;
  std::uint64_t dead_letters_written = 0;
  std::uint64_t dead_letters_lost = 0;
};

/// How far a thread has come, for the watchdog: between two looks `advances` must have risen if must_advance was true
/// at both.
struct Progress {
  std::string name;
  std::uint64_t advances = 0;
  bool must_advance = false;
};

/// The gateway's road: source runners → journal → forwarder → Kafka → consumer runners → journal and tables. Owns all
/// of its threads. Thread: start and stop by one thread; the rest any.
class Pipeline {
 public:
  /// Of each InstanceStream in the specs only `name` and `stream` need to be set.
  Pipeline(PipelineParts parts, std::vector<SourceSpec> sources, std::vector<ConsumerSpec> consumers);
  /// Stops with no time to spare if stop() was not called; blocks while an instance ignores its stop.
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Starts the forwarder, then the consumers, then the sources. Fails when a topic cannot be registered or a required
  /// instance cannot be made; call stop() then too. An unreachable Kafka is no failure.
  Status start();

  /// The stop order, here and nowhere else. Blocks for at most the sum of the limits.
  ///   sources stop → their threads join → consumers use what they hold, their outputs enter the journal, their state
  ///   is saved → the journal closes → the forwarder delivers what is left (bounded), the rest is dropped and counted
  /// Afterwards producer, subscriptions and journal may be destroyed, unless the report names an unstopped instance.
  StopReport stop(const StopLimits& limits);
  /// Cuts a running stop short: every limit is over now. For the second signal. Async-signal-safe.
  void hurry() { is_hurried_.store(true, std::memory_order_relaxed); }

  [[nodiscard]] PipelineStatus status() const;
  [[nodiscard]] std::vector<Progress> progress() const;
  /// Names the required instances that do not run, or says that the journal is closed.
  [[nodiscard]] Status readiness() const;
  [[nodiscard]] const TableStore& tables() const { return tables_; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  void forward();
  template <class Runner>
  void join(Runner& runner, Deadline deadline, std::vector<std::string>& unstopped);

  const PipelineParts parts_;
  TableStore tables_;
  DeadLetters dead_letters_;
  Forwarder forwarder_;
  std::vector<std::unique_ptr<SourceRunner>> sources_;
  std::vector<std::unique_ptr<ConsumerRunner>> consumers_;
  std::atomic<bool> is_draining_{false};
  std::atomic<bool> is_hurried_{false};
  std::atomic<bool> is_forwarding_{false};
  std::atomic<std::chrono::steady_clock::rep> drain_until_{0};
  bool is_started_ = false;
  bool is_stopped_ = false;
  bool is_drained_ = false;  // written by the forwarder thread before it ends, read after its join
  InstanceThread forwarder_thread_;
};

}  // namespace sluice::pipeline
