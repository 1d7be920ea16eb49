#include "pipeline/host.hpp"

#include <utility>

#include "pipeline/state_file.hpp"

namespace sluice::pipeline {
namespace {

constexpr std::size_t kMaxStateBytes = 1U << 20U;
/// Waits by the gateway's clock look at it this often.
constexpr std::chrono::milliseconds kClockPace{20};

}  // namespace

Host::Host(Parts parts, Journal& journal, DeadLetters& dead_letters, const Clock& clock, Log& log)
    : parts_(std::move(parts)),
      journal_(journal),
      dead_letters_(dead_letters),
      clock_(clock),
      log_(log),
      intake_(parts_.streams, journal, clock) {}

EmitOutcome Host::emit(std::span<const EmittedEvent> events) {
  const bool is_refused =
      is_closed_.load(std::memory_order_acquire) || (parts_.emit_at_stop == EmitAtStop::kRefused && is_stopping());
  if (!is_refused) return intake_.emit(events);
  EmitOutcome outcome;
  outcome.code = Code::kClosed;
  return outcome;
}

Status Host::wait_durable(Sequence ticket, std::chrono::milliseconds timeout) {
  return journal_.wait_durable(ticket, timeout);
}

bool Host::wait(std::chrono::microseconds duration) {
  std::unique_lock lock(mutex_);
  return stop_asked_.wait_for(lock, duration, [this] { return is_stopping(); });
}

bool Host::wait_by_clock(std::int64_t duration_us) {
  const std::int64_t until_us = clock_.monotonic_us() + duration_us;
  while (clock_.monotonic_us() < until_us) {
    if (wait(kClockPace)) return true;
  }
  return is_stopping();
}

void Host::ask_to_stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_.store(true, std::memory_order_release);
  }
  stop_asked_.notify_all();
}

void Host::close() { is_closed_.store(true, std::memory_order_release); }

void Host::refuse(std::string_view reason, std::string_view detail, const ConsumerInput* input,
                  std::string_view payload) {
  refused_.add(reason);
  if (payload.empty()) return;
  DeadLetter letter;
  letter.instance = parts_.name;
  letter.reason = reason;
  letter.detail = detail;
  letter.payload = payload;
  if (input != nullptr) {
    if (input->stream < parts_.streams.size()) letter.stream = parts_.streams[input->stream].name;
    if (input->stream < topic_of_stream_.size()) letter.topic = topic_of_stream_[input->stream];
    letter.partition = input->partition;
    letter.offset = input->offset;
    letter.key = input->key;
  }
  (void)dead_letters_.write(letter);
}

Status Host::save_state(std::string_view state) {
  if (parts_.state_file.empty()) return {Code::kUnavailable, "the gateway has no state folder"};
  if (state.size() > kMaxStateBytes) {
    return {Code::kInvalid, "a state of " + std::to_string(state.size()) + " bytes, at most 1 MiB is kept"};
  }
  Snapshot snapshot;
  snapshot.plugin = parts_.plugin;
  snapshot.plugin_version = parts_.plugin_version;
  snapshot.saved_us = clock_.wall_us();
  snapshot.state = state;
  const std::lock_guard lock(state_mutex_);
  return write_snapshot(parts_.state_file, snapshot, journal_.is_durable());
}

std::string Host::load_state() {
  if (parts_.state_file.empty()) return {};
  Result<LoadedSnapshot> loaded = read_snapshot(parts_.state_file);
  if (!loaded) {
    if (loaded.status().code() != Code::kNotFound) {
      log(LogLevel::kError, "its saved state cannot be read, it starts without: " + loaded.status().text());
    }
    return {};
  }
  if (loaded->is_fallback) log(LogLevel::kWarning, "starts from the state before the last one: " + loaded->problem);
  if (loaded->snapshot.plugin != parts_.plugin) {
    log(LogLevel::kWarning, "its saved state is of plugin " + loaded->snapshot.plugin + ", it starts without");
    return {};
  }
  return std::move(loaded->snapshot.state);
}

}  // namespace sluice::pipeline
