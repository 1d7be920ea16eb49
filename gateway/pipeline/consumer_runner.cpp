#include "pipeline/consumer_runner.hpp"

#include <algorithm>
#include <utility>

namespace sluice::pipeline {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// The longest a round waits for input, so that ticks and a stop are seen.
constexpr milliseconds kRoundWait{50};
constexpr milliseconds kDurableWait{5000};
constexpr std::int64_t kLagPaceUs = 500'000;
constexpr std::int64_t kLogPaceUs = 5'000'000;
/// How often a consumer without state tells the group how far it is.
constexpr std::int64_t kCommitPaceUs = 5'000'000;

Host::Parts of_consumer(Host::Parts parts) {
  parts.emit_at_stop = EmitAtStop::kAccepted;
  parts.state_file.clear();
  return parts;
}

}  // namespace

ConsumerRunner::ConsumerRunner(ConsumerSpec spec, Journal& journal, DeadLetters& dead_letters, const Clock& clock,
                               Log& log)
    : spec_(std::move(spec)),
      journal_(journal),
      clock_(clock),
      host_(of_consumer(spec_.parts), journal, dead_letters, clock, log),
      backoff_(std::hash<std::string>{}(host_.name()) ^ static_cast<std::uint64_t>(clock.monotonic_us())) {
  std::vector<std::string> topics(host_.parts().streams.size());
  for (const KafkaInput& input : spec_.topics) {
    if (input.stream < topics.size()) topics[input.stream] = input.topic;
  }
  host_.set_topics(std::move(topics));
  if (!spec_.factory) state_ = RunState::kQuarantined;
}

ConsumerRunner::~ConsumerRunner() { request_stop(SteadyClock::now()); }

Status ConsumerRunner::start() {
  if (!spec_.factory) return {};
  load_file();
  if (const Status made = make_instance(); !made.ok()) {
    note_failure(made);
    if (spec_.is_required) {
      state_ = RunState::kFailed;
      return made.with_context("consumer " + name());
    }
  }
  // Opened here, so that a consumer of the journal sees everything from the gateway's first event on.
  if (!spec_.subscribe) {
    road_ = make_journal_road(journal_, spec_.journal_streams, host_, 0);
  }
  thread_.start([this] { run(); });
  return {};
}

Status ConsumerRunner::make_instance() {
  Result<std::unique_ptr<ConsumerInstance>> made = spec_.factory(host_);
  if (!made) return made.status();
  if (!spec_.subscribe && (*made)->wants_event_time_order()) {
    return {Code::kInvalid,
            "this consumer wants its input in order of event time, but the journal hands events over as they came; "
            "expected from = \"kafka\""};
  }
  instance_ = std::move(*made);
  return {};
}

/// What the process before left. Its journal is gone with it (memory mode), so its journal position means nothing.
void ConsumerRunner::load_file() {
  if (spec_.snapshot_file.empty()) return;
  Result<LoadedSnapshot> loaded = read_snapshot(spec_.snapshot_file);
  if (!loaded) {
    if (loaded.status().code() == Code::kNotFound) return;
    host_.log(LogLevel::kError, "its snapshot cannot be read, it starts from the beginning: " + loaded.status().text());
    return;
  }
  if (loaded->is_fallback) {
    ++snapshot_fallbacks_;
    host_.log(LogLevel::kWarning, "starts from the snapshot before the last one: " + loaded->problem);
  }
  saved_ = std::move(loaded->snapshot);
  saved_->journal_position = 0;
}

/// Brings instance and input to the place of the last snapshot.
Status ConsumerRunner::open() {
  if (!instance_) {
    if (Status made = make_instance(); !made.ok()) return made;
  }
  ConsumerStart start;
  Sequence journal_after = journal_handled_;
  if (saved_ && instance_->can_save()) {
    if (saved_->plugin != spec_.parts.plugin || saved_->state_version != instance_->state_version()) {
      host_.log(LogLevel::kWarning, "its snapshot is of " + saved_->plugin + " " + saved_->plugin_version +
                                        ", state version " + std::to_string(saved_->state_version) +
                                        "; this one reads version " + std::to_string(instance_->state_version()) +
                                        " and starts from the beginning");
      saved_.reset();
    } else if (const Status loaded = in_plugin([&] { return instance_->load(saved_->state); }); !loaded.ok()) {
      host_.log(LogLevel::kError, "refuses its snapshot and starts from the beginning: " + loaded.text());
      saved_.reset();
    }
  }
  if (instance_->can_save()) {
    journal_after = saved_ ? saved_->journal_position : 0;
    if (saved_ && spec_.cluster && saved_->cluster == spec_.cluster()) start.positions = saved_->positions;
  } else {
    start.use_group_offsets = true;
  }
  if (spec_.subscribe) {
    Result<std::unique_ptr<Subscription>> subscription = spec_.subscribe(start);
    if (!subscription) return subscription.status();
    road_ = make_kafka_road(std::move(*subscription), spec_.topics, host_, start.positions,
                            instance_->wants_event_time_order(), spec_.merge);
  } else if (!road_) {
    road_ = make_journal_road(journal_, spec_.journal_streams, host_, journal_after);
  }
  const std::int64_t now_us = clock_.monotonic_us();
  next_tick_us_ = now_us + std::chrono::microseconds(instance_->tick_interval()).count();
  next_snapshot_us_ = now_us + std::chrono::microseconds(spec_.snapshot_interval).count();
  events_since_snapshot_ = 0;
  return {};
}

void ConsumerRunner::run() {
  while (true) {
    Status status = open();
    if (status.ok()) {
      state_ = RunState::kRunning;
      status = work();
      if (status.ok()) break;
    }
    note_failure(status);
    state_ = RunState::kBackingOff;
    instance_.reset();
    road_.reset();
    if (host_.wait_by_clock(backoff_.next_us(clock_.monotonic_us()))) break;
    restarts_.fetch_add(1, std::memory_order_relaxed);
    state_ = RunState::kStarting;
  }
  instance_.reset();
  road_.reset();
  state_ = RunState::kStopped;
}

/// Until the stop, or a failure.
Status ConsumerRunner::work() {
  while (true) {
    const bool is_stopping = host_.is_stopping();
    if (is_stopping) {
      const bool is_late = SteadyClock::now().time_since_epoch().count() >= drain_until_.load();
      if (is_late || road_->is_drained()) return finish();
    }
    const std::int64_t until_tick_us = std::max<std::int64_t>(0, next_tick_us_ - clock_.monotonic_us());
    const milliseconds wait =
        is_stopping ? milliseconds(0) : std::min(kRoundWait, milliseconds((until_tick_us + 999) / 1000));
    Result<InputRoad::Batch> batch = road_->read(wait);
    if (batch) {
      if (Status used = use(*batch); !used.ok()) return used;
    } else if (batch.status().code() != Code::kUnavailable) {
      return batch.status().with_context("its input");
    } else if (const std::int64_t now_us = clock_.monotonic_us(); now_us >= next_log_us_) {
      next_log_us_ = now_us + kLogPaceUs;
      host_.log(LogLevel::kWarning, "waits for Kafka: " + batch.status().text());
    }
    if (Status ticked = tick_if_due(); !ticked.ok()) return ticked;
    advances_.fetch_add(1, std::memory_order_relaxed);
  }
}

template <class Call>
Status ConsumerRunner::in_plugin(Call call) {
  call_since_us_.store(clock_.monotonic_us(), std::memory_order_relaxed);
  Status status = call();
  call_since_us_.store(0, std::memory_order_relaxed);
  return status;
}

Status ConsumerRunner::use(const InputRoad::Batch& batch) {
  if (batch.gap_events != 0) gap_events_.fetch_add(batch.gap_events, std::memory_order_relaxed);
  if (!batch.inputs.empty() || batch.gap_events != 0) {
    const std::int64_t wall_us = clock_.wall_us();
    Status used = in_plugin([&] { return instance_->on_batch(batch.inputs, wall_us, batch.gap_events); });
    if (!used.ok()) return used;
    consumed_.fetch_add(batch.inputs.size(), std::memory_order_relaxed);
    events_since_snapshot_ += batch.inputs.size();
    is_dirty_ = true;
  }
  road_->handled();
  if (!instance_->can_save()) {
    Snapshot position;
    if (!spec_.subscribe) {
      road_->put_position(position);
      journal_handled_ = position.journal_position;
    }
  }
  return {};
}

Status ConsumerRunner::tick() {
  is_dirty_ = true;
  return in_plugin([&] { return instance_->on_tick(clock_.wall_us(), clock_.monotonic_us()); });
}

Status ConsumerRunner::tick_if_due() {
  const std::int64_t now_us = clock_.monotonic_us();
  if (now_us >= next_lag_us_) {
    next_lag_us_ = now_us + kLagPaceUs;
    lag_records_.store(road_->lag_records(), std::memory_order_relaxed);
  }
  if (now_us >= next_tick_us_) {
    next_tick_us_ = now_us + std::max<std::int64_t>(1, std::chrono::microseconds(instance_->tick_interval()).count());
    if (Status ticked = tick(); !ticked.ok()) return ticked;
  }
  if (now_us >= next_snapshot_us_ || events_since_snapshot_ >= spec_.snapshot_events) {
    if (is_dirty_) return save(false);
    next_snapshot_us_ = now_us + std::chrono::microseconds(spec_.snapshot_interval).count();
  }
  return {};
}

Status ConsumerRunner::finish() {
  if (Status ticked = tick(); !ticked.ok()) {
    note_failure(ticked.with_context("its last tick"));
    return {};
  }
  if (Status saved = save(true); !saved.ok()) note_failure(saved.with_context("its last snapshot"));
  lag_records_.store(road_->lag_records(), std::memory_order_relaxed);
  return {};
}

/// Outputs durable, then state and position as one, then the group's offsets. Only the plugin's own failure is one
/// here: without a file the state is still kept in memory for a restart of the instance.
Status ConsumerRunner::save(bool is_final) {
  const std::int64_t now_us = clock_.monotonic_us();
  events_since_snapshot_ = 0;
  is_dirty_ = false;
  if (!instance_->can_save()) {
    next_snapshot_us_ = now_us + kCommitPaceUs;
    road_->commit(is_final);
    return {};
  }
  next_snapshot_us_ = now_us + std::chrono::microseconds(spec_.snapshot_interval).count();
  Snapshot snapshot;
  snapshot.plugin = spec_.parts.plugin;
  snapshot.plugin_version = spec_.parts.plugin_version;
  snapshot.state_version = instance_->state_version();
  if (spec_.cluster) snapshot.cluster = spec_.cluster();
  snapshot.saved_us = clock_.wall_us();
  road_->put_position(snapshot);
  if (Status saved = in_plugin([&] { return instance_->save(snapshot.state); }); !saved.ok()) {
    return saved.with_context("save");
  }
  const Sequence ticket = host_.intake().last_ticket();
  if (const Status durable = journal_.wait_durable(ticket, kDurableWait); !durable.ok()) {
    // Saving now could lose outputs: the state would claim they were made.
    host_.log(LogLevel::kWarning, "no snapshot, its outputs are not durable yet: " + durable.text());
    is_dirty_ = true;
    return {};
  }
  if (!spec_.snapshot_file.empty()) {
    if (const Status written = write_snapshot(spec_.snapshot_file, snapshot, true); !written.ok()) {
      host_.log(LogLevel::kError, "its snapshot was not written: " + written.text());
    }
  }
  saved_ = std::move(snapshot);
  snapshots_.fetch_add(1, std::memory_order_relaxed);
  road_->commit(is_final);
  return {};
}

void ConsumerRunner::note_failure(const Status& status) {
  host_.log(LogLevel::kError, status.text());
  const std::lock_guard lock(mutex_);
  last_error_ = status.text();
}

void ConsumerRunner::request_stop(SteadyClock::time_point drain_until) {
  drain_until_ = drain_until.time_since_epoch().count();
  host_.ask_to_stop();
}

bool ConsumerRunner::join_until(SteadyClock::time_point deadline) {
  if (!thread_.join_until(deadline)) return false;
  host_.close();
  return true;
}

ConsumerStatus ConsumerRunner::status() const {
  ConsumerStatus status;
  status.name = name();
  status.state = state_;
  status.is_required = spec_.is_required;
  status.consumed = consumed_;
  status.rows = host_.intake().rows();
  status.published = host_.intake().accepted() + status.rows;
  status.gap_events = gap_events_;
  status.lag_records = lag_records_;
  status.refused = host_.refused().copy();
  status.rejected = host_.intake().rejected().copy();
  status.restarts = restarts_;
  status.snapshots = snapshots_;
  status.snapshot_fallbacks = snapshot_fallbacks_;
  if (const std::int64_t since_us = call_since_us_; since_us != 0) {
    status.in_call_us = std::max<std::int64_t>(1, clock_.monotonic_us() - since_us);
  }
  const std::lock_guard lock(mutex_);
  status.last_error = last_error_;
  return status;
}

}  // namespace sluice::pipeline
