// The promises of the realistic profile, each over whole recordings and several seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "readings.hpp"

namespace {

using namespace device_sensors_test;

constexpr std::int64_t kStartUs = 1'700'000'000'000'000;  // of the fake host's clock

const std::map<std::string, double>& sample_rates() {
  static const auto* const rates =
      new std::map<std::string, double>{{"nexus4", 200}, {"galaxy_s21", 150}, {"iphone12", 100}, {"pixel6", 50}};
  return *rates;
}

struct Spell {
  std::size_t begin;
  std::size_t end;
};
std::vector<Spell> spells_of(const std::vector<Reading>& readings) {
  std::vector<Spell> spells;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (i == 0 || readings[i].gt != readings[i - 1].gt) spells.push_back({i, i});
    spells.back().end = i + 1;
  }
  return spells;
}

struct Moments {
  double mean;
  double deviation;
};
Moments moments(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / static_cast<double>(values.size()))};
}

/// Frequency of the largest component between 0.5 and 8 Hz, by the definition of the discrete Fourier transform.
double spectral_peak_hz(const std::vector<double>& values, double sample_hz) {
  const double mean = moments(values).mean;
  double best_hz = 0;
  double best_power = 0;
  for (double hz = 0.5; hz <= 8; hz += 0.1) {
    double real = 0;
    double imaginary = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / sample_hz;
      real += (values[i] - mean) * std::cos(angle);
      imaginary += (values[i] - mean) * std::sin(angle);
    }
    const double power = real * real + imaginary * imaginary;
    if (power > best_power) {
      best_power = power;
      best_hz = hz;
    }
  }
  return best_hz;
}

class RealisticAtFullRate : public testing::TestWithParam<const char*> {
 protected:
  RealisticAtFullRate()
      : devices_(by_device(simulate({{"profile", "realistic"}, {"duration", "60s"}, {"seed", GetParam()}}))) {}
  PerDevice devices_;
};

TEST_P(RealisticAtFullRate, SamplesEachModelAtItsRate) {
  ASSERT_EQ(devices_.size(), 12U);
  for (const auto& [device, readings] : devices_) {
    const double expected = 60 * sample_rates().at(readings[0].model);
    EXPECT_NEAR(static_cast<double>(readings.size()), expected, 2) << device;
  }
}

TEST_P(RealisticAtFullRate, MovesAsItsActivityDoes) {
  std::set<std::string> covered;
  for (const auto& [device, readings] : devices_) {
    const double sample_hz = sample_rates().at(readings[0].model);
    const auto ten_seconds = static_cast<std::size_t>(10 * sample_hz);
    for (const Spell& spell : spells_of(readings)) {
      if (spell.end - spell.begin < ten_seconds) continue;
      double first_peak = 0;
      for (std::size_t begin = spell.begin; begin + ten_seconds <= spell.end; begin += 4 * ten_seconds) {
        std::vector<double> magnitudes;
        for (std::size_t i = begin; i < begin + ten_seconds; ++i) magnitudes.push_back(readings[i].magnitude());
        const auto [mean, deviation] = moments(magnitudes);
        const std::string& gt = readings[begin].gt;
        covered.insert(gt);
        if (gt == "sit" || gt == "stand") {
          EXPECT_NEAR(mean, 9.81, 0.1) << device;
          EXPECT_LT(deviation, 0.1) << device;
          continue;
        }
        const double peak = spectral_peak_hz(magnitudes, sample_hz);
        if (gt == "walk") {
          EXPECT_GE(deviation, 1) << device;
          EXPECT_LE(deviation, 3) << device;
          EXPECT_GE(peak, 1.8 - 0.2) << device;
          EXPECT_LE(peak, 2.2 + 0.2) << device;
        } else {
          EXPECT_GT(deviation, 3) << device;
          EXPECT_GE(peak, 2.5 - 0.2) << device;
          EXPECT_LE(peak, 3.0 + 0.2) << device;
        }
        if (first_peak == 0) first_peak = peak;
        EXPECT_NEAR(peak, first_peak, 0.11) << "one frequency per spell";
      }
    }
  }
  EXPECT_GE(covered.size(), 3U);
}

TEST_P(RealisticAtFullRate, StampsWithADeviceClockThatRisesStrictlyAndAnArrivalThatFollows) {
  for (const auto& [device, readings] : devices_) {
    double least = 1e300;
    double most = -1e300;
    for (std::size_t i = 0; i < readings.size(); ++i) {
      const Reading& r = readings[i];
      if (i > 0) {
        ASSERT_GT(r.creation_ns, readings[i - 1].creation_ns) << device;
        ASSERT_GE(r.arrival_ms, readings[i - 1].arrival_ms) << device;
      }
      const double behind_s = static_cast<double>(r.creation_ns) * 1e-9 - static_cast<double>(r.arrival_ms) * 1e-3;
      ASSERT_LE(std::fabs(behind_s), 5.251) << device;  // offset, less 5 to 250 ms on the way
      least = std::min(least, behind_s);
      most = std::max(most, behind_s);
    }
    // The offset is fixed: only the way to the network (245 ms), truncation and a minute of drift may change the
    // distance.
    EXPECT_LE(most - least, 0.245 + 0.001 + 60 * 20e-6) << device;
    EXPECT_GE(most - least, 0.05) << device;
  }
}

TEST_P(RealisticAtFullRate, NeverArrivesInTheFutureOrLongAgo) {
  for (const auto& [device, readings] : devices_) {
    const double sample_hz = sample_rates().at(readings[0].model);
    for (std::size_t i = 0; i < readings.size(); ++i) {
      const double emitted_ms = kStartUs / 1000.0 + static_cast<double>(i) * 1000 / sample_hz;
      ASSERT_LE(static_cast<double>(readings[i].arrival_ms), emitted_ms + 30) << device;
      ASSERT_GE(static_cast<double>(readings[i].arrival_ms), emitted_ms - 600) << device;
    }
  }
}

TEST_P(RealisticAtFullRate, BelongsToOneUserAndCountsIndexByOne) {
  for (const auto& [device, readings] : devices_) {
    for (std::size_t i = 0; i < readings.size(); ++i) {
      ASSERT_EQ(readings[i].user, readings[0].user);
      ASSERT_EQ(readings[i].index, static_cast<int>(i) + 1);
    }
    EXPECT_GE(readings[0].user, "a");
    EXPECT_LE(readings[0].user, "i");
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RealisticAtFullRate, testing::Values("1", "2"));

TEST(RealisticOverHours, ChangesOnlyToANeighbourAfterHalfAMinuteToFiveMinutes) {
  const PerDevice devices =
      by_device(simulate({{"profile", "realistic"}, {"rate", "30"}, {"duration", "2h"}, {"seed", "4"}}));
  const std::vector<std::string> row = {"sit", "stand", "walk", "run"};
  const auto place = [&](const std::string& gt) { return std::find(row.begin(), row.end(), gt) - row.begin(); };
  int changes = 0;
  for (const auto& [device, readings] : devices) {
    const std::vector<Spell> spells = spells_of(readings);
    for (std::size_t i = 1; i < spells.size(); ++i) {
      const auto from = place(readings[spells[i - 1].begin].gt);
      const auto to = place(readings[spells[i].begin].gt);
      EXPECT_EQ(std::abs(from - to), 1) << device;
      ++changes;
      if (i + 1 == spells.size()) continue;  // cut off by the end
      const double seconds =
          static_cast<double>(readings[spells[i + 1].begin].creation_ns - readings[spells[i].begin].creation_ns) * 1e-9;
      EXPECT_GE(seconds, 30 - 1.1) << device;  // a sample may be a second away at this rate
      EXPECT_LE(seconds, 300 + 1.1) << device;
    }
  }
  EXPECT_GT(changes, 300);
}

TEST(RealisticOverHours, DriftsByAFixedRateOfAtMostTwentyPartsInAMillion) {
  const PerDevice devices =
      by_device(simulate({{"profile", "realistic"}, {"rate", "1"}, {"duration", "48h"}, {"seed", "6"}}));
  std::set<int> rates;
  for (const auto& [device, readings] : devices) {
    const auto slope = [&](std::size_t from, std::size_t to) {
      const double by_device_s = static_cast<double>(readings[to].creation_ns - readings[from].creation_ns) * 1e-9;
      const double by_host_s = static_cast<double>(readings[to].arrival_ms - readings[from].arrival_ms) * 1e-3;
      return by_device_s / by_host_s - 1;
    };
    const std::size_t last = readings.size() - 1;
    const double jitter = 0.246 / (24 * 3600);
    EXPECT_LE(std::fabs(slope(0, last)), 20e-6 + jitter / 2) << device;
    EXPECT_NEAR(slope(0, last / 2), slope(last / 2, last), 2.1 * jitter) << device;
    rates.insert(static_cast<int>(slope(0, last) * 1e6));
  }
  EXPECT_GT(rates.size(), 4U) << "each device has its own";
}

TEST(Realistic, ScalesAllRatesToTheTotalThatIsSet) {
  const PerDevice devices =
      by_device(simulate({{"profile", "realistic"}, {"rate", "150"}, {"duration", "100s"}, {"seed", "4"}}));
  std::size_t total = 0;
  for (const auto& [device, readings] : devices) {
    EXPECT_NEAR(static_cast<double>(readings.size()), 100 * sample_rates().at(readings[0].model) / 10, 2) << device;
    total += readings.size();
  }
  EXPECT_EQ(total, 15'000U);
}

TEST(Realistic, SendsABurstAsARecordingOfTheTimeBeforeNow) {
  const std::vector<Reading> readings =
      simulate({{"profile", "realistic"}, {"mode", "burst"}, {"events", "15000"}, {"seed", "4"}});
  EXPECT_LE(readings.back().arrival_ms, kStartUs / 1000);
  EXPECT_NEAR(static_cast<double>(readings.back().arrival_ms - readings.front().arrival_ms), 10'000, 300);
}

}  // namespace
