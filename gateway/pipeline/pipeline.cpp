#include "pipeline/pipeline.hpp"

#include <algorithm>
#include <utility>

namespace sluice::pipeline {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kIdleWait{50};
constexpr milliseconds kDrainWait{5};
/// How soon a joining stop sees that it was told to hurry.
constexpr milliseconds kHurryPace{50};

void bind_streams(Host::Parts& instance, const PipelineParts& parts, const TableStore& tables) {
  for (InstanceStream& stream : instance.streams) {
    if (stream.stream == nullptr) continue;
    stream.codec = parts.codecs[stream.stream->id];
    stream.table = tables.find(stream.stream->id);
  }
}

}  // namespace

Pipeline::Pipeline(PipelineParts parts, std::vector<SourceSpec> sources, std::vector<ConsumerSpec> consumers)
    : parts_(std::move(parts)),
      tables_(parts_.streams, parts_.codecs, parts_.table_budget_bytes),
      dead_letters_(parts_.journal, parts_.dead_letters, parts_.clock),
      forwarder_(parts_.forwarder, parts_.journal, parts_.producer, parts_.streams, parts_.codecs, tables_,
                 dead_letters_, parts_.clock, parts_.log) {
  for (SourceSpec& spec : sources) {
    bind_streams(spec.parts, parts_, tables_);
    sources_.push_back(
        std::make_unique<SourceRunner>(std::move(spec), parts_.journal, dead_letters_, parts_.clock, parts_.log));
  }
  for (ConsumerSpec& spec : consumers) {
    bind_streams(spec.parts, parts_, tables_);
    consumers_.push_back(
        std::make_unique<ConsumerRunner>(std::move(spec), parts_.journal, dead_letters_, parts_.clock, parts_.log));
  }
}

Pipeline::~Pipeline() {
  if (is_started_ && !is_stopped_) (void)stop({milliseconds(0), milliseconds(0), milliseconds(0)});
}

Status Pipeline::start() {
  is_started_ = true;
  if (Status opened = forwarder_.open(); !opened.ok()) return opened;
  is_forwarding_ = true;
  forwarder_thread_.start([this] { forward(); });
  for (const auto& consumer : consumers_) {
    if (Status started = consumer->start(); !started.ok()) return started;
  }
  for (const auto& source : sources_) {
    if (Status started = source->start(); !started.ok()) return started;
  }
  return {};
}

/// The forwarder's thread.
void Pipeline::forward() {
  while (!is_draining_.load(std::memory_order_acquire)) forwarder_.step(kIdleWait);
  const Deadline until{SteadyClock::duration(drain_until_.load())};
  while (!forwarder_.is_drained() && SteadyClock::now() < until && !is_hurried_) forwarder_.step(kDrainWait);
  is_drained_ = forwarder_.is_drained();
  if (!is_drained_) forwarder_.abandon();
  is_forwarding_ = false;
}

template <class Runner>
void Pipeline::join(Runner& runner, Deadline deadline, std::vector<std::string>& unstopped) {
  while (true) {
    const bool is_last = is_hurried_ || SteadyClock::now() >= deadline;
    if (runner.join_until(std::min(deadline, SteadyClock::now() + kHurryPace))) return;
    if (is_last) break;
  }
  runner.leave_behind();
  unstopped.push_back(runner.name());
  parts_.log.error(runner.name(), "ignores its stop request; it is left behind");
}

StopReport Pipeline::stop(const StopLimits& limits) {
  StopReport report;
  if (!is_started_ || is_stopped_) return report;
  is_stopped_ = true;

  for (const auto& source : sources_) source->request_stop();
  const Deadline sources_until = SteadyClock::now() + limits.sources;
  for (const auto& source : sources_) join(*source, sources_until, report.unstopped);

  const Deadline consumers_until = SteadyClock::now() + limits.consumers;
  // Reading the journal to its end leaves a fifth of the time for the last tick and snapshot.
  const Deadline read_until = consumers_until - limits.consumers / 5;
  for (const auto& consumer : consumers_) consumer->request_stop(read_until);
  for (const auto& consumer : consumers_) join(*consumer, consumers_until, report.unstopped);

  parts_.journal.close();

  drain_until_ = (SteadyClock::now() + limits.delivery).time_since_epoch().count();
  is_draining_.store(true, std::memory_order_release);
  // Its own calls are bounded, so this join is too.
  forwarder_thread_.join();
  report.is_drained = is_drained_;
  for (const auto& [reason, count] : take_account(forwarder_.ledger(), parts_.journal, parts_.streams).total.dropped) {
    if (reason == kNotDelivered) report.not_delivered = count;
  }
  return report;
}

PipelineStatus Pipeline::status() const {
  PipelineStatus status;
  status.account = take_account(forwarder_.ledger(), parts_.journal, parts_.streams);
  for (const auto& source : sources_) status.sources.push_back(source->status());
  for (const auto& consumer : consumers_) status.consumers.push_back(consumer->status());
  for (const auto& table : tables_.all()) {
    status.tables.push_back({table->stream().name, table->stream().topic, table->stats()});
  }
  status.dead_letters_written = dead_letters_.written();
  status.dead_letters_lost = dead_letters_.lost();
  return status;
}

std::vector<Progress> Pipeline::progress() const {
  std::vector<Progress> all;
  all.push_back({"forwarder", forwarder_.advances(), is_forwarding_});
  for (const auto& consumer : consumers_) {
    all.push_back({consumer->name(), consumer->advances(), consumer->state() == RunState::kRunning});
  }
  return all;
}

Status Pipeline::readiness() const {
  std::string missing;
  const auto look = [&missing](const auto& status) {
    const bool is_well = status.state == RunState::kRunning || status.state == RunState::kFinished ||
                         status.state == RunState::kStarting;
    if (status.is_required && !is_well) {
      missing += (missing.empty() ? "" : ", ") + status.name + " is " + std::string(to_string(status.state));
    }
  };
  for (const auto& source : sources_) look(source->status());
  for (const auto& consumer : consumers_) look(consumer->status());
  if (!missing.empty()) return {Code::kUnavailable, "required: " + missing};
  if (!is_forwarding_) return {Code::kClosed, "not started or stopping"};
  return {};
}

}  // namespace sluice::pipeline
