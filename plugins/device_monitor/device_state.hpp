#pragma once

/// What is known of one device, updated by one reading at a time. Pure: no clock, no output.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "device/device.sluice.hpp"
#include "sluice/snapshot.hpp"
#include "sluice/stats.hpp"

namespace device_monitor {

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

/// One activity of one device: a row of device_activity_counts.
struct ActivityCount {
  std::string gt;
  std::string model;  // model and user of the latest reading
  std::string user;
  std::uint64_t count = 0;
  std::int64_t latest_us = kNever;
  bool is_touched = false;

  void save(sluice::SnapshotWriter& out) const {
    for (const std::string* text : {&gt, &model, &user}) out.text(*text);
    out.integer(count);
    out.integer(latest_us);
  }
  void load(sluice::SnapshotReader& in) {
    for (std::string* text : {&gt, &model, &user}) *text = in.text();
    count = in.integer();
    latest_us = in.signed_integer();
  }
};

/// One axis of one device.
struct AxisState {
  explicit AxisState(std::size_t window) : rolling(window) {}
  sluice::RollingStatistics rolling;
  sluice::CompensatedSum sum;   // since the beginning
  double largest_movement = 0;  // max |value|, since the beginning

  void add(double value) {
    rolling.add(value);
    sum.add(value);
    largest_movement = std::max(largest_movement, std::fabs(value));
  }
  void save(sluice::SnapshotWriter& out) const {
    rolling.save(out);
    sum.save(out);
    out.real(largest_movement);
  }
  void load(sluice::SnapshotReader& in) {
    rolling.load(in);
    sum.load(in);
    largest_movement = in.real();
  }
};

/// What a reading did to the activity of its device.
struct Transition {
  bool is_in_order = false;   ///< false: left out, an earlier arrival than the device's last
  bool has_previous = false;  ///< false: the first reading of the device
  bool is_change = false;
  std::uint32_t previous = 0;  ///< place in DeviceState::activities
  double seconds_in_previous = 0;
};

/// Thread: one.
struct DeviceState {
  explicit DeviceState(std::size_t window) : axes{AxisState(window), AxisState(window), AxisState(window)} {}

  // More different activities than any catalogue has; further ones count under one name, so that a faulty device cannot
  // fill the memory.
  static constexpr std::size_t kMaxActivities = 64;
  static constexpr std::string_view kOther = "other";

  std::string model;  // of the latest reading
  std::uint64_t readings = 0;
  std::uint64_t out_of_order = 0;
  std::int64_t latest_us = kNever;        // largest event time
  std::int64_t last_arrival_ms = kNever;  // largest arrival time
  std::int32_t partition = -1;            // of the latest reading
  std::array<AxisState, 3> axes;
  std::vector<ActivityCount> activities;  // in the order in which they were first seen
  std::uint32_t current = 0;              // place in activities, of the latest reading in order
  std::int64_t current_since_ms = kNever;
  std::array<double, 3> gravity{};
  std::int64_t gravity_at_ns = kNever;
  std::int64_t last_alert_ms = kNever;
  // Derived: not saved.
  bool is_touched = false;
  bool is_online = false;

  /// Counts the reading and returns the place of its activity.
  std::uint32_t count(const device::DeviceReading& reading, std::int64_t time_us) {
    ++readings;
    axes[0].add(reading.x);
    axes[1].add(reading.y);
    axes[2].add(reading.z);
    if (time_us >= latest_us) {
      latest_us = time_us;
      assign(model, reading.model);
    }
    const std::uint32_t place = place_of(reading.gt);
    ActivityCount& activity = activities[place];
    ++activity.count;
    if (time_us >= activity.latest_us) {
      activity.latest_us = time_us;
      assign(activity.model, reading.model);
      assign(activity.user, reading.user);
    }
    return place;
  }

  Transition follow_activity(std::uint32_t place, std::int64_t arrival_ms) {
    if (last_arrival_ms != kNever && arrival_ms < last_arrival_ms) {
      ++out_of_order;
      return {};
    }
    Transition transition{.is_in_order = true, .has_previous = last_arrival_ms != kNever};
    last_arrival_ms = arrival_ms;
    if (transition.has_previous) {
      transition.is_change = place != current;
      transition.previous = current;
      transition.seconds_in_previous = static_cast<double>(arrival_ms - current_since_ms) / 1000.0;
    }
    if (!transition.has_previous || transition.is_change) {
      current = place;
      current_since_ms = arrival_ms;
    }
    return transition;
  }

  /// sqrt(x² + y² + z²), or with the filter the magnitude of what gravity does not explain: gravity is a low-pass of
  /// the readings with a time constant of 1 s by the device's own clock, beginning at the first reading.
  double movement(const device::DeviceReading& reading, bool has_gravity_filter) {
    std::array<double, 3> rest = {reading.x, reading.y, reading.z};
    if (has_gravity_filter) {
      if (gravity_at_ns == kNever) {
        gravity = rest;
        gravity_at_ns = reading.creation_time;
      } else if (reading.creation_time > gravity_at_ns) {
        const double seconds = (static_cast<double>(reading.creation_time) - static_cast<double>(gravity_at_ns)) * 1e-9;
        const double share = 1.0 - std::exp(-seconds);
        for (std::size_t axis = 0; axis < 3; ++axis) gravity[axis] += share * (rest[axis] - gravity[axis]);
        gravity_at_ns = reading.creation_time;
      }
      for (std::size_t axis = 0; axis < 3; ++axis) rest[axis] -= gravity[axis];
    }
    return std::sqrt(rest[0] * rest[0] + rest[1] * rest[1] + rest[2] * rest[2]);
  }

  /// The activity counted most; of equals the one seen first.
  [[nodiscard]] const ActivityCount& most_common() const {
    return *std::max_element(activities.begin(), activities.end(),
                             [](const ActivityCount& a, const ActivityCount& b) { return a.count < b.count; });
  }

  void save(sluice::SnapshotWriter& out) const {
    out.text(model);
    out.integer(readings);
    out.integer(out_of_order);
    for (const std::int64_t value : {latest_us, last_arrival_ms, std::int64_t{partition}, std::int64_t{current},
                                     current_since_ms, gravity_at_ns, last_alert_ms}) {
      out.integer(value);
    }
    for (const double value : gravity) out.real(value);
    for (const AxisState& axis : axes) axis.save(out);
    out.integer(activities.size());
    for (const ActivityCount& activity : activities) activity.save(out);
  }

  /// False when the bytes cannot be a device's.
  [[nodiscard]] bool load(sluice::SnapshotReader& in) {
    model = in.text();
    readings = in.integer();
    out_of_order = in.integer();
    latest_us = in.signed_integer();
    last_arrival_ms = in.signed_integer();
    partition = static_cast<std::int32_t>(in.signed_integer());
    current = static_cast<std::uint32_t>(in.integer());
    for (std::int64_t* value : {&current_since_ms, &gravity_at_ns, &last_alert_ms}) *value = in.signed_integer();
    for (double& value : gravity) value = in.real();
    for (AxisState& axis : axes) axis.load(in);
    const std::uint64_t count = in.count(40);
    if (count > kMaxActivities) return false;
    activities.resize(static_cast<std::size_t>(count));
    for (ActivityCount& activity : activities) activity.load(in);
    return in.is_ok() && current < activities.size();
  }

 private:
  // The same text arrives with nearly every reading: comparing is cheaper than copying.
  static void assign(std::string& to, std::string_view value) {
    if (to != value) to = value;
  }

  std::uint32_t place_of(std::string_view gt) {
    if (current < activities.size() && activities[current].gt == gt) return current;
    for (std::size_t place = 0; place < activities.size(); ++place) {
      if (activities[place].gt == gt) return static_cast<std::uint32_t>(place);
    }
    if (activities.size() + 1 >= kMaxActivities && gt != kOther) return place_of(kOther);
    activities.push_back(ActivityCount{.gt = std::string(gt), .model = {}, .user = {}});
    return static_cast<std::uint32_t>(activities.size() - 1);
  }
};

}  // namespace device_monitor
