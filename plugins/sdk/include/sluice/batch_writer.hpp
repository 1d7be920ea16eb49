#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sluice/description.hpp"
#include "sluice/host.hpp"
#include "sluice/plugin_abi.h"
#include "sluice/wire.hpp"

namespace sluice::inline sdk {

/// What may be given with an event besides its message.
struct EmitOptions {
  std::string_view key{};      ///< empty: the stream's key field counts
  std::optional<Time> time{};  ///< none: the stream's time field counts, else the host's clock
};

/// Encodes events one behind the other into one reused arena and hands them over in batches: when kBatchEvents or
/// kArenaBytes are reached, and at flush(). While the host is busy, flush waits in it until there is room or the
/// instance is asked to stop. Refused events are counted and passed over. No allocation per event. Errors:
/// std::runtime_error when the host rejects a whole batch. Thread: one at a time, the instance's.
class BatchWriter {
 public:
  static constexpr std::size_t kBatchEvents = 512;
  static constexpr std::size_t kArenaBytes = 128 * 1024;
  static constexpr std::chrono::milliseconds kFirstBusyWait{1};
  static constexpr std::chrono::milliseconds kLongestBusyWait{100};

  BatchWriter(const Host& host, const sluice_plugin_v1& plugin) : host_(host), plugin_(&plugin) {}

  /// Each returns false, and does nothing, once the instance is stopped.

  template <class T>
  bool emit(const Out<T>& stream, const T& event, const EmitOptions& options = {}) {
    return add_message(number_of(stream.abi), event, options);
  }
  template <class T>
  bool publish(const Table<T>& stream, const T& row, const EmitOptions& options = {}) {
    return add_message(number_of(stream.abi), row, options);
  }
  /// The row of this key is gone.
  template <class T>
  bool remove(const Table<T>& stream, std::string_view key) {
    return add_text(number_of(stream.abi), SLUICE_ENCODING_PROTOBUF, SLUICE_EVENT_DELETE, {}, {.key = key, .time = {}});
  }
  /// JSON text of the stream's message; the host converts and checks it.
  bool emit_json(std::uint32_t stream, std::string_view json, const EmitOptions& options = {}) {
    return add_text(stream, SLUICE_ENCODING_JSON, 0, json, options);
  }
  /// Bytes for a stream without a schema.
  bool emit_raw(std::uint32_t stream, std::string_view bytes, const EmitOptions& options = {}) {
    return add_text(stream, SLUICE_ENCODING_RAW, 0, bytes, options);
  }
  /// Wire bytes of the stream's message that exist already.
  bool emit_wire(std::uint32_t stream, std::string_view bytes, const EmitOptions& options = {}) {
    return add_text(stream, SLUICE_ENCODING_PROTOBUF, 0, bytes, options);
  }

  /// Hands over everything written so far. False: the instance is stopped, and unsent() tells how many events were not
  /// taken.
  bool flush() {
    std::size_t first = 0;
    auto pause = kFirstBusyWait;
    bool is_last_try = false;
    while (first < count_ && !is_stopped_) {
      const sluice_batch_v1 batch{sizeof(sluice_batch_v1), sizeof(sluice_event_v1), events_.get() + first,
                                  count_ - first};
      sluice_emit_result_v1 result{};
      result.struct_size = sizeof result;
      ErrorBuffer error;
      const sluice_status status = host_.emit(batch, result, error.get());
      const std::size_t taken = std::min(result.accepted, count_ - first);
      first += taken;
      accepted_ += taken;
      if (taken != 0) {
        ticket_ = result.ticket;
        pause = kFirstBusyWait;
      }
      if (status == SLUICE_OK) break;
      if (status == SLUICE_REFUSED) {
        ++refused_;
        ++first;
        refusal_.assign(error.text());
      } else if (status == SLUICE_BUSY && !is_last_try) {
        is_last_try = !host_.wait(pause);  // once more after the stop request: there may be room by now
        pause = std::min(pause * 2, kLongestBusyWait);
      } else if (status == SLUICE_BUSY || status == SLUICE_STOPPED) {
        is_stopped_ = true;
        unsent_ += count_ - first;
      } else {
        discard();
        throw std::runtime_error("emit: " + std::string(error.text()));
      }
    }
    discard();
    return !is_stopped_;
  }

  /// Forgets what was not handed over.
  void discard() {
    count_ = 0;
    arena_.clear();
  }

  [[nodiscard]] bool is_stopped() const { return is_stopped_; }
  [[nodiscard]] std::size_t pending() const { return count_; }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint64_t unsent() const { return unsent_; }
  /// Covers everything accepted so far: for Host::wait_durable. 0: nothing yet.
  [[nodiscard]] std::uint64_t ticket() const { return ticket_; }
  /// Why the latest refused event was refused.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  /// Events point into the arena, so it may only move while none do.
  [[nodiscard]] char* room(std::size_t bytes) {
    if (count_ == kBatchEvents || (count_ != 0 && bytes > arena_.capacity() - arena_.size())) {
      if (!flush()) return nullptr;
    }
    if (is_stopped_) return nullptr;
    if (events_ == nullptr) {
      events_ = std::make_unique<sluice_event_v1[]>(kBatchEvents);
      (void)arena_.grow(kArenaBytes);
    }
    return arena_.grow(bytes);
  }

  template <class T>
  bool add_message(std::uint32_t stream, const T& event, const EmitOptions& options) {
    char* begin = room(event.sluice_max_size() + options.key.size());
    if (begin == nullptr) return false;
    char* end = event.sluice_write(begin);
    add(stream, SLUICE_ENCODING_PROTOBUF, 0, begin, end, options);
    return true;
  }

  bool add_text(std::uint32_t stream, std::uint32_t encoding, std::uint32_t flags, std::string_view payload,
                const EmitOptions& options) {
    char* begin = room(payload.size() + options.key.size());
    if (begin == nullptr) return false;
    if (!payload.empty()) std::memcpy(begin, payload.data(), payload.size());
    add(stream, encoding, flags, begin, begin + payload.size(), options);
    return true;
  }

  void add(std::uint32_t stream, std::uint32_t encoding, std::uint32_t flags, char* begin, char* end,
           const EmitOptions& options) {
    sluice_event_v1& event = events_[count_++];
    event.stream = stream;
    event.encoding = encoding;
    event.flags = flags | (options.time ? 0U : static_cast<std::uint32_t>(SLUICE_EVENT_TIME_NOW));
    event.reserved = 0;
    event.event_time_us = options.time ? options.time->time_since_epoch().count() : 0;
    event.payload = {reinterpret_cast<const std::uint8_t*>(begin), static_cast<std::size_t>(end - begin)};
    event.key = {reinterpret_cast<const std::uint8_t*>(end), options.key.size()};
    if (!options.key.empty()) std::memcpy(end, options.key.data(), options.key.size());
    arena_.set_end(end + options.key.size());
  }

  // Names are compared by address first: a stream object and its row in the plugin's table share one literal.
  [[nodiscard]] std::uint32_t number_of(const sluice_stream_v1& stream) const {
    for (std::size_t i = 0; i < plugin_->stream_count; ++i) {
      if (plugin_->streams[i].name.data == stream.name.data) return static_cast<std::uint32_t>(i);
    }
    for (std::size_t i = 0; i < plugin_->stream_count; ++i) {
      if (from_abi(plugin_->streams[i].name) == from_abi(stream.name)) return static_cast<std::uint32_t>(i);
    }
    throw std::logic_error("stream \"" + std::string(from_abi(stream.name)) + "\" is not listed in SLUICE_PLUGIN");
  }

  Host host_;
  const sluice_plugin_v1* plugin_;
  wire::Buffer arena_;
  std::unique_ptr<sluice_event_v1[]> events_;
  std::size_t count_ = 0;
  bool is_stopped_ = false;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t unsent_ = 0;
  std::uint64_t ticket_ = 0;
  std::string refusal_;
};

}  // namespace sluice::inline sdk
