#include "ndjson/follower.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recording_sink.hpp"

namespace sluice::ndjson {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A follower of `names` in a folder of its own; time stands still unless a test moves it.
class FollowerTest : public testing::Test {
 protected:
  std::unique_ptr<Follower> follow(const std::vector<std::string>& names, bool is_following = true,
                                   bool starts_at_end = false) {
    FollowOptions options;
    for (const std::string& name : names) options.paths.push_back(folder_.path(name));
    options.is_following = is_following;
    options.starts_at_end = starts_at_end;
    options.rotate_wait_us = 0;
    options.max_line_bytes = max_line_bytes_;
    auto follower =
        std::make_unique<Follower>(options, sink_, [this](const std::string& text) { warnings_.push_back(text); });
    return follower;
  }

  void read_all(Follower& follower) {
    follower.scan(now_us_);
    while (follower.pass(now_us_) == Follower::Pass::kMore) {
    }
  }

  TempFolder folder_;
  RecordingSink sink_;
  std::vector<std::string> warnings_;
  std::size_t max_line_bytes_ = 1U << 20U;
  std::int64_t now_us_ = 1'000'000;
};

TEST_F(FollowerTest, reads_what_is_there_and_then_what_is_added) {
  folder_.write("a", "one\ntwo\n");
  const auto follower = follow({"a"});
  read_all(*follower);
  folder_.append("a", "three\n");

  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two", "three"));
  EXPECT_THAT(sink_.numbers, ElementsAre(1, 2, 3));
}

TEST_F(FollowerTest, waits_for_the_end_of_an_unfinished_line) {
  folder_.write("a", "one\ntw");
  const auto follower = follow({"a"});
  read_all(*follower);
  EXPECT_THAT(sink_.texts, ElementsAre("one"));
  folder_.append("a", "o\n");

  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two"));
}

TEST_F(FollowerTest, takes_the_unfinished_last_line_when_it_does_not_follow_and_is_finished) {
  folder_.write("a", "one\ntwo");
  folder_.write("empty", "");
  const auto follower = follow({"a", "empty"}, /*is_following=*/false);

  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two"));
  EXPECT_TRUE(follower->is_finished());
  EXPECT_EQ(follower->first_trouble(), "");
}

TEST_F(FollowerTest, finishes_a_renamed_file_before_the_one_that_took_its_name) {
  folder_.write("a", "one\n");
  const auto follower = follow({"a"});
  read_all(*follower);
  folder_.append("a", "two\nunfinished");
  folder_.rename("a", "a.1");
  folder_.write("a", "three\n");

  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two", "unfinished", "three"));
}

TEST_F(FollowerTest, leaves_a_renamed_file_only_after_it_was_quiet) {
  FollowOptions options;
  options.paths = {folder_.path("a")};
  options.rotate_wait_us = 5'000'000;
  folder_.write("a", "one\n");
  Follower follower(options, sink_, [](const std::string&) {});
  read_all(follower);
  folder_.rename("a", "a.1");
  folder_.write("a", "three\n");
  read_all(follower);
  folder_.append("a.1", "two\n");  // the writer has not seen the rename yet
  now_us_ += 4'000'000;
  read_all(follower);
  EXPECT_THAT(sink_.texts, ElementsAre("one", "two"));

  now_us_ += 5'000'000;
  read_all(follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two", "three"));
}

TEST_F(FollowerTest, reads_a_truncated_file_from_its_beginning) {
  folder_.write("a", "first\nsecond\nunfin");
  const auto follower = follow({"a"});
  read_all(*follower);
  folder_.write("a", "x\n");

  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("first", "second", "x"));
  EXPECT_THAT(sink_.numbers, ElementsAre(1, 2, 1));
  EXPECT_THAT(sink_.refusals, ElementsAre("truncated_line 3"));
}

TEST_F(FollowerTest, notices_a_truncated_file_that_has_grown_beyond_the_old_position) {
  folder_.write("a", "one\n");
  const auto follower = follow({"a"});
  read_all(*follower);
  folder_.write("a", "other content, longer than before\n");

  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "other content, longer than before"));
}

TEST_F(FollowerTest, goes_on_after_a_restart_where_the_sink_had_taken_everything) {
  folder_.write("a", "one\ntwo\nthree\n");
  auto follower = follow({"a"});
  sink_.room = 2;
  follower->scan(now_us_);
  EXPECT_EQ(follower->pass(now_us_), Follower::Pass::kStopped);
  const std::string state = follower->state();
  sink_.room = SIZE_MAX;
  follower = follow({"a"});

  ASSERT_TRUE(follower->restore(state));
  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two", "three"));
  EXPECT_THAT(sink_.numbers, ElementsAre(1, 2, 3));
}

TEST_F(FollowerTest, finds_a_file_that_was_rotated_while_it_was_stopped) {
  folder_.write("a", "one\n");
  auto follower = follow({"a"});
  read_all(*follower);
  const std::string state = follower->state();
  folder_.append("a", "two\n");
  folder_.rename("a", "a.1");
  folder_.write("a", "three\n");
  follower = follow({"a"});

  ASSERT_TRUE(follower->restore(state));
  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two", "three"));
}

TEST_F(FollowerTest, says_so_when_the_file_read_last_is_gone_after_a_restart) {
  folder_.write("a", "one\n");
  auto follower = follow({"a"});
  read_all(*follower);
  const std::string state = follower->state();
  folder_.write("b", "keeps the inode number of a from being used again\n");
  folder_.remove("a");
  folder_.write("c", "new\n");
  folder_.rename("c", "a");
  follower = follow({"a"});

  ASSERT_TRUE(follower->restore(state));
  read_all(*follower);

  EXPECT_EQ(sink_.texts.back(), "new");
  EXPECT_EQ(warnings_.size(), 1U);
}

TEST_F(FollowerTest, does_not_take_another_file_of_the_same_number_for_the_one_it_knows) {
  folder_.write("a", "one\n");
  auto follower = follow({"a"});
  read_all(*follower);
  const std::string state = follower->state();
  folder_.write("a", "completely different\n");  // the same inode, as after delete and create
  follower = follow({"a"});

  ASSERT_TRUE(follower->restore(state));
  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "completely different"));
}

TEST_F(FollowerTest, reads_a_file_once_when_a_pattern_finds_it_again_under_its_rotated_name) {
  folder_.write("log", "one\n");
  const auto follower = follow({"log*"});
  read_all(*follower);
  folder_.rename("log", "log.1");
  folder_.write("log", "two\n");
  read_all(*follower);
  folder_.append("log.1", "late\n");

  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two", "late"));
}

TEST_F(FollowerTest, begins_at_the_end_of_files_that_exist_but_reads_later_ones_whole) {
  folder_.write("a", "old\nhalf");
  const auto follower = follow({"a", "b"}, true, /*starts_at_end=*/true);
  read_all(*follower);
  folder_.append("a", " a line\nnew\n");
  folder_.write("b", "whole\n");

  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("new", "whole"));
}

TEST_F(FollowerTest, refuses_a_line_that_is_too_long_once_and_goes_on_behind_it) {
  max_line_bytes_ = 300U << 10U;
  folder_.write("a", "one\n" + std::string(1'000'000, 'x') + "\ntwo\n");
  const auto follower = follow({"a"});

  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two"));
  EXPECT_THAT(sink_.refusals, ElementsAre("line_too_long 2"));
  EXPECT_THAT(sink_.numbers, ElementsAre(1, 3));
}

TEST_F(FollowerTest, takes_a_line_that_is_just_as_long_as_allowed) {
  max_line_bytes_ = 300U << 10U;
  folder_.write("a", std::string(300U << 10U, 'x') + "\r\ntwo\n");
  const auto follower = follow({"a"});

  read_all(*follower);

  ASSERT_EQ(sink_.texts.size(), 2U);
  EXPECT_EQ(sink_.texts[0].size(), 300U << 10U);
  EXPECT_THAT(sink_.refusals, IsEmpty());
}

TEST_F(FollowerTest, leaves_out_a_byte_order_mark) {
  folder_.write("a", "\xEF\xBB\xBF{}\n");
  const auto follower = follow({"a"});

  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("{}"));
}

TEST_F(FollowerTest, waits_for_a_missing_file_and_says_so_once) {
  const auto follower = follow({"a"});
  read_all(*follower);
  read_all(*follower);
  EXPECT_EQ(warnings_.size(), 1U);
  folder_.write("a", "one\n");

  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one"));
}

TEST_F(FollowerTest, names_what_it_could_not_read_when_it_is_finished) {
  std::filesystem::create_directory(folder_.path("folder"));
  const auto follower = follow({"folder", "none*"}, /*is_following=*/false);

  read_all(*follower);

  EXPECT_TRUE(follower->is_finished());
  EXPECT_THAT(follower->first_trouble(), testing::HasSubstr("expected a file"));
}

TEST_F(FollowerTest, drops_positions_of_files_that_the_configuration_no_longer_names) {
  folder_.write("a", "one\n");
  auto follower = follow({"a"});
  read_all(*follower);
  const std::string state = follower->state();
  folder_.append("a", "two\n");
  folder_.write("b", "other\n");
  follower = follow({"b"});

  ASSERT_TRUE(follower->restore(state));
  read_all(*follower);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "other"));
}

TEST_F(FollowerTest, reads_many_blocks_without_losing_or_repeating_a_line) {
  std::string text;
  for (int i = 0; i < 50'000; ++i)
    text += "line " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 97), '.') + "\n";
  folder_.write("a", text);
  const auto follower = follow({"a"}, /*is_following=*/false);

  read_all(*follower);

  ASSERT_EQ(sink_.texts.size(), 50'000U);
  EXPECT_EQ(sink_.texts.back().substr(0, 10), "line 49999");
  EXPECT_EQ(sink_.numbers.back(), 50'000U);
}

}  // namespace
}  // namespace sluice::ndjson
