#include "sluice/stats.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

#include "sluice/random.hpp"

namespace {

using namespace sluice;

/// The definition, in two passes and with longer doubles.
Summary two_pass(const std::deque<double>& values) {
  long double sum = 0;
  for (const double value : values) sum += value;
  const long double mean = sum / static_cast<long double>(values.size());
  long double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {values.size(), static_cast<double>(mean),
          static_cast<double>(std::sqrt(squares / static_cast<long double>(values.size()))), *low, *high};
}

void expect_equal(const Summary& actual, const Summary& expected) {
  EXPECT_EQ(actual.count, expected.count);
  EXPECT_NEAR(actual.mean, expected.mean, 1e-9 * std::fabs(expected.mean));
  EXPECT_NEAR(actual.std, expected.std, 1e-9 * expected.std);
  EXPECT_EQ(actual.min, expected.min);
  EXPECT_EQ(actual.max, expected.max);
}

struct Case {
  double offset;
  double spread;
};

class RollingStatisticsOver : public testing::TestWithParam<Case> {};

TEST_P(RollingStatisticsOver, AgreesWithTwoPassesAfterEachValue) {
  const auto [offset, spread] = GetParam();
  Rng rng(17);
  RollingStatistics rolling(50);
  std::deque<double> last;
  for (int i = 0; i < 500; ++i) {
    const double value = offset + rng.real(-spread, spread);
    rolling.add(value);
    last.push_back(value);
    if (last.size() > 50) last.pop_front();
    expect_equal(rolling.summary(), two_pass(last));
  }
}

INSTANTIATE_TEST_SUITE_P(Offsets, RollingStatisticsOver,
                         testing::Values(Case{0, 0.05}, Case{1e9, 1e-3}, Case{-1e9, 1}, Case{1e12, 1}, Case{9.81, 1e-9},
                                         Case{0, 1e150}, Case{0, 1e-150}));

TEST(RollingStatistics, ForgetsAnOutlierCompletely) {
  RollingStatistics rolling(3);
  rolling.add(1e18);
  for (const double value : {1.0, 2.0, 3.0}) rolling.add(value);

  const Summary summary = rolling.summary();

  EXPECT_EQ(summary.mean, 2.0);
  EXPECT_DOUBLE_EQ(summary.std, std::sqrt(2.0 / 3.0));
  EXPECT_EQ(summary.max, 3.0);
}

TEST(RollingStatistics, OfEqualValuesHasNoDeviation) {
  RollingStatistics rolling(50);
  for (int i = 0; i < 60; ++i) rolling.add(0.1);
  EXPECT_EQ(rolling.summary().std, 0);
  EXPECT_EQ(rolling.summary().mean, 0.1);
}

TEST(RollingStatistics, OfNothingIsZero) { EXPECT_EQ(RollingStatistics(5).summary().count, 0U); }

TEST(RollingStatistics, GoesOnFromASnapshotAsIfNothingHappened) {
  RollingStatistics whole(7);
  RollingStatistics first(7);
  for (int i = 0; i < 10; ++i) {
    whole.add(i);
    first.add(i);
  }
  SnapshotWriter out;
  first.save(out);
  RollingStatistics second(7);
  SnapshotReader in(out.bytes());
  second.load(in);
  for (int i = 10; i < 13; ++i) {
    whole.add(i);
    second.add(i);
  }
  EXPECT_TRUE(in.is_complete());
  expect_equal(second.summary(), whole.summary());
}

TEST(RollingStatistics, KeepsTheNewestValuesWhenTheWindowShrankAndGoesOnFillingWhenItGrew) {
  RollingStatistics saved(5);
  for (int i = 1; i <= 9; ++i) saved.add(i);
  SnapshotWriter out;
  saved.save(out);

  RollingStatistics smaller(2);
  SnapshotReader for_smaller(out.bytes());
  smaller.load(for_smaller);
  expect_equal(smaller.summary(), two_pass({8, 9}));
  smaller.add(10);
  expect_equal(smaller.summary(), two_pass({9, 10}));

  RollingStatistics larger(6);
  SnapshotReader for_larger(out.bytes());
  larger.load(for_larger);
  larger.add(10);
  larger.add(11);
  expect_equal(larger.summary(), two_pass({6, 7, 8, 9, 10, 11}));
}

TEST(CompensatedSum, KeepsWhatPlainAdditionLoses) {
  CompensatedSum sum;
  sum.add(1e16);
  for (int i = 0; i < 1000; ++i) sum.add(0.5);
  sum.add(-1e16);
  EXPECT_EQ(sum.value(), 500.0);
}

TEST(CompensatedSum, MergesExactly) {
  CompensatedSum left;
  CompensatedSum right;
  left.add(1e16);
  for (int i = 0; i < 10; ++i) right.add(0.1);
  right.add(-1e16);
  left.merge(right);
  EXPECT_NEAR(left.value(), 1.0, 1e-15);
}

TEST(RunningStatistics, AgreesWithTwoPassesAlsoFarFromZeroAndMerged) {
  Rng rng(23);
  std::deque<double> all;
  RunningStatistics whole;
  RunningStatistics left;
  RunningStatistics right;
  for (int i = 0; i < 10'000; ++i) {
    const double value = 1e6 + rng.normal();
    all.push_back(value);
    whole.add(value);
    (i < 3000 ? left : right).add(value);
  }
  left.merge(right);
  left.merge(RunningStatistics{});
  expect_equal(whole.summary(), two_pass(all));
  expect_equal(left.summary(), two_pass(all));
}

TEST(Snapshot, NeverReadsPastTheEnd) {
  SnapshotWriter out;
  out.integer(std::int64_t{-5});
  out.text("hello");
  out.boolean(true);
  out.real(2.5);
  const std::string_view bytes = out.bytes();
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    SnapshotReader in(bytes.substr(0, size));
    const std::int64_t number = in.signed_integer();
    const std::string_view text = in.text();
    const bool flag = in.boolean();
    const double real = in.real();
    ASSERT_EQ(in.is_complete(), size == bytes.size()) << size;
    if (!in.is_ok()) continue;
    EXPECT_EQ(number, -5);
    EXPECT_EQ(text, "hello");
    EXPECT_TRUE(flag);
    EXPECT_EQ(real, 2.5);
  }
}

TEST(Snapshot, RefusesACountThatCannotFit) {
  SnapshotWriter out;
  out.integer(std::uint64_t{1} << 60U);
  SnapshotReader in(out.bytes());
  EXPECT_EQ(in.count(8), 0U);
  EXPECT_FALSE(in.is_ok());
}

}  // namespace
