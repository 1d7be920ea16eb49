#pragma once

#include <sluice/plugin_abi.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "core/plugin_info.hpp"
#include "core/ports.hpp"

namespace sluice::plugin {

/// Writes `text` into a plugin's error buffer, cut at a UTF-8 boundary. A null or useless buffer is left alone.
void put_error(sluice_error* error, std::string_view text) noexcept;

/// The host's functions as one instance sees them: C in, InstanceHost out. Everything a plugin hands over is checked
/// before it is used; an event that is wrong is refused with a text, a batch that is wrong fails as a whole. Nothing
/// throws, and emit allocates nothing unless it refuses. Thread: any, as InstanceHost; close() by the owner.
class HostTable {
 public:
  /// `host` outlives close(). `streams` are those of create, in their order.
  HostTable(InstanceHost& host, const std::vector<BoundStream>& streams, std::uint64_t event_max_bytes);
  HostTable(const HostTable&) = delete;
  HostTable& operator=(const HostTable&) = delete;

  [[nodiscard]] const sluice_host_v1* table() const { return &table_; }

  /// From now on the plugin is told that it is stopping, and emit takes nothing. Thread: any.
  void request_stop() { is_stopping_.store(true, std::memory_order_release); }
  [[nodiscard]] bool is_stop_requested() const { return is_stopping_.load(std::memory_order_acquire); }

  /// Cuts the plugin off: returns once no call is inside InstanceHost, and none will be again. Waits for at most the
  /// slice of one wait (1 s), because nothing the plugin waits for goes on after it.
  void close();

  /// Between these two, refuse() finds the ConsumerInput behind an element of `theirs`, which has as many as `inputs`.
  void begin_batch(std::span<const ConsumerInput> inputs, const sluice_input_v1* theirs);
  void end_batch();

 private:
  static sluice_status emit(void* context, const sluice_batch_v1* batch, sluice_emit_result_v1* result,
                            sluice_error* error);
  static sluice_status wait_durable(void* context, std::uint64_t ticket, std::int64_t timeout_ms, sluice_error* error);
  static sluice_status wait(void* context, std::int64_t duration_us);
  static std::uint32_t is_stopping(void* context);
  static std::int64_t wall_time_us(void* context);
  static std::int64_t monotonic_us(void* context);
  static void log(void* context, std::uint32_t level, sluice_str text);
  static void refuse(void* context, sluice_str reason, sluice_str detail, const sluice_input_v1* input,
                     sluice_bytes payload);
  static sluice_status save_state(void* context, sluice_bytes state, sluice_error* error);

  /// One call's stay inside InstanceHost; `is_open` is false after close().
  class Visit {
   public:
    explicit Visit(HostTable& table);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    const bool is_open;

   private:
    HostTable& table_;
  };

  struct StreamTraits {
    bool is_out = false;
    bool is_table = false;
    bool has_schema = false;
  };

  sluice_status emit_checked(const sluice_batch_v1& batch, sluice_emit_result_v1& result, sluice_error* error);
  /// Null when the event may be handed on as `out`, else what is wrong with it.
  const char* convert(const sluice_event_v1& theirs, EmittedEvent& out) const;
  void count_refusal(std::string_view detail);
  const ConsumerInput* find_input(const sluice_input_v1* theirs);

  // Set by the constructor, then constant.
  InstanceHost& host_;
  std::vector<StreamTraits> streams_;
  const std::uint64_t event_max_bytes_;
  sluice_host_v1 table_{};
  // Guarded by batch_mutex_, never held while calling out.
  std::mutex batch_mutex_;
  std::span<const ConsumerInput> batch_inputs_;
  const sluice_input_v1* batch_theirs_ = nullptr;
  // Any thread.
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint32_t> visits_{0};  // visitors inside, and kClosedBit
};

}  // namespace sluice::plugin
