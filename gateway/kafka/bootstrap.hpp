#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace sluice::kafka {

/// Where the cluster is to be found. A real cluster never moves; the embedded broker takes a new port at each restart
/// and is empty then, so clients made before a move are dead: Producer::fatal_error() and Subscription::poll() say so.
/// Thread: any.
class Bootstrap {
 public:
  /// `servers`: "host:port,host:port".
  explicit Bootstrap(std::string servers) : servers_(std::move(servers)) {}

  [[nodiscard]] std::string servers() const {
    const std::lock_guard lock(mutex_);
    return servers_;
  }
  /// How often the cluster was replaced by an empty one.
  [[nodiscard]] std::uint64_t moves() const { return moves_.load(std::memory_order_acquire); }

  void move_to(std::string servers) {
    const std::lock_guard lock(mutex_);
    servers_ = std::move(servers);
    moves_.fetch_add(1, std::memory_order_release);
  }

 private:
  mutable std::mutex mutex_;
  std::string servers_;  // guarded by mutex_
  std::atomic<std::uint64_t> moves_{0};
};

}  // namespace sluice::kafka
