#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/ports.hpp"
#include "pipeline/backoff.hpp"
#include "pipeline/host.hpp"
#include "pipeline/input_road.hpp"
#include "pipeline/instance_thread.hpp"
#include "pipeline/state_file.hpp"

namespace sluice::pipeline {

/// Makes a consumer; called again after each failure. `host` outlives the instance.
using ConsumerFactory = std::function<Result<std::unique_ptr<ConsumerInstance>>(InstanceHost& host)>;

struct ConsumerSpec {
  Host::Parts parts;        ///< emit_at_stop and state_file are set by the runner
  ConsumerFactory factory;  ///< null: quarantined, it is listed and does not run
  bool is_required = false;

  // With from = "kafka":
  SubscribeFunction subscribe;           ///< null: from = "journal"
  std::vector<KafkaInput> topics;        ///< in the order given to the subscription
  std::function<std::string()> cluster;  ///< id or incarnation of the cluster now; positions of another mean nothing
  EventTimeMerge::Options merge;         ///< for an instance that wants event time order

  // With from = "journal":
  std::vector<JournalInput> journal_streams;

  std::filesystem::path snapshot_file;  ///< empty: state lives as long as the process
  std::chrono::seconds snapshot_interval{60};
  std::uint64_t snapshot_events = 100'000;
};

struct ConsumerStatus {
  std::string name;
  RunState state = RunState::kStarting;
  bool is_required = false;
  std::uint64_t consumed = 0;   ///< handed to the plugin and used, again after a restart
  std::uint64_t published = 0;  ///< events in the journal and rows in tables
  std::uint64_t rows = 0;       ///< the rows of `published`
  std::uint64_t gap_events = 0;
  std::uint64_t lag_records = 0;
  Reasons refused;   ///< input that could not be decoded or that the plugin refused
  Reasons rejected;  ///< output the gateway refused
  std::uint64_t restarts = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t snapshot_fallbacks = 0;
  std::int64_t in_call_us = 0;  ///< how long the plugin has been in the call it is in; 0: in none
  std::string last_error;
};

/// Runs one consumer on a thread of its own: reads, decodes, on_batch, on_tick on the gateway's clock, snapshots.
///
/// Snapshot: outputs durable → state and position written as one file → group offsets committed. Every 60 s, every
/// 100,000 events, and at stop. A failure: a wait (1…60 s, jitter), a new instance, the last snapshot, the input from
/// there. Stop: what was read is used, a consumer of the journal reads it to its end (until the deadline), a last tick,
/// a last snapshot. Outputs are taken until the thread has ended. Thread: start, request_stop, join_until by the owner;
/// status(), advances() any.
class ConsumerRunner {
 public:
  ConsumerRunner(ConsumerSpec spec, Journal& journal, DeadLetters& dead_letters, const Clock& clock, Log& log);
  ~ConsumerRunner();
  ConsumerRunner(const ConsumerRunner&) = delete;
  ConsumerRunner& operator=(const ConsumerRunner&) = delete;

  /// As SourceRunner::start.
  Status start();
  /// Ends at the latest at `drain_until` of the steady clock, but for the call the plugin is in.
  void request_stop(std::chrono::steady_clock::time_point drain_until);
  /// As SourceRunner.
  bool join_until(std::chrono::steady_clock::time_point deadline);
  void leave_behind() { host_.close(); }

  [[nodiscard]] ConsumerStatus status() const;
  [[nodiscard]] const std::string& name() const { return host_.name(); }
  /// Rises with every round, also when idle. It stands still while the plugin is in a call.
  [[nodiscard]] const std::atomic<std::uint64_t>& advances() const { return advances_; }
  [[nodiscard]] RunState state() const { return state_; }

 private:
  void run();
  Status make_instance();
  Status open();
  Status work();
  Status finish();
  Status use(const InputRoad::Batch& batch);
  Status tick_if_due();
  Status tick();
  Status save(bool is_final);
  void load_file();
  void note_failure(const Status& status);
  template <class Call>
  Status in_plugin(Call call);

  // Constant after construction.
  const ConsumerSpec spec_;
  Journal& journal_;
  const Clock& clock_;
  Host host_;

  // Any thread.
  std::atomic<RunState> state_{RunState::kStarting};
  std::atomic<std::uint64_t> advances_{0};
  std::atomic<std::uint64_t> consumed_{0};
  std::atomic<std::uint64_t> gap_events_{0};
  std::atomic<std::uint64_t> lag_records_{0};
  std::atomic<std::uint64_t> restarts_{0};
  std::atomic<std::uint64_t> snapshots_{0};
  std::atomic<std::uint64_t> snapshot_fallbacks_{0};
  std::atomic<std::int64_t> call_since_us_{0};
  std::atomic<std::chrono::steady_clock::rep> drain_until_{0};
  mutable std::mutex mutex_;
  std::string last_error_;  // guarded by mutex_

  // Instance thread; before it exists, start().
  std::unique_ptr<ConsumerInstance> instance_;
  std::unique_ptr<InputRoad> road_;
  std::optional<Snapshot> saved_;  // what a new instance begins with
  Sequence journal_handled_ = 0;   // of a consumer without state
  std::int64_t next_tick_us_ = 0;
  std::int64_t next_snapshot_us_ = 0;
  std::int64_t next_lag_us_ = 0;
  std::int64_t next_log_us_ = 0;
  std::uint64_t events_since_snapshot_ = 0;
  bool is_dirty_ = false;  // something happened since the last snapshot
  Backoff backoff_;
  InstanceThread thread_;  // last: it stops using the rest before they go
};

}  // namespace sluice::pipeline
