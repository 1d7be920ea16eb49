#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace sluice::pipeline {

using Reasons = std::map<std::string, std::uint64_t, std::less<>>;

/// Counts by reason, at most 64 different ones; further reasons count as "other", so that a plugin cannot grow it.
inline void add_reason(Reasons& reasons, std::string_view reason, std::uint64_t count = 1) {
  constexpr std::size_t kMaxReasons = 64;
  auto found = reasons.find(reason);
  if (found == reasons.end()) {
    found = reasons.try_emplace(std::string(reasons.size() < kMaxReasons ? reason : "other"), 0).first;
  }
  found->second += count;
}

[[nodiscard]] inline std::uint64_t sum(const Reasons& reasons) {
  std::uint64_t total = 0;
  for (const auto& [reason, count] : reasons) total += count;
  return total;
}

/// Thread: any. Only failures come here, never the data plane.
class ReasonCounts {
 public:
  void add(std::string_view reason, std::uint64_t count = 1) {
    const std::lock_guard lock(mutex_);
    add_reason(counts_, reason, count);
  }
  [[nodiscard]] Reasons copy() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  mutable std::mutex mutex_;
  Reasons counts_;
};

}  // namespace sluice::pipeline
