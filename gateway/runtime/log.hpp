#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/clock.hpp"
#include "core/log.hpp"

namespace sluice::runtime {

enum class LogForm : std::uint8_t {
  kText = 1,  ///< "2025-11-04 10:30:00.123 info    [kafka] text", local time
  kColour,    ///< the same for a terminal
  kJson,      ///< {"time":"2025-11-04T10:30:00.123Z","level":"info","component":"kafka","message":"text"}
  kJournald,  ///< "<6>kafka: text": the journal has time and level in fields of its own
};

/// kJournald when the descriptor is what $JOURNAL_STREAM names, kColour on a terminal (kText with $NO_COLOR or
/// TERM=dumb), else kJson.
LogForm log_form_of(int descriptor);

struct LogOptions {
  int descriptor = 2;           ///< written to and left open
  std::optional<LogForm> form;  ///< default: log_form_of(descriptor)
  /// Of one (component, message), digits in it not counted, at most `burst` are written per `window`; then one says how
  /// many more there were. 0: no limit.
  std::uint32_t burst = 10;
  std::chrono::seconds window{10};
  const Clock* clock = nullptr;  ///< of the window; the system's by default; outlives the log
};

/// A log of whole lines: control bytes and bytes that are not UTF-8 are escaped, texts over 8 KiB are cut. Writing
/// blocks as long as the descriptor does; errors are ignored. Thread: any.
std::unique_ptr<Log> make_log(LogLevel level, const LogOptions& options = {});

}  // namespace sluice::runtime
