#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

enum class LogLevel : std::uint8_t { kDebug = 1, kInfo, kWarning, kError };

/// Where every component writes what an operator should read. Never on the data plane.
/// Thread: any.
class Log {
 public:
  virtual ~Log() = default;
  /// `component` is the instance or folder that speaks ("sensors", "kafka"). Control bytes in `text` are escaped.
  virtual void write(LogLevel level, std::string_view component, std::string_view text) = 0;

  void debug(std::string_view component, std::string_view text) { write(LogLevel::kDebug, component, text); }
  void info(std::string_view component, std::string_view text) { write(LogLevel::kInfo, component, text); }
  void warning(std::string_view component, std::string_view text) { write(LogLevel::kWarning, component, text); }
  void error(std::string_view component, std::string_view text) { write(LogLevel::kError, component, text); }
};

}  // namespace sluice
