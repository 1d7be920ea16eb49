#include <algorithm>
#include <array>
#include <cinttypes>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "device/device.sluice.hpp"
#include "device_state.hpp"
#include "sluice/keys.hpp"
#include "sluice/plugin.hpp"
#include "sluice/snapshot.hpp"
#include "sluice/time_zone.hpp"

namespace device_monitor {
namespace {

constexpr sluice::Option kOptions[] = {
    {"window", sluice::OptionType::kInteger, "50", "1..100000",
     "Readings per device and axis that the rolling statistics cover."},
    {"movement_threshold", sluice::OptionType::kNumber, "0.05", "0..", "A larger movement raises an alert."},
    {"gravity_filter", sluice::OptionType::kBoolean, "false", "",
     "Takes gravity (a low-pass of 1 s) off before the movement is measured; set it for real accelerometers."},
    {"alert_cooldown", sluice::OptionType::kDuration, "0s", "0s..",
     "Least time between two movement alerts of a device."},
    {"emit_unchanged", sluice::OptionType::kBoolean, "false", "",
     "Emits an activity_changes event for every reading in order but the first, changed or not."},
    {"offline_after", sluice::OptionType::kDuration, "5m", "1s..",
     "A device without readings for so long is shown as offline."},
    {"device_expiry", sluice::OptionType::kDuration, "30d", "1s..",
     "A device that is so far behind the newest reading of all is forgotten."},
    {"event_time", sluice::OptionType::kEnum, "arrival", "arrival|creation",
     "Which of a reading's two times says when it happened."},
    {"timezone", sluice::OptionType::kString, "UTC", "",
     "Zone of the column timestamp: UTC, local, +07:00 or a name such as Asia/Jakarta."},
    {"stats_interval", sluice::OptionType::kInteger, "100", "0..",
     "Logs the statistics as text after so many readings (at most once a tick) and at the end; 0 = never."},
    {"max_future", sluice::OptionType::kDuration, "5m", "0s..", "A reading further ahead of the clock is refused."},
    {"max_devices", sluice::OptionType::kInteger, "10000", "1..10000000",
     "Devices kept at the same time; readings of further ones are refused."},
};

constexpr std::chrono::milliseconds kRetention = std::chrono::hours(24 * 7);

constexpr auto kReadings = sluice::in<device::DeviceReading>({.name = "device_readings",
                                                              .topic = "device-sensors",
                                                              .key = "device",
                                                              .time = "arrival_time",
                                                              .partitions = 3,
                                                              .retention = kRetention});
constexpr auto kMetrics = sluice::table<device::DeviceMetrics>({.name = "device_metrics",
                                                                .topic = "device-metrics",
                                                                .key = "device_id",
                                                                .partitions = 3,
                                                                .retention = kRetention,
                                                                .cleanup = sluice::Cleanup::kCompactDelete});
constexpr auto kActivityCounts =
    sluice::table<device::DeviceActivityCount>({.name = "device_activity_counts",
                                                .topic = "device-activity-counts",
                                                .key = "device_activity_key",
                                                .partitions = 3,
                                                .retention = kRetention,
                                                .cleanup = sluice::Cleanup::kCompactDelete});
constexpr auto kSensorStats = sluice::table<device::DeviceSensorStats>({.name = "device_sensor_stats",
                                                                        .topic = "device-sensor-stats",
                                                                        .key = "device",
                                                                        .partitions = 3,
                                                                        .retention = kRetention,
                                                                        .cleanup = sluice::Cleanup::kCompactDelete});
constexpr auto kAlerts = sluice::out<device::MovementAlert>({.name = "movement_alerts",
                                                             .topic = "movement-alerts",
                                                             .key = "device",
                                                             .time = "arrival_time",
                                                             .partitions = 3,
                                                             .retention = kRetention});
constexpr auto kChanges = sluice::out<device::ActivityChange>({.name = "activity_changes",
                                                               .topic = "activity-changes",
                                                               .key = "device",
                                                               .time = "arrival_time",
                                                               .partitions = 3,
                                                               .retention = kRetention});

/// Rolling statistics per device, counts per activity, movement alerts and activity changes. See README.md.
class DeviceMonitor final : public sluice::Consumer<device::DeviceReading> {
 public:
  explicit DeviceMonitor(const sluice::Context& context)
      : Consumer(context),
        window_(static_cast<std::size_t>(context.integer("window"))),
        movement_threshold_(context.number("movement_threshold")),
        has_gravity_filter_(context.boolean("gravity_filter")),
        alert_cooldown_ms_(context.duration("alert_cooldown").count() / 1000),
        emits_unchanged_(context.boolean("emit_unchanged")),
        offline_after_us_(context.duration("offline_after").count()),
        device_expiry_us_(context.duration("device_expiry").count()),
        is_by_creation_(context.choice("event_time") == "creation"),
        zone_(sluice::TimeZone::find(context.text("timezone"))),
        stats_interval_(static_cast<std::uint64_t>(context.integer("stats_interval"))),
        max_future_us_(context.duration("max_future").count()),
        max_devices_(static_cast<std::size_t>(context.integer("max_devices"))) {}

  ~DeviceMonitor() override {
    if (stats_interval_ != 0 && readings_ != 0) log_statistics();
  }

 private:
  static constexpr std::size_t kMaxTextBytes = 256;  // of each text of a reading
  static constexpr std::size_t kLoggedDevices = 20;

  void on_batch(const sluice::InputBatch& batch) override {
    latest_allowed_us_ = batch.wall_time().time_since_epoch().count() + max_future_us_;
    Consumer::on_batch(batch);
  }

  void on(const device::DeviceReading& reading, const sluice::Meta& meta) override {
    if (!is_usable(reading, meta)) return;
    auto [id, is_new] = ids_.add(reading.device);
    if (is_new) {
      if (ids_.size() > max_devices_) {
        ids_.erase(id);
        return refuse("too_many_devices", "max_devices is reached", meta);
      }
      if (id == devices_.size()) devices_.emplace_back(window_);
    }
    DeviceState& state = devices_[id];
    const std::int64_t time_us = is_by_creation_ ? reading.creation_time / 1000 : reading.arrival_time * 1000;
    newest_us_ = std::max(newest_us_, time_us);
    ++readings_;
    state.partition = meta.partition;

    const std::uint32_t activity = state.count(reading, time_us);
    touch(id, activity);
    const Transition transition = state.follow_activity(activity, reading.arrival_time);
    if (transition.is_change || (emits_unchanged_ && transition.has_previous)) {
      emit(kChanges, {.device = reading.device,
                      .model = reading.model,
                      .current_activity = reading.gt,
                      .previous_activity = state.activities[transition.previous].gt,
                      .arrival_time = reading.arrival_time,
                      .seconds_in_previous = transition.seconds_in_previous});
    }
    const double magnitude = state.movement(reading, has_gravity_filter_);
    if (magnitude > movement_threshold_ && is_cooled_down(state, reading.arrival_time)) {
      state.last_alert_ms = reading.arrival_time;
      emit(kAlerts, {.device = reading.device,
                     .model = reading.model,
                     .gt = reading.gt,
                     .x = reading.x,
                     .y = reading.y,
                     .z = reading.z,
                     .movement_magnitude = magnitude,
                     .arrival_time = reading.arrival_time});
    }
  }

  /// Refuses a reading that cannot be counted anywhere.
  bool is_usable(const device::DeviceReading& reading, const sluice::Meta& meta) {
    const auto refused = [&](std::string_view reason, std::string_view detail) {
      refuse(reason, detail, meta);
      return false;
    };
    if (reading.device.empty()) return refused("missing_device", "Device is empty or absent");
    if (reading.gt.empty()) return refused("missing_activity", "gt is empty or absent");
    if (reading.arrival_time <= 0) return refused("missing_time", "Arrival_Time is absent or not after 1970");
    if (is_by_creation_ && reading.creation_time <= 0) {
      return refused("missing_time", "Creation_Time is absent or not after 1970");
    }
    if (!std::isfinite(reading.x) || !std::isfinite(reading.y) || !std::isfinite(reading.z)) {
      return refused("not_a_number", "x, y or z is not a finite number");
    }
    for (const std::string_view text : {reading.device, reading.model, reading.user, reading.gt}) {
      if (text.size() > kMaxTextBytes) return refused("too_long", "Device, Model, User or gt has more than 256 bytes");
    }
    // The arrival decides about order and online, so it must not lie ahead whichever time is the event's.
    if (reading.arrival_time > latest_allowed_us_ / 1000) {
      return refused("too_far_ahead", "Arrival_Time is more than max_future ahead of the clock");
    }
    if (is_by_creation_ && reading.creation_time / 1000 > latest_allowed_us_) {
      return refused("too_far_ahead", "Creation_Time is more than max_future ahead of the clock");
    }
    return true;
  }

  [[nodiscard]] bool is_cooled_down(const DeviceState& state, std::int64_t arrival_ms) const {
    return alert_cooldown_ms_ == 0 || state.last_alert_ms == kNever ||
           arrival_ms - state.last_alert_ms >= alert_cooldown_ms_;
  }

  void touch(sluice::KeyIds::Id id, std::uint32_t activity) {
    devices_[id].activities[activity].is_touched = true;
    touch(id);
  }
  void touch(sluice::KeyIds::Id id) {
    if (devices_[id].is_touched) return;
    devices_[id].is_touched = true;
    touched_.push_back(id);
  }

  void on_tick(sluice::Time now) override {
    const std::int64_t now_us = now.time_since_epoch().count();
    for (std::size_t id = 0; id < devices_.size(); ++id) {
      DeviceState& state = devices_[id];
      if (state.readings == 0) continue;
      if (newest_us_ - state.latest_us > device_expiry_us_) {
        forget(static_cast<sluice::KeyIds::Id>(id));
        continue;
      }
      const bool is_online = now_us - state.last_arrival_ms * 1000 <= offline_after_us_;
      if (is_online != state.is_online) touch(static_cast<sluice::KeyIds::Id>(id));
      state.is_online = is_online;
    }
    for (const sluice::KeyIds::Id id : touched_) {
      if (devices_[id].readings != 0) publish_rows(id);
      devices_[id].is_touched = false;
    }
    touched_.clear();
    if (stats_interval_ != 0 && readings_ - logged_readings_ >= stats_interval_) log_statistics();
  }

  void publish_rows(sluice::KeyIds::Id id) {
    const std::string& name = ids_.key(id);
    DeviceState& state = devices_[id];
    std::array<sluice::Summary, 3> summaries;
    for (std::size_t axis = 0; axis < 3; ++axis) summaries[axis] = state.axes[axis].rolling.summary();
    const auto axis_row = [&](std::size_t axis) {
      const sluice::Summary& s = summaries[axis];
      return device::AxisStatistics{.mean = s.mean, .std = s.std, .min = s.min, .max = s.max};
    };
    counts_.clear();
    for (const ActivityCount& activity : state.activities) {
      counts_.emplace_back(activity.gt, static_cast<std::int64_t>(activity.count));
    }
    const std::array<char, 19> timestamp = zone_.text(sluice::Time(sluice::Duration(state.latest_us)));
    const auto readings = static_cast<std::int64_t>(state.readings);
    publish(kMetrics, {.device_id = name,
                       .total_events = readings,
                       .activities_count = counts_,
                       .sensor_metrics = {.x = axis_row(0), .y = axis_row(1), .z = axis_row(2)},
                       .most_common_activity = state.most_common().gt,
                       .timestamp = std::string_view(timestamp.data(), timestamp.size()),
                       .current_activity = state.activities[state.current].gt,
                       .last_seen = state.last_arrival_ms,
                       .online = state.is_online,
                       .out_of_order = static_cast<std::int64_t>(state.out_of_order)});
    const auto average = [&](std::size_t axis) {
      return state.axes[axis].sum.value() / static_cast<double>(state.readings);
    };
    publish(kSensorStats, {.device = name,
                           .avg_x = average(0),
                           .avg_y = average(1),
                           .avg_z = average(2),
                           .reading_count = readings,
                           .model = state.model,
                           .max_movement_x = state.axes[0].largest_movement,
                           .max_movement_y = state.axes[1].largest_movement,
                           .max_movement_z = state.axes[2].largest_movement});
    for (ActivityCount& activity : state.activities) {
      if (!activity.is_touched) continue;
      activity.is_touched = false;
      publish(kActivityCounts, {.device_activity_key = activity_key(name, activity.gt),
                                .activity_count = static_cast<std::int64_t>(activity.count),
                                .model = activity.model,
                                .user = activity.user});
    }
  }

  void forget(sluice::KeyIds::Id id) {
    const std::string& name = ids_.key(id);
    remove(kMetrics, name);
    remove(kSensorStats, name);
    for (const ActivityCount& activity : devices_[id].activities) {
      remove(kActivityCounts, activity_key(name, activity.gt));
    }
    ids_.erase(id);
    const bool is_touched = devices_[id].is_touched;  // its number may still be in touched_
    devices_[id] = DeviceState(window_);
    devices_[id].is_touched = is_touched;
  }

  /// Valid until the next call.
  std::string_view activity_key(std::string_view device, std::string_view gt) {
    key_.assign(device);
    key_ += '-';
    key_ += gt;
    return key_;
  }

  void log_statistics() {
    logged_readings_ = readings_;
    std::vector<sluice::KeyIds::Id> shown;
    for (std::size_t id = 0; id < devices_.size(); ++id) {
      if (devices_[id].readings != 0) shown.push_back(static_cast<sluice::KeyIds::Id>(id));
    }
    const std::size_t count = std::min(kLoggedDevices, shown.size());
    std::partial_sort(shown.begin(), shown.begin() + static_cast<std::ptrdiff_t>(count), shown.end(),
                      [this](sluice::KeyIds::Id a, sluice::KeyIds::Id b) {
                        const std::uint64_t of_a = devices_[a].readings;
                        const std::uint64_t of_b = devices_[b].readings;
                        return of_a != of_b ? of_a > of_b : ids_.key(a) < ids_.key(b);
                      });
    std::string text = std::to_string(readings_) + " readings of " + std::to_string(shown.size()) + " devices";
    for (std::size_t i = 0; i < count; ++i) append_line(text, shown[i]);
    if (count < shown.size()) text += "\n  and " + std::to_string(shown.size() - count) + " more";
    log_info(text);
  }

  void append_line(std::string& text, sluice::KeyIds::Id id) const {
    const DeviceState& state = devices_[id];
    text += "\n  partition " + std::to_string(state.partition) + ", " + ids_.key(id) + ": " +
            std::to_string(state.readings) + " readings, now " + state.activities[state.current].gt + ", mostly " +
            state.most_common().gt;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const sluice::Summary s = state.axes[axis].rolling.summary();
      std::array<char, 160> line{};
      std::snprintf(line.data(), line.size(), "; %c mean %.6f std %.6f min %.6f max %.6f", "xyz"[axis], s.mean, s.std,
                    s.min, s.max);
      text += line.data();
    }
  }

  void save(sluice::StateWriter& out) override {
    sluice::SnapshotWriter state;
    state.integer(newest_us_);
    state.integer(readings_);
    state.integer(ids_.size());
    for (std::size_t id = 0; id < devices_.size(); ++id) {
      if (devices_[id].readings == 0) continue;
      state.text(ids_.key(static_cast<sluice::KeyIds::Id>(id)));
      devices_[id].save(state);
    }
    out.write(state.bytes());
  }

  void load(std::string_view bytes) override {
    sluice::SnapshotReader in(bytes);
    sluice::KeyIds ids;
    std::vector<DeviceState> devices;
    const std::int64_t newest_us = in.signed_integer();
    const std::uint64_t readings = in.integer();
    const std::uint64_t count = in.count(100);
    for (std::uint64_t i = 0; i < count; ++i) {
      const bool is_new = ids.add(in.text()).second;
      if (!is_new || !devices.emplace_back(window_).load(in)) throw std::runtime_error("the saved state is damaged");
    }
    if (!in.is_complete()) throw std::runtime_error("the saved state is damaged");
    ids_ = std::move(ids);
    devices_ = std::move(devices);
    newest_us_ = newest_us;
    readings_ = logged_readings_ = readings;
    touched_.clear();
    // The tables' rows are not kept by the host over a restart: all of them are published again.
    for (std::size_t id = 0; id < devices_.size(); ++id) {
      for (ActivityCount& activity : devices_[id].activities) activity.is_touched = true;
      touch(static_cast<sluice::KeyIds::Id>(id));
    }
  }

  // Set by the constructor, then constant.
  std::size_t window_;
  double movement_threshold_;
  bool has_gravity_filter_;
  std::int64_t alert_cooldown_ms_;
  bool emits_unchanged_;
  std::int64_t offline_after_us_;
  std::int64_t device_expiry_us_;
  bool is_by_creation_;
  sluice::TimeZone zone_;
  std::uint64_t stats_interval_;
  std::int64_t max_future_us_;
  std::size_t max_devices_;

  // Instance thread. A device's place in devices_ is its number in ids_; forgotten ones have no readings.
  sluice::KeyIds ids_;
  std::vector<DeviceState> devices_;
  std::vector<sluice::KeyIds::Id> touched_;  // since the last tick, each once
  std::int64_t newest_us_ = 0;               // largest event time of all
  std::uint64_t readings_ = 0;               // since the beginning
  std::uint64_t logged_readings_ = 0;
  std::int64_t latest_allowed_us_ = 0;
  // Kept for their memory.
  std::vector<std::pair<std::string_view, std::int64_t>> counts_;
  std::string key_;
};

}  // namespace
}  // namespace device_monitor

SLUICE_PLUGIN(device_monitor::DeviceMonitor,
              sluice::Description{.version = "1.0.0",
                                  .description = "Rolling statistics, activity changes and movement alerts of devices.",
                                  .options = device_monitor::kOptions},
              device_monitor::kReadings, device_monitor::kMetrics, device_monitor::kActivityCounts,
              device_monitor::kSensorStats, device_monitor::kAlerts, device_monitor::kChanges);
