#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sluice/barrier.hpp"
#include "sluice/plugin_abi.h"

namespace sluice::inline sdk {

using Duration = std::chrono::microseconds;
/// A point in time, UTC. `time.time_since_epoch().count()` is the ABI's number.
using Time = std::chrono::sys_time<Duration>;

enum class LogLevel : std::uint32_t {
  kDebug = SLUICE_LOG_DEBUG,
  kInfo = SLUICE_LOG_INFO,
  kWarning = SLUICE_LOG_WARNING,
  kError = SLUICE_LOG_ERROR,
};

enum class Durability { kDurable = 1, kTimeout, kFailed };

/// The text of an error, lent to a call of the host.
class ErrorBuffer {
 public:
  [[nodiscard]] sluice_error* get() { return &error_; }
  [[nodiscard]] std::string_view text() const { return {data_.data(), error_.size}; }
  ErrorBuffer() = default;
  ErrorBuffer(const ErrorBuffer&) = delete;
  ErrorBuffer& operator=(const ErrorBuffer&) = delete;

 private:
  std::array<char, 512> data_{};
  sluice_error error_{data_.data(), data_.size(), 0};
};

/// The gateway, as one instance sees it. Thread: any thread of the plugin, until the instance is destroyed.
class Host {
 public:
  explicit Host(const sluice_host_v1& table) : table_(&table) {}

  /// Waits; false as soon as the instance is asked to stop.
  [[nodiscard]] bool wait(Duration duration) const {
    return table_->wait(table_->context, duration.count()) != SLUICE_STOPPED;
  }
  [[nodiscard]] bool is_stopping() const { return table_->is_stopping(table_->context) != 0; }

  [[nodiscard]] Time now() const { return Time(Duration(table_->wall_time_us(table_->context))); }
  [[nodiscard]] Duration monotonic() const { return Duration(table_->monotonic_us(table_->context)); }

  /// Waits until everything the ticket covers survives a crash; a timeout of zero only asks.
  [[nodiscard]] Durability wait_durable(std::uint64_t ticket, std::chrono::milliseconds timeout) const {
    ErrorBuffer error;
    const sluice_status status = table_->wait_durable(table_->context, ticket, timeout.count(), error.get());
    if (status == SLUICE_OK) return Durability::kDurable;
    return status == SLUICE_TIMEOUT ? Durability::kTimeout : Durability::kFailed;
  }

  void log(LogLevel level, std::string_view text) const {
    table_->log(table_->context, static_cast<std::uint32_t>(level), to_abi(text));
  }

  /// Counts an event this plugin could not use; `reason` is [a-z0-9_]{1,64}. A payload goes to the dead-letter stream.
  void refuse(std::string_view reason, std::string_view detail, std::string_view payload = {},
              const sluice_input_v1* input = nullptr) const {
    table_->refuse(table_->context, to_abi(reason), to_abi(detail), input, to_abi_bytes(payload));
  }

  /// Replaces the source's saved state. Throws std::runtime_error when it could not be kept.
  void save_state(std::string_view state) const {
    ErrorBuffer error;
    if (table_->save_state(table_->context, to_abi_bytes(state), error.get()) != SLUICE_OK) {
      throw std::runtime_error("save_state: " + std::string(error.text()));
    }
  }

  /// As the ABI has it; BatchWriter is the comfortable way.
  [[nodiscard]] sluice_status emit(const sluice_batch_v1& batch, sluice_emit_result_v1& result,
                                   sluice_error* error) const {
    return table_->emit(table_->context, &batch, &result, error);
  }

 private:
  const sluice_host_v1* table_;
};

}  // namespace sluice::inline sdk
