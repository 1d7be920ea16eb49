#include "pipeline/source_runner.hpp"

#include <utility>

namespace sluice::pipeline {
namespace {

Host::Parts of_source(Host::Parts parts) {
  parts.emit_at_stop = EmitAtStop::kRefused;
  return parts;
}

}  // namespace

SourceRunner::SourceRunner(SourceSpec spec, Journal& journal, DeadLetters& dead_letters, const Clock& clock, Log& log)
    : factory_(std::move(spec.factory)),
      is_required_(spec.is_required),
      clock_(clock),
      host_(of_source(std::move(spec.parts)), journal, dead_letters, clock, log),
      backoff_(std::hash<std::string>{}(host_.name()) ^ static_cast<std::uint64_t>(clock.monotonic_us())) {
  if (!factory_) state_ = RunState::kQuarantined;
}

SourceRunner::~SourceRunner() { request_stop(); }

Status SourceRunner::make_instance() {
  Result<std::unique_ptr<SourceInstance>> made = factory_(host_, host_.load_state());
  if (!made) return made.status();
  const std::lock_guard lock(mutex_);
  instance_ = std::move(*made);
  return {};
}

Status SourceRunner::start() {
  if (!factory_) return {};
  if (const Status made = make_instance(); !made.ok()) {
    note_failure(made);
    if (is_required_) {
      state_ = RunState::kFailed;
      return made.with_context("source " + name());
    }
  }
  thread_.start([this] { run(); });
  return {};
}

void SourceRunner::note_failure(const Status& status) {
  host_.log(LogLevel::kError, status.text());
  const std::lock_guard lock(mutex_);
  last_error_ = status.text();
}

void SourceRunner::run() {
  while (!host_.is_stopping()) {
    std::shared_ptr<SourceInstance> instance;
    {
      const std::lock_guard lock(mutex_);
      instance = instance_;
    }
    if (instance) {
      state_ = RunState::kRunning;
      const Status status = instance->run();
      {
        const std::lock_guard lock(mutex_);
        instance_.reset();
      }
      instance.reset();
      if (status.ok()) {
        state_ = host_.is_stopping() ? RunState::kStopped : RunState::kFinished;
        return;
      }
      note_failure(status);
    }
    state_ = RunState::kBackingOff;
    if (host_.wait_by_clock(backoff_.next_us(clock_.monotonic_us()))) break;
    restarts_.fetch_add(1, std::memory_order_relaxed);
    state_ = RunState::kStarting;
    if (const Status made = make_instance(); !made.ok()) note_failure(made);
  }
  state_ = RunState::kStopped;
}

void SourceRunner::request_stop() {
  host_.ask_to_stop();
  std::shared_ptr<SourceInstance> instance;
  {
    const std::lock_guard lock(mutex_);
    instance = instance_;
  }
  if (instance) instance->request_stop();
}

bool SourceRunner::join_until(std::chrono::steady_clock::time_point deadline) {
  if (!thread_.join_until(deadline)) return false;
  host_.close();
  const std::lock_guard lock(mutex_);
  instance_.reset();
  return true;
}

SourceStatus SourceRunner::status() const {
  SourceStatus status;
  status.name = name();
  status.state = state_;
  status.is_required = is_required_;
  status.accepted = host_.intake().accepted();
  status.busy = host_.intake().busy();
  status.rejected = host_.intake().rejected().copy();
  for (const auto& [reason, count] : host_.refused().copy()) add_reason(status.rejected, reason, count);
  status.restarts = restarts_;
  const std::lock_guard lock(mutex_);
  status.last_error = last_error_;
  return status;
}

}  // namespace sluice::pipeline
