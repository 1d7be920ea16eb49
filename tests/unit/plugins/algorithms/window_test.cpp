#include "sluice/window.hpp"

#include <gtest/gtest.h>

#include <map>
#include <tuple>
#include <vector>

#include "sluice/random.hpp"

namespace {

using namespace sluice;

struct Count {
  std::int64_t events = 0;
  void merge(const Count& other) { events += other.events; }
  void save(SnapshotWriter& out) const { out.integer(events); }
  void load(SnapshotReader& in) { events = in.signed_integer(); }
  bool operator==(const Count&) const = default;
};

struct Event {
  KeyIds::Id key;
  std::int64_t time;
};

using Row = std::tuple<std::int64_t, std::int64_t, KeyIds::Id, std::int64_t>;  // end, start, key, events

/// Out of order by less than `disorder`, times from -500 on.
std::vector<Event> disordered_events(std::uint64_t seed, int count, std::int64_t disorder) {
  Rng rng(seed);
  std::vector<Event> events;
  for (int i = 0; i < count; ++i) {
    events.push_back({static_cast<KeyIds::Id>(rng.below(5)), i - 500 - rng.integer(0, disorder - 1)});
  }
  return events;
}

/// Each window that contains an event, counted from the whole list at once.
std::vector<Row> counted_at_once(const std::vector<Event>& events, std::int64_t size, std::int64_t slide) {
  std::map<std::tuple<std::int64_t, std::int64_t, KeyIds::Id>, std::int64_t> counts;
  for (const Event& event : events) {
    for (std::int64_t start = -10'000 * slide; start <= event.time; start += slide) {
      if (event.time < start + size) ++counts[{start + size, start, event.key}];
    }
  }
  std::vector<Row> rows;
  for (const auto& [window, count] : counts) {
    rows.emplace_back(std::get<0>(window), std::get<1>(window), std::get<2>(window), count);
  }
  return rows;
}

class Collector {
 public:
  void operator()(KeyIds::Id key, const WindowSpan& window, const Count& count) {
    rows_.emplace_back(window.end_us, window.start_us, key, count.events);
  }
  [[nodiscard]] std::vector<Row> sorted() const {
    std::vector<Row> rows = rows_;
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }

 private:
  std::vector<Row> rows_;
};

struct Shape {
  std::int64_t size;
  std::int64_t slide;
};

class TimeWindowsOf : public testing::TestWithParam<Shape> {};

TEST_P(TimeWindowsOf, CountEveryEventInEachOfItsWindowsOnce) {
  const auto [size, slide] = GetParam();
  const std::vector<Event> events = disordered_events(1, 1500, 40);
  TimeWindows<Count> windows(size, slide);
  Watermark watermark(40);
  Collector closed;
  for (const Event& event : events) {
    Count* slot = windows.slot(event.key, event.time);
    ASSERT_NE(slot, nullptr);
    ++slot->events;
    watermark.observe(event.time);
    windows.close_until(watermark.value_us(), closed);
  }
  windows.close_until(1'000'000, closed);

  EXPECT_EQ(closed.sorted(), counted_at_once(events, size, slide));
  EXPECT_EQ(windows.slice_count(), 0U);
}

TEST_P(TimeWindowsOf, GoOnFromASnapshotAsIfNothingHappened) {
  const auto [size, slide] = GetParam();
  const std::vector<Event> events = disordered_events(2, 600, 40);
  TimeWindows<Count> whole(size, slide);
  TimeWindows<Count> parts(size, slide);
  Watermark watermark(40);
  Collector of_whole;
  Collector of_parts;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i % 97 == 0) {
      SnapshotWriter out;
      parts.save(out);
      SnapshotReader in(out.bytes());
      parts = TimeWindows<Count>(size, slide);
      ASSERT_TRUE(parts.load(in, 5));
    }
    ++whole.slot(events[i].key, events[i].time)->events;
    ++parts.slot(events[i].key, events[i].time)->events;
    watermark.observe(events[i].time);
    whole.close_until(watermark.value_us(), of_whole);
    parts.close_until(watermark.value_us(), of_parts);
  }
  EXPECT_EQ(of_parts.rows(), of_whole.rows());
  EXPECT_FALSE(of_whole.rows().empty());
}

INSTANTIATE_TEST_SUITE_P(Shapes, TimeWindowsOf,
                         testing::Values(Shape{10, 10}, Shape{60, 1}, Shape{60, 20}, Shape{7, 7}));

TEST(TimeWindows, RefuseAnEventWhoseWindowsHaveAllClosed) {
  TimeWindows<Count> windows(10, 10);
  windows.close_until(20, Collector());

  EXPECT_EQ(windows.slot(0, 19), nullptr);
  EXPECT_NE(windows.slot(0, 20), nullptr);
}

TEST(TimeWindows, TakeALateEventIntoTheWindowsThatAreStillOpen) {
  TimeWindows<Count> windows(10, 5);
  windows.close_until(14, Collector());  // closed: [0, 10)
  ++windows.slot(0, 7)->events;

  Collector closed;
  windows.close_until(100, closed);

  EXPECT_EQ(closed.rows(), (std::vector<Row>{{15, 5, 0, 1}}));
}

TEST(TimeWindows, SkipALongSilenceAtOnce) {
  TimeWindows<Count> windows(10, 1);
  ++windows.slot(0, 0)->events;
  ++windows.slot(0, 3'000'000'000'000'000)->events;
  Collector closed;
  windows.close_until(4'000'000'000'000'000, closed);
  EXPECT_EQ(closed.rows().size(), 20U);
}

TEST(TimeWindows, RefuseASnapshotOfOtherSizesOrCutShort) {
  TimeWindows<Count> windows(10, 5);
  ++windows.slot(3, 7)->events;
  SnapshotWriter out;
  windows.save(out);

  SnapshotReader other(out.bytes());
  EXPECT_FALSE(TimeWindows<Count>(10, 10).load(other, 4));
  SnapshotReader cut(out.bytes().substr(0, out.bytes().size() - 1));
  EXPECT_FALSE(TimeWindows<Count>(10, 5).load(cut, 4));
  SnapshotReader unknown_key(out.bytes());
  EXPECT_FALSE(TimeWindows<Count>(10, 5).load(unknown_key, 3));
}

TEST(Watermark, FollowsTheLargestTimeAtADistanceAndNeverGoesBack) {
  Watermark watermark(10);
  watermark.observe(100);
  watermark.observe(50);
  EXPECT_EQ(watermark.value_us(), 90);
  watermark.advance(95);
  watermark.observe(101);
  EXPECT_EQ(watermark.value_us(), 95);
}

TEST(CountWindows, CloseAfterSoManyEventsOfAKeyAlsoAcrossASnapshot) {
  CountWindows<Count> windows(3);
  std::vector<std::int64_t> closed;
  const auto add = [&](KeyIds::Id key, std::int64_t value) {
    windows.add(
        key, [&](Count& sum) { sum.events += value; }, [&](const Count& sum) { closed.push_back(sum.events); });
  };
  for (const std::int64_t value : {1, 2}) add(0, value);
  add(4, 100);
  SnapshotWriter out;
  windows.save(out);
  windows = CountWindows<Count>(3);
  SnapshotReader in(out.bytes());
  ASSERT_TRUE(windows.load(in));
  for (const std::int64_t value : {3, 4, 5, 6}) add(0, value);

  EXPECT_EQ(closed, (std::vector<std::int64_t>{6, 15}));
}

}  // namespace
