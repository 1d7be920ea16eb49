#pragma once

/// The model behind the realistic profile: what a phone's owner does, and what its accelerometer and its clock make of
/// it.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/portable_math.hpp"
#include "sluice/random.hpp"

namespace device_sensors {

using Vector = std::array<double, 3>;

/// How an activity moves the phone: a swing of `amplitude` m/s² at a step frequency, and noise of `noise` m/s² per
/// axis.
struct Motion {
  std::string_view name;
  double low_hz;
  double high_hz;
  double amplitude;
  double noise;
};

inline constexpr std::array<Motion, 8> kMotions = {{
    {"sit", 0, 0, 0, 0.03},
    {"stand", 0, 0, 0, 0.05},
    {"walk", 1.8, 2.2, 2.5, 0.3},
    {"run", 2.5, 3.0, 7.0, 0.8},
    {"bike", 1.0, 1.5, 1.2, 0.5},
    {"stairsup", 1.4, 1.8, 2.0, 0.3},
    {"stairsdown", 1.6, 2.0, 3.0, 0.4},
    {"null", 0, 0, 0, 0.05},
}};
inline constexpr std::size_t kCommonMotions = 4;  // the rest must be asked for

/// Places in kMotions that may follow the one at `from`: sit, stand, walk, run in a row, the others beside them.
[[nodiscard]] inline std::vector<std::size_t> next_motions(std::size_t from, std::span<const std::size_t> available) {
  enum Place : std::size_t { kSit, kStand, kWalk, kRun, kBike, kStairsUp, kStairsDown, kNull };
  static constexpr std::array<std::array<Place, 2>, 7> kNeighbours = {{{kSit, kStand},
                                                                       {kStand, kWalk},
                                                                       {kWalk, kRun},
                                                                       {kStand, kBike},
                                                                       {kWalk, kStairsUp},
                                                                       {kWalk, kStairsDown},
                                                                       {kStand, kNull}}};
  std::vector<std::size_t> next;
  for (const auto& [one, other] : kNeighbours) {
    const std::size_t to = from == one ? other : from == other ? one : from;
    if (to != from && std::find(available.begin(), available.end(), to) != available.end()) next.push_back(to);
  }
  return next;
}

/// One phone: its owner, its clock, its way to the network, and what it measures. Times within the simulation are
/// seconds since its start. Thread: one.
class Phone {
 public:
  /// `population` decides what stays for good: owner, clock error, how the phone lies in the pocket.
  Phone(std::string name, std::string_view model, double sample_hz, sluice::Rng population)
      : name_(std::move(name)), model_(model), sample_hz_(sample_hz) {
    owner_ = static_cast<char>('a' + population.below(9));
    clock_offset_ns_ = population.integer(-5'000'000'000, 5'000'000'000);
    clock_drift_ppb_ = population.integer(-20'000, 20'000);
    up_ = unit({population.normal(), population.normal(), population.normal()});
    // Any other direction, less its part along `up`.
    const Vector other = unit({population.normal(), population.normal(), population.normal()});
    const double along = other[0] * up_[0] + other[1] * up_[1] + other[2] * up_[2];
    side_ = unit({other[0] - along * up_[0], other[1] - along * up_[1], other[2] - along * up_[2]});
    first_sample_ = population.real();
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string_view model() const { return model_; }
  [[nodiscard]] std::string_view owner() const { return {&owner_, 1}; }
  [[nodiscard]] std::string_view activity() const { return kMotions[motion_].name; }

  /// When the next sample is due.
  [[nodiscard]] double next_sample_s() const { return (static_cast<double>(samples_) + first_sample_) / sample_hz_; }

  /// Takes that sample; ends the current activity first if its time is over.
  Vector sample(sluice::Rng& rng, std::span<const std::size_t> available) {
    const double now_s = next_sample_s();
    ++samples_;
    if (now_s >= spell_end_s_) begin_spell(now_s, rng, available);
    const Motion& motion = kMotions[motion_];
    double along = kGravity;
    double across = 0;
    if (motion.amplitude != 0) {
      const double turns = frequency_hz_ * (now_s - spell_start_s_);
      along += motion.amplitude * sluice::portable::sin_turns(turns);
      across = motion.amplitude / 2 * sluice::portable::sin_turns(2 * turns + second_phase_);
    }
    Vector measured{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double exact = along * up_[axis] + across * side_[axis];
      measured[axis] = sluice::round_decimals(exact + motion.noise * rng.normal(), 10);
    }
    return measured;
  }

  struct Times {
    std::int64_t creation_ns = 0;
    std::int64_t arrival_ms = 0;
  };
  /// Stamps a sample taken at that true time: by the phone's clock, which started to drift at `epoch_us`, and on
  /// arrival 5 to 250 ms later. Creation times rise strictly; arrivals do not overtake each other.
  Times stamp(std::int64_t true_us, std::int64_t epoch_us, sluice::Rng& rng) {
    true_us = std::max(true_us, last_true_us_ + 1);
    // The delay wanders by less than the time that has passed, so the order of arrival is that of creation.
    const double step_us = std::min(static_cast<double>(true_us - last_true_us_), kMaxDelayUs - kMinDelayUs);
    const bool is_first = last_true_us_ == kNever;
    delay_us_ = is_first ? rng.real(kMinDelayUs, kMaxDelayUs)
                         : std::clamp(delay_us_ + rng.real(-step_us, step_us), kMinDelayUs, kMaxDelayUs);
    last_true_us_ = true_us;
    const std::int64_t drift_ns = (true_us - epoch_us) * clock_drift_ppb_ / 1'000'000;
    last_creation_ns_ = std::max(true_us * 1000 + clock_offset_ns_ + drift_ns, last_creation_ns_ + 1);
    return {last_creation_ns_, (true_us + static_cast<std::int64_t>(delay_us_)) / 1000};
  }

  static constexpr std::int64_t kLongestDelayUs = 250'000;

 private:
  static constexpr double kGravity = 9.81;
  static constexpr double kMinDelayUs = 5'000;
  static constexpr double kMaxDelayUs = kLongestDelayUs;
  static constexpr std::int64_t kNever = INT64_MIN / 2;

  static Vector unit(Vector v) {
    const double length = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    return {v[0] / length, v[1] / length, v[2] / length};
  }

  void begin_spell(double now_s, sluice::Rng& rng, std::span<const std::size_t> available) {
    if (!has_activity_) {
      motion_ = rng.choice(available);
      has_activity_ = true;
    } else {
      motion_ = rng.choice(next_motions(motion_, available));
    }
    spell_start_s_ = now_s;
    spell_end_s_ = now_s + rng.real(30, 300);
    frequency_hz_ = rng.real(kMotions[motion_].low_hz, kMotions[motion_].high_hz);
    second_phase_ = rng.real();
  }

  // For good.
  std::string name_;
  std::string_view model_;
  double sample_hz_;
  char owner_ = 'a';
  std::int64_t clock_offset_ns_ = 0;
  std::int64_t clock_drift_ppb_ = 0;
  Vector up_{};              // against gravity, in the phone's axes
  Vector side_{};            // orthogonal to it
  double first_sample_ = 0;  // in sample intervals

  // Now.
  std::uint64_t samples_ = 0;
  bool has_activity_ = false;
  std::size_t motion_ = 0;
  double spell_start_s_ = 0;
  double spell_end_s_ = 0;
  double frequency_hz_ = 0;
  double second_phase_ = 0;
  double delay_us_ = 0;
  std::int64_t last_true_us_ = kNever;
  std::int64_t last_creation_ns_ = INT64_MIN / 2;
};

}  // namespace device_sensors
