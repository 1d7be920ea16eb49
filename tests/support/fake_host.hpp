#pragma once

/// A gateway for the tests of plugins: a sluice_host_v1 whose clock is turned by hand (or by the plugin's own waits),
/// which collects what an instance emits, refuses and logs, and says BUSY or REFUSED when the test wants it.
/// FakeInstance drives one instance of a plugin's static build through the C ABI, as the gateway does. Thread: FakeHost
/// any; FakeInstance one.

#include <sluice/plugin_abi.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/fake_options.hpp"

namespace sluice::testing {

struct FakeEvent {
  std::uint32_t stream = 0;
  std::uint32_t encoding = 0;
  std::uint32_t flags = 0;
  std::int64_t event_time_us = 0;
  std::string key;
  std::string payload;

  [[nodiscard]] bool is_delete() const { return (flags & SLUICE_EVENT_DELETE) != 0; }
  [[nodiscard]] bool is_time_now() const { return (flags & SLUICE_EVENT_TIME_NOW) != 0; }
  /// The payload as a generated struct, whose views point into this event.
  template <class T>
  [[nodiscard]] T as() const {
    T event;
    if (!event.decode(payload)) throw std::runtime_error("payload is not a " + std::string(T::kMessage));
    return event;
  }
};

struct FakeRefusal {
  std::string reason;
  std::string detail;
  std::string payload;
  bool has_input = false;
};

struct FakeLog {
  std::uint32_t level = 0;
  std::string text;
};

/// What one call of emit does: takes `accepted` events (all when it is more), then answers `status`.
struct EmitStep {
  sluice_status status = SLUICE_OK;
  std::size_t accepted = SIZE_MAX;
  std::string error;
};

class FakeHost {
 public:
  FakeHost() = default;
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  // What the test sets before or between calls.
  std::int64_t wall_us = 1'700'000'000'000'000;
  std::int64_t monotonic_us = 0;
  std::deque<EmitStep> emit_script;  ///< one per emit; behind the last everything is taken
  std::size_t stop_after_events =
      SIZE_MAX;  ///< asks to stop once so many were accepted, and takes no more in that call
  std::size_t stop_after_waits = SIZE_MAX;
  std::int64_t stop_at_us = INT64_MAX;  ///< asks to stop when a wait reaches this monotonic time
  sluice_status durable_status = SLUICE_OK;
  bool fail_save_state = false;

  // What the plugin did.
  std::vector<FakeEvent> events;
  std::vector<FakeRefusal> refusals;
  std::vector<FakeLog> logs;
  std::vector<std::int64_t> waits_us;
  std::size_t emit_calls = 0;
  std::string saved_state;

  void advance(std::chrono::microseconds duration) {
    const std::lock_guard lock(mutex_);
    wall_us += duration.count();
    monotonic_us += duration.count();
  }
  void request_stop() {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  [[nodiscard]] std::vector<FakeEvent> events_of(std::uint32_t stream) const {
    std::vector<FakeEvent> result;
    std::copy_if(events.begin(), events.end(), std::back_inserter(result),
                 [&](const FakeEvent& e) { return e.stream == stream; });
    return result;
  }
  [[nodiscard]] const sluice_host_v1* table() const { return &table_; }

 private:
  static FakeHost& self(void* context) { return *static_cast<FakeHost*>(context); }

  static void put(sluice_error* error, std::string_view text) {
    error->size = std::min(text.size(), error->capacity);
    std::copy_n(text.data(), error->size, error->data);
  }

  sluice_status emit(const sluice_batch_v1& batch, sluice_emit_result_v1& result, sluice_error* error) {
    const std::lock_guard lock(mutex_);
    ++emit_calls;
    EmitStep step;
    if (!emit_script.empty()) {
      step = emit_script.front();
      emit_script.pop_front();
    }
    if (is_stopping_ && step.status == SLUICE_OK) step = {SLUICE_STOPPED, 0, ""};
    const std::size_t limit = std::min(batch.count, step.accepted);
    std::size_t taken = 0;
    for (; taken < limit && accepted_ < stop_after_events; ++taken, ++accepted_) {
      const auto& event = *reinterpret_cast<const sluice_event_v1*>(reinterpret_cast<const char*>(batch.events) +
                                                                    taken * batch.event_stride);
      events.push_back({event.stream, event.encoding, event.flags, event.event_time_us, to_string(event.key),
                        to_string(event.payload)});
    }
    if (accepted_ >= stop_after_events) {
      is_stopping_ = true;
      if (taken < batch.count) step.status = SLUICE_STOPPED;
    }
    result.accepted = taken;
    result.ticket = taken == 0 ? 0 : accepted_;
    put(error, step.error);
    return step.status;
  }

  sluice_status wait(std::int64_t duration_us) {
    const std::lock_guard lock(mutex_);
    waits_us.push_back(duration_us);
    if (is_stopping_) return SLUICE_STOPPED;
    wall_us += duration_us;
    monotonic_us += duration_us;
    if (waits_us.size() >= stop_after_waits || monotonic_us >= stop_at_us) is_stopping_ = true;
    return is_stopping_ ? SLUICE_STOPPED : SLUICE_TIMEOUT;
  }

  std::mutex mutex_;
  bool is_stopping_ = false;
  std::size_t accepted_ = 0;

  sluice_host_v1 table_{
      .struct_size = sizeof(sluice_host_v1),
      .abi_minor = SLUICE_ABI_MINOR,
      .context = this,
      .emit = [](void* c, const sluice_batch_v1* batch, sluice_emit_result_v1* result,
                 sluice_error* error) { return self(c).emit(*batch, *result, error); },
      .wait_durable = [](void* c, std::uint64_t, std::int64_t, sluice_error*) { return self(c).durable_status; },
      .wait = [](void* c, std::int64_t duration_us) { return self(c).wait(duration_us); },
      .is_stopping = [](void* c) -> std::uint32_t {
        const std::lock_guard lock(self(c).mutex_);
        return self(c).is_stopping_ ? 1 : 0;
      },
      .wall_time_us =
          [](void* c) {
            const std::lock_guard lock(self(c).mutex_);
            return self(c).wall_us;
          },
      .monotonic_us =
          [](void* c) {
            const std::lock_guard lock(self(c).mutex_);
            return self(c).monotonic_us;
          },
      .log =
          [](void* c, std::uint32_t level, sluice_str text) {
            const std::lock_guard lock(self(c).mutex_);
            self(c).logs.push_back({level, to_string(text)});
          },
      .refuse =
          [](void* c, sluice_str reason, sluice_str detail, const sluice_input_v1* input, sluice_bytes payload) {
            const std::lock_guard lock(self(c).mutex_);
            self(c).refusals.push_back({to_string(reason), to_string(detail), to_string(payload), input != nullptr});
          },
      .save_state = [](void* c, sluice_bytes state, sluice_error* error) -> sluice_status {
        if (self(c).fail_save_state) {
          put(error, "disk full");
          return SLUICE_FAILED;
        }
        self(c).saved_state = to_string(state);
        return SLUICE_OK;
      }};
};

/// An input for FakeInstance::on_batch.
struct FakeInput {
  std::uint32_t stream = 0;
  std::string payload;
  std::string key{};
  std::int64_t event_time_us = 0;
  std::int64_t offset = 0;
  std::int32_t partition = 0;
  bool is_delete = false;
};

/// A stream that the test's configuration adds (generic plugins).
struct FakeStream {
  std::string name;
  std::uint32_t direction = SLUICE_DIRECTION_OUT;
  std::uint32_t encoding = SLUICE_ENCODING_RAW;
  std::string topic{};
  std::string message{};
  std::string key_field{};
  std::string time_field{};
  std::string descriptor_set{};
};

struct FakeSetup {
  FakeOptions options{};
  std::vector<FakeStream> streams{};
  std::string instance = "under_test";
  std::string state_dir{};
  std::string saved_state{};
};

/// Wire bytes of a generated struct.
template <class T>
[[nodiscard]] std::string wire_of(const T& event) {
  std::string bytes(event.sluice_max_size(), '\0');
  bytes.resize(static_cast<std::size_t>(event.sluice_write(bytes.data()) - bytes.data()));
  return bytes;
}

/// One instance of a plugin. When create fails, is_created() is false and error() says why.
class FakeInstance {
 public:
  FakeInstance(const sluice_plugin_v1* plugin, FakeHost& host, const FakeSetup& setup = {})
      : plugin_(*plugin), host_(host) {
    const FakeValues values(plugin_, setup.options);
    std::vector<sluice_bound_stream_v1> streams;
    for (std::size_t i = 0; i < plugin_.stream_count; ++i) {
      const auto& s = *reinterpret_cast<const sluice_stream_v1*>(reinterpret_cast<const char*>(plugin_.streams) +
                                                                 i * plugin_.stream_stride);
      const bool is_json = s.direction == SLUICE_DIRECTION_IN && (plugin_.flags & SLUICE_PLUGIN_INPUT_AS_JSON) != 0;
      streams.push_back({.struct_size = sizeof(sluice_bound_stream_v1),
                         .direction = s.direction,
                         .kind = s.kind,
                         .encoding = is_json ? SLUICE_ENCODING_JSON : SLUICE_ENCODING_PROTOBUF,
                         .name = s.name,
                         .topic = s.topic,
                         .message = s.message,
                         .key_field = s.key_field,
                         .time_field = s.time_field,
                         .descriptor_set = plugin_.descriptor_set});
    }
    for (const FakeStream& s : setup.streams) {
      streams.push_back({.struct_size = sizeof(sluice_bound_stream_v1),
                         .direction = s.direction,
                         .kind = SLUICE_STREAM_EVENTS,
                         .encoding = s.encoding,
                         .name = to_str(s.name),
                         .topic = to_str(s.topic),
                         .message = to_str(s.message),
                         .key_field = to_str(s.key_field),
                         .time_field = to_str(s.time_field),
                         .descriptor_set = to_bytes(s.descriptor_set)});
    }
    const sluice_create_v1 args{.struct_size = sizeof(sluice_create_v1),
                                .value_stride = sizeof(sluice_value_v1),
                                .stream_stride = sizeof(sluice_bound_stream_v1),
                                .reserved = 0,
                                .host = host_.table(),
                                .instance = to_str(setup.instance),
                                .state_dir = to_str(setup.state_dir),
                                .values = values.get().data(),
                                .value_count = values.get().size(),
                                .streams = streams.data(),
                                .stream_count = streams.size(),
                                .saved_state = to_bytes(setup.saved_state),
                                .event_max_bytes = 1024 * 1024};
    const auto create = plugin_.source != nullptr ? plugin_.source->create : plugin_.consumer->create;
    is_created_ = checked(create(&args, &self_, fresh_error())) == SLUICE_OK;
  }
  ~FakeInstance() {
    if (is_created_) (plugin_.source != nullptr ? plugin_.source->destroy : plugin_.consumer->destroy)(self_);
  }
  FakeInstance(const FakeInstance&) = delete;
  FakeInstance& operator=(const FakeInstance&) = delete;

  [[nodiscard]] bool is_created() const { return is_created_; }
  /// Of the latest call that failed.
  [[nodiscard]] const std::string& error() const { return error_text_; }

  sluice_status run() { return checked(plugin_.source->run(self_, fresh_error())); }
  void request_stop() {
    host_.request_stop();
    if (plugin_.source->request_stop != nullptr) plugin_.source->request_stop(self_);
  }

  sluice_status on_batch(const std::vector<FakeInput>& inputs, std::uint64_t gap_events = 0) {
    std::vector<sluice_input_v1> raw;
    for (const FakeInput& input : inputs) {
      raw.push_back({.stream = input.stream,
                     .partition = input.partition,
                     .offset = input.offset,
                     .event_time_us = input.event_time_us,
                     .arrival_time_us = host_.wall_us,
                     .key = to_bytes(input.key),
                     .payload = to_bytes(input.payload),
                     .flags = input.is_delete ? static_cast<std::uint32_t>(SLUICE_EVENT_DELETE) : 0,
                     .reserved = 0});
    }
    const sluice_input_batch_v1 batch{.struct_size = sizeof(sluice_input_batch_v1),
                                      .input_stride = sizeof(sluice_input_v1),
                                      .inputs = raw.data(),
                                      .count = raw.size(),
                                      .wall_time_us = host_.wall_us,
                                      .gap_events = gap_events};
    return checked(plugin_.consumer->on_batch(self_, &batch, fresh_error()));
  }
  sluice_status on_tick() {
    if (plugin_.consumer->on_tick == nullptr) return SLUICE_OK;
    return checked(plugin_.consumer->on_tick(self_, host_.wall_us, host_.monotonic_us, fresh_error()));
  }
  sluice_status save(std::string& state) {
    state.clear();
    const sluice_writer_v1 writer{.struct_size = sizeof(sluice_writer_v1),
                                  .reserved = 0,
                                  .context = &state,
                                  .write = [](void* to, sluice_bytes bytes) -> sluice_status {
                                    static_cast<std::string*>(to)->append(to_string(bytes));
                                    return SLUICE_OK;
                                  }};
    return checked(plugin_.consumer->save(self_, &writer, fresh_error()));
  }
  sluice_status load(std::string_view state) {
    return checked(plugin_.consumer->load(self_, to_bytes(state), fresh_error()));
  }

 private:
  sluice_error* fresh_error() {
    error_ = {error_bytes_.data(), error_bytes_.size(), 0};
    return &error_;
  }
  sluice_status checked(sluice_status status) {
    error_text_.assign(error_.data, error_.size);
    return status;
  }

  const sluice_plugin_v1& plugin_;
  FakeHost& host_;
  void* self_ = nullptr;
  bool is_created_ = false;
  std::vector<char> error_bytes_ = std::vector<char>(512);
  sluice_error error_{};
  std::string error_text_;
};

}  // namespace sluice::testing
