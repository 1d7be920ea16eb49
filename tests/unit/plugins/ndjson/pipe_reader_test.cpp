#include "ndjson/pipe_reader.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording_sink.hpp"

namespace sluice::ndjson {
namespace {

using testing::ElementsAre;

class PipeReaderTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0); }

  Descriptor writer() { return Descriptor(open(path_.c_str(), O_WRONLY | O_NONBLOCK)); }
  static void put(const Descriptor& file, std::string_view text) {
    ASSERT_EQ(write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  TempFolder folder_;
  const std::string path_ = folder_.path("fifo");
  RecordingSink sink_;
};

TEST_F(PipeReaderTest, is_for_fifos_and_standard_input_only) {
  folder_.write("file", "");

  EXPECT_TRUE(PipeReader::is_for("-"));
  EXPECT_TRUE(PipeReader::is_for(path_));
  EXPECT_FALSE(PipeReader::is_for(folder_.path("file")));
  EXPECT_FALSE(PipeReader::is_for(folder_.path("missing")));
}

TEST_F(PipeReaderTest, puts_lines_together_that_arrive_in_pieces) {
  PipeReader reader(path_, true, 1000);
  ASSERT_TRUE(reader.open());
  const Descriptor file = writer();
  put(file, "one\ntw");
  EXPECT_EQ(reader.step(sink_), PipeReader::Step::kMore);
  EXPECT_THAT(sink_.texts, ElementsAre("one"));
  put(file, "o\r\n");

  EXPECT_EQ(reader.step(sink_), PipeReader::Step::kMore);
  EXPECT_EQ(reader.step(sink_), PipeReader::Step::kEmpty);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two"));
}

TEST_F(PipeReaderTest, stays_open_for_the_next_writer_when_it_follows) {
  PipeReader reader(path_, true, 1000);
  ASSERT_TRUE(reader.open());
  put(writer(), "one\n");
  EXPECT_EQ(reader.step(sink_), PipeReader::Step::kMore);
  EXPECT_EQ(reader.step(sink_), PipeReader::Step::kEmpty);
  put(writer(), "two\n");

  EXPECT_EQ(reader.step(sink_), PipeReader::Step::kMore);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two"));
}

TEST_F(PipeReaderTest, finishes_when_the_last_writer_leaves_and_takes_the_unfinished_line) {
  PipeReader reader(path_, false, 1000);
  ASSERT_TRUE(reader.open());
  EXPECT_EQ(reader.step(sink_), PipeReader::Step::kEmpty);  // nobody has come yet
  put(writer(), "one\ntwo");

  EXPECT_EQ(reader.step(sink_), PipeReader::Step::kMore);
  EXPECT_EQ(reader.step(sink_), PipeReader::Step::kFinished);

  EXPECT_THAT(sink_.texts, ElementsAre("one", "two"));
}

TEST_F(PipeReaderTest, refuses_a_line_that_is_too_long_and_goes_on_behind_it) {
  PipeReader reader(path_, true, 1000);
  ASSERT_TRUE(reader.open());
  const Descriptor file = writer();
  for (int i = 0; i < 3; ++i) {
    put(file, std::string(1500, 'x'));
    EXPECT_EQ(reader.step(sink_), PipeReader::Step::kMore);
  }
  put(file, "\nok\n");

  EXPECT_EQ(reader.step(sink_), PipeReader::Step::kMore);

  EXPECT_THAT(sink_.texts, ElementsAre("ok"));
  EXPECT_THAT(sink_.refusals, ElementsAre("line_too_long 1"));
  EXPECT_THAT(sink_.numbers, ElementsAre(2));
}

TEST_F(PipeReaderTest, counts_what_was_read_and_not_taken_when_it_gives_up) {
  PipeReader reader(path_, true, 1000);
  ASSERT_TRUE(reader.open());
  sink_.room = 1;
  put(writer(), "one\ntwo\nthree\nhalf");
  EXPECT_EQ(reader.step(sink_), PipeReader::Step::kStopped);

  reader.give_up(sink_);

  EXPECT_THAT(sink_.texts, ElementsAre("one"));
  EXPECT_THAT(sink_.refusals, ElementsAre("unread_at_stop 2", "unread_at_stop 3", "unfinished_at_stop 4"));
}

}  // namespace
}  // namespace sluice::ndjson
