#pragma once

/// Running statistics that stay exact: no sum that later values are subtracted from, so neither a large offset nor a
/// long run wears them down.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sluice/snapshot.hpp"

namespace sluice::inline sdk {

struct Summary {
  std::uint64_t count = 0;  ///< 0: the rest is 0 too
  double mean = 0;
  double std = 0;  ///< population: sqrt(sum((v - mean)^2) / count)
  double min = 0;
  double max = 0;
};

/// Statistics of the last `capacity` values. add() only stores; summary() goes over the values, which costs about a
/// nanosecond each and is paid once per publication instead of once per value. Relative to the spread of the values the
/// result is as good as a two-pass computation in higher precision, whatever their offset.
/// Memory: 8 bytes a value, taken as the window fills. Thread: one.
class RollingStatistics {
 public:
  explicit RollingStatistics(std::size_t capacity) : capacity_(capacity) {}

  void add(double value) {
    if (ring_.size() < capacity_) {
      ring_.push_back(value);
      return;
    }
    ring_[oldest_] = value;
    if (++oldest_ == capacity_) oldest_ = 0;
  }

  [[nodiscard]] std::size_t size() const { return ring_.size(); }

  [[nodiscard]] Summary summary() const {
    if (ring_.empty()) return {};
    // Differences to one of the values: exact when the values lie close together, which is when it matters.
    const double origin = ring_[oldest_];
    double low = origin;
    double high = origin;
    double sum = 0;
    for_each([&](double value) {
      sum += value - origin;
      low = std::min(low, value);
      high = std::max(high, value);
    });
    const auto count = static_cast<double>(ring_.size());
    const double shift = sum / count;
    double squares = 0;
    double rest = 0;  // what the rounding of `shift` left over
    for_each([&](double value) {
      const double difference = (value - origin) - shift;
      squares += difference * difference;
      rest += difference;
    });
    const double variance = std::max(0.0, (squares - rest * rest / count) / count);
    const double mean = std::clamp(origin + (shift + rest / count), low, high);
    return {ring_.size(), mean, std::sqrt(variance), low, high};
  }

  void save(SnapshotWriter& out) const {
    out.integer(ring_.size());
    for_each([&](double value) { out.real(value); });
  }
  /// Takes the newest values if the snapshot was made with a larger window.
  void load(SnapshotReader& in) {
    ring_.clear();
    oldest_ = 0;
    const std::uint64_t count = in.count(sizeof(double));
    for (std::uint64_t i = 0; i < count; ++i) add(in.real());
    // Oldest first again, so that a window that has grown since goes on filling at the end.
    std::rotate(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(oldest_), ring_.end());
    oldest_ = 0;
  }

 private:
  // Oldest first, so that the same values give the same bits wherever the ring begins.
  template <class F>
  void for_each(F&& visit) const {
    for (std::size_t i = oldest_; i < ring_.size(); ++i) visit(ring_[i]);
    for (std::size_t i = 0; i < oldest_; ++i) visit(ring_[i]);
  }

  std::size_t capacity_;
  std::size_t oldest_ = 0;  // place of the oldest value once the ring is full
  std::vector<double> ring_;
};

/// Sum of any number of values, exact to about one rounding (Neumaier's compensation). Merging two sums is exact
/// likewise.
class CompensatedSum {
 public:
  void add(double value) {
    const double next = sum_ + value;
    lost_ += std::fabs(sum_) >= std::fabs(value) ? (sum_ - next) + value : (value - next) + sum_;
    sum_ = next;
  }
  void merge(const CompensatedSum& other) {
    add(other.sum_);
    lost_ += other.lost_;
  }
  [[nodiscard]] double value() const { return sum_ + lost_; }

  void save(SnapshotWriter& out) const {
    out.real(sum_);
    out.real(lost_);
  }
  void load(SnapshotReader& in) {
    sum_ = in.real();
    lost_ = in.real();
  }

 private:
  double sum_ = 0;
  double lost_ = 0;
};

/// Count, mean, variance, least and largest of all values since the beginning (Welford), mergeable (Chan).
class RunningStatistics {
 public:
  void add(double value) {
    ++count_;
    const double difference = value - mean_;
    mean_ += difference / static_cast<double>(count_);
    squares_ += difference * (value - mean_);
    min_ = count_ == 1 ? value : std::min(min_, value);
    max_ = count_ == 1 ? value : std::max(max_, value);
  }

  void merge(const RunningStatistics& other) {
    if (other.count_ == 0) return;
    if (count_ == 0) {
      *this = other;
      return;
    }
    const double ours = static_cast<double>(count_);
    const double theirs = static_cast<double>(other.count_);
    const double difference = other.mean_ - mean_;
    count_ += other.count_;
    mean_ += difference * (theirs / (ours + theirs));
    squares_ += other.squares_ + difference * difference * (ours * theirs / (ours + theirs));
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double mean() const { return mean_; }
  /// Of the values as a whole population; 0 for none.
  [[nodiscard]] double variance() const { return count_ == 0 ? 0 : squares_ / static_cast<double>(count_); }
  [[nodiscard]] double std() const { return std::sqrt(variance()); }
  [[nodiscard]] Summary summary() const { return {count_, mean_, std(), min_, max_}; }

  void save(SnapshotWriter& out) const {
    out.integer(count_);
    for (const double value : {mean_, squares_, min_, max_}) out.real(value);
  }
  void load(SnapshotReader& in) {
    count_ = in.integer();
    for (double* value : {&mean_, &squares_, &min_, &max_}) *value = in.real();
  }

 private:
  std::uint64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
  double min_ = 0;
  double max_ = 0;
};

}  // namespace sluice::inline sdk
