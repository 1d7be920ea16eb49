#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.hpp"

namespace sluice::testing {

/// Keeps what was logged instead of printing it. Thread: any.
class QuietLog final : public Log {
 public:
  void write(LogLevel, std::string_view component, std::string_view text) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::string(component) + ": " + std::string(text));
  }
  [[nodiscard]] bool has(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    for (const std::string& line : lines_) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace sluice::testing
