#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "device/device.sluice.hpp"
#include "phone.hpp"
#include "sluice/plugin.hpp"
#include "sluice/simulate.hpp"
#include "sluice/snapshot.hpp"

namespace device_sensors {
namespace {

struct Model {
  std::string_view name;
  std::string_view rate_option;
};
constexpr std::array<Model, 4> kModels = {{{"nexus4", "rate_nexus4"},
                                           {"iphone12", "rate_iphone12"},
                                           {"pixel6", "rate_pixel6"},
                                           {"galaxy_s21", "rate_galaxy_s21"}}};
constexpr std::size_t kPhonesPerModel = 3;
constexpr std::size_t kPhones = kModels.size() * kPhonesPerModel;

constexpr sluice::Option kOwnOptions[] = {
    {"rate_nexus4", sluice::OptionType::kNumber, "200", "0.001..100000",
     "realistic: samples per second of one nexus4."},
    {"rate_iphone12", sluice::OptionType::kNumber, "100", "0.001..100000",
     "realistic: samples per second of one iphone12."},
    {"rate_pixel6", sluice::OptionType::kNumber, "50", "0.001..100000", "realistic: samples per second of one pixel6."},
    {"rate_galaxy_s21", sluice::OptionType::kNumber, "150", "0.001..100000",
     "realistic: samples per second of one galaxy_s21. A `rate` that is set scales all four to that total."},
    {"activities", sluice::OptionType::kList, sluice::kNoDefault, "",
     "Activities besides sit, stand, walk and run: any of bike, stairsup, stairsdown, null."},
};
constexpr auto kOptions = sluice::join(sluice::simulator_options("0.2"), kOwnOptions);

constexpr auto kDeviceReadings = sluice::out<device::DeviceReading>({.name = "device_readings",
                                                                     .topic = "device-sensors",
                                                                     .key = "device",
                                                                     .time = "arrival_time",
                                                                     .partitions = 3,
                                                                     .retention = std::chrono::hours(24 * 7)});

/// Twelve phones. See README.md for what the two profiles promise.
class DeviceSensors final : public sluice::SimulatedSource<device::DeviceReading> {
 public:
  explicit DeviceSensors(const sluice::Context& context) : SimulatedSource(context, kDeviceReadings) {
    for (std::size_t place = 0; place < kCommonMotions; ++place) activities_.push_back(place);
    if (context.is_set("activities")) add_activities(context.list("activities"));
    const bool has_saved = load(context.saved_state());
    if (!has_saved || (context.is_explicit("seed") && context.integer("seed") != 0 && population_seed_ != seed())) {
      population_seed_ = seed();
      clock_epoch_us_ = host().now().time_since_epoch().count();
    }
    make_phones(context);
  }

 private:
  // Index values are kept for this long ahead, so that state is saved twice a minute and a crash repeats none.
  static constexpr double kReservedSeconds = 30;
  static constexpr std::uint64_t kLargestIndex = 2147483647;
  static constexpr std::uint64_t kStateVersion = 1;
  // Of the latest readings it is known which phone each is from. More than a batch, so that those not taken are among
  // them.
  static constexpr std::size_t kRemembered = 2 * sluice::BatchWriter::kBatchEvents;

  device::DeviceReading next(sluice::Rng& rng, sluice::Time time) override {
    return profile() == sluice::Profile::kRealistic ? next_realistic(rng, time) : next_compat(rng, time);
  }

  device::DeviceReading next_compat(sluice::Rng& rng, sluice::Time time) {
    const std::size_t model = rng.below(kModels.size());
    const std::size_t phone = model * kPhonesPerModel + rng.below(kPhonesPerModel);
    user_ = static_cast<char>('a' + rng.below(26));
    const std::string_view activity = kMotions[rng.choice(activities_)].name;
    const std::int64_t now_us = time.time_since_epoch().count();
    return {.arrival_time = (now_us + 999) / 1000,  // rounded up: no reading arrives before it was made
            .creation_time = now_us * 1000,
            .device = phones_[phone].name(),
            .index = next_index(phone),
            .model = phones_[phone].model(),
            .user = std::string_view(&user_, 1),
            .gt = activity,
            .x = sluice::round_decimals(rng.real(-0.01, 0.01), 10),
            .y = sluice::round_decimals(rng.real(-0.05, 0.05), 10),
            .z = sluice::round_decimals(rng.real(-0.02, 0.02), 10)};
  }

  device::DeviceReading next_realistic(sluice::Rng& rng, sluice::Time time) {
    std::size_t phone = 0;
    for (std::size_t other = 1; other < kPhones; ++other) {
      if (next_sample_s_[other] < next_sample_s_[phone]) phone = other;
    }
    // Each phone samples at even distances, events are due at even distances over all phones: a sample lies a little
    // before or after its event. All are moved back by as much, and by the longest delay, so that no arrival lies in
    // the future.
    const double ahead_s = next_sample_s_[phone] - static_cast<double>(readings_) / rate();
    const double limit_us = Phone::kLongestDelayUs;
    const auto ahead_us = static_cast<std::int64_t>(std::clamp(ahead_s * 1e6, -limit_us, limit_us));
    const std::int64_t true_us = time.time_since_epoch().count() + ahead_us - 2 * Phone::kLongestDelayUs;
    ++readings_;

    Phone& chosen = phones_[phone];
    const Vector measured = chosen.sample(rng, activities_);
    next_sample_s_[phone] = chosen.next_sample_s();
    const Phone::Times times = chosen.stamp(true_us, clock_epoch_us_, rng);
    return {.arrival_time = times.arrival_ms,
            .creation_time = times.creation_ns,
            .device = chosen.name(),
            .index = next_index(phone),
            .model = chosen.model(),
            .user = chosen.owner(),
            .gt = chosen.activity(),
            .x = measured[0],
            .y = measured[1],
            .z = measured[2]};
  }

  [[nodiscard]] std::int32_t next_index(std::size_t phone) {
    if (counts_[phone] == reserved_[phone]) reserve();
    latest_phones_[latest_++ % kRemembered] = static_cast<std::uint8_t>(phone);
    return static_cast<std::int32_t>(counts_[phone]++ % kLargestIndex) + 1;
  }

  void reserve() {
    for (std::size_t phone = 0; phone < kPhones; ++phone) reserved_[phone] = counts_[phone] + reserve_block_;
    save(reserved_);
  }

  void at_end(std::uint64_t unsent) override {
    for (std::uint64_t back = 0; back < unsent && latest_ > 0; ++back)
      --counts_[latest_phones_[--latest_ % kRemembered]];
    reserved_ = counts_;
    save(counts_);
  }

  /// State: version, population seed, start of the clocks' drift, then for each phone how many Index values are used
  /// up.
  void save(const std::array<std::uint64_t, kPhones>& used) {
    sluice::SnapshotWriter out;
    out.integer(kStateVersion);
    out.integer(population_seed_);
    out.integer(clock_epoch_us_);
    for (const std::uint64_t count : used) out.integer(count);
    try {
      host().save_state(out.bytes());
    } catch (const std::exception& failure) {
      if (!did_warn_) log_warning(std::string(failure.what()) + "; after a restart Index may repeat");
      did_warn_ = true;
    }
  }

  bool load(std::string_view state) {
    if (state.empty()) return false;
    sluice::SnapshotReader in(state);
    const std::uint64_t version = in.integer();
    const std::uint64_t population_seed = in.integer();
    const std::int64_t clock_epoch_us = in.signed_integer();
    std::array<std::uint64_t, kPhones> counts{};
    for (std::uint64_t& count : counts) count = in.integer();
    if (version != kStateVersion || !in.is_complete()) {
      log_warning("the saved state cannot be read; Index starts from 1");
      return false;
    }
    population_seed_ = population_seed;
    clock_epoch_us_ = clock_epoch_us;
    counts_ = reserved_ = counts;
    return true;
  }

  void add_activities(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const auto found = std::find_if(kMotions.begin() + kCommonMotions, kMotions.end(),
                                      [&](const Motion& motion) { return motion.name == name; });
      if (found == kMotions.end()) {
        throw std::invalid_argument("activities: \"" + name + "\", expected bike, stairsup, stairsdown or null");
      }
      const auto place = static_cast<std::size_t>(found - kMotions.begin());
      if (std::find(activities_.begin(), activities_.end(), place) == activities_.end()) activities_.push_back(place);
    }
  }

  void make_phones(const sluice::Context& context) {
    std::array<double, kModels.size()> sample_hz{};
    double total_hz = 0;
    for (std::size_t model = 0; model < kModels.size(); ++model) {
      sample_hz[model] = context.number(kModels[model].rate_option);
      total_hz += sample_hz[model] * kPhonesPerModel;
    }
    if (profile() == sluice::Profile::kRealistic) {
      if (!context.is_explicit("rate")) set_rate(total_hz);
      spread_burst();
    }
    const double scale = rate() / total_hz;
    sluice::Rng population(population_seed_);
    phones_.reserve(kPhones);
    for (std::size_t model = 0; model < kModels.size(); ++model) {
      for (std::size_t number = 1; number <= kPhonesPerModel; ++number) {
        phones_.emplace_back(std::string(kModels[model].name) + "_" + std::to_string(number), kModels[model].name,
                             sample_hz[model] * scale, population.fork());
        next_sample_s_[phones_.size() - 1] = phones_.back().next_sample_s();
      }
    }
    reserve_block_ = 64 + static_cast<std::uint64_t>(rate() * kReservedSeconds);
    if (is_burst()) reserve_block_ = std::max<std::uint64_t>(reserve_block_, 1U << 20U);
  }

  // Set by the constructor, then constant.
  std::vector<std::size_t> activities_;  // places in kMotions
  std::uint64_t population_seed_ = 0;
  std::int64_t clock_epoch_us_ = 0;
  std::uint64_t reserve_block_ = 0;

  // Instance thread.
  std::vector<Phone> phones_;
  std::array<double, kPhones> next_sample_s_{};
  std::uint64_t readings_ = 0;
  std::array<std::uint64_t, kPhones> counts_{};    // Index values used so far
  std::array<std::uint64_t, kPhones> reserved_{};  // what the saved state says they are
  std::array<std::uint8_t, kRemembered> latest_phones_{};
  std::uint64_t latest_ = 0;
  char user_ = 'a';
  bool did_warn_ = false;
};

}  // namespace
}  // namespace device_sensors

SLUICE_PLUGIN(device_sensors::DeviceSensors,
              sluice::Description{.version = "1.0.0",
                                  .description = "Simulated motion readings of twelve phones.",
                                  .options = device_sensors::kOptions},
              device_sensors::kDeviceReadings);
