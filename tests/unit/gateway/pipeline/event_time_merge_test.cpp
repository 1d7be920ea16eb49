#include "pipeline/event_time_merge.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::pipeline {
namespace {

std::vector<EventTimeMerge::Reference> pop_all(EventTimeMerge& merge, std::int64_t now_us) {
  std::vector<EventTimeMerge::Reference> out(100);
  out.resize(merge.pop(now_us, out));
  return out;
}

TEST(EventTimeMerge, waits_for_an_input_that_is_known_to_have_more) {
  EventTimeMerge merge({});
  merge.set_input(0, true, true, 0);
  merge.set_input(1, true, true, 0);
  merge.push(0, 10, 1, 100, 0);
  merge.push(0, 30, 1, 101, 0);
  EXPECT_TRUE(pop_all(merge, 3'600'000'000).empty()) << "however long it takes";

  merge.push(1, 20, 1, 200, 3'600'000'000);

  EXPECT_EQ(pop_all(merge, 3'600'000'000), (std::vector<EventTimeMerge::Reference>{100, 200}));
}

TEST(EventTimeMerge, waits_for_a_silent_input_no_longer_than_the_idle_time) {
  EventTimeMerge merge({.idle_us = 1000});
  merge.set_input(0, true, false, 0);
  merge.set_input(1, true, false, 0);
  merge.push(0, 10, 1, 100, 500);

  EXPECT_TRUE(pop_all(merge, 999).empty());
  EXPECT_EQ(pop_all(merge, 1000).size(), 1U);
}

TEST(EventTimeMerge, lets_events_go_out_of_turn_rather_than_hold_too_much) {
  EventTimeMerge merge({.idle_us = 1'000'000, .max_bytes = 100});
  merge.set_input(0, true, false, 0);
  merge.set_input(1, true, true, 0);
  for (EventTimeMerge::Reference i = 0; i < 5; ++i) merge.push(0, 10, 30, i, 0);

  EXPECT_EQ(pop_all(merge, 0).size(), 2U);
  EXPECT_EQ(merge.forced(), 2U);
  EXPECT_EQ(merge.held_events(), 3U);
}

}  // namespace
}  // namespace sluice::pipeline
