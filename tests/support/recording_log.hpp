#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.hpp"

namespace sluice::testing {

/// Keeps what was logged. Thread: any.
class RecordingLog final : public Log {
 public:
  struct Line {
    LogLevel level = LogLevel::kInfo;
    std::string component;
    std::string text;
  };

  void write(LogLevel level, std::string_view component, std::string_view text) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back({level, std::string(component), std::string(text)});
  }
  [[nodiscard]] std::vector<Line> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  [[nodiscard]] bool has(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    for (const Line& line : lines_) {
      if (line.text.find(part) != std::string::npos) return true;
    }
    return false;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Line> lines_;
};

}  // namespace sluice::testing
