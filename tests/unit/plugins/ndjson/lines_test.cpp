#include "ndjson/lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ndjson/positions.hpp"

namespace sluice::ndjson {
namespace {

std::vector<std::string> texts_of(const std::vector<Line>& lines) {
  std::vector<std::string> texts;
  for (const Line& line : lines) texts.emplace_back(line.text);
  return texts;
}

TEST(SplitLines, takes_off_both_line_ends_and_skips_blank_lines_but_counts_them) {
  std::vector<Line> lines;

  const Place behind = split_lines("{\"a\":1}\r\n\n \t\r\n  {}\nrest", {100, 7}, lines);

  EXPECT_EQ(texts_of(lines), (std::vector<std::string>{"{\"a\":1}", "  {}"}));
  EXPECT_EQ(lines[0].number, 8U);
  EXPECT_EQ(lines[0].end, 109);
  EXPECT_EQ(lines[1].number, 11U);
  EXPECT_EQ(behind.offset, 100 + 19);
  EXPECT_EQ(behind.line, 11U);
}

TEST(SplitLines, stays_where_it_is_without_a_line_end) {
  std::vector<Line> lines;

  const Place behind = split_lines("no end", {5, 1}, lines);

  EXPECT_TRUE(lines.empty());
  EXPECT_EQ(behind.offset, 5);
}

TEST(Block, grows_to_the_longest_line_and_no_further) {
  Block block(600U << 10U);

  EXPECT_TRUE(block.grow());
  EXPECT_TRUE(block.grow());
  EXPECT_FALSE(block.grow());
  EXPECT_EQ(block.bytes().size(), (600U << 10U) + 2);
}

TEST(Positions, survive_the_way_to_text_and_back_with_any_path) {
  const Position position{.path = "/var/log/odd \\ name\nwith newline",
                          .identity = {1, UINT64_MAX},
                          .offset = 123,
                          .line = 4,
                          .fingerprint = {256, UINT64_MAX},
                          .is_skipping = true};

  const auto decoded = decode_positions(encode_positions({position}, 1000));

  ASSERT_TRUE(decoded.has_value());
  ASSERT_EQ(decoded->size(), 1U);
  EXPECT_EQ(decoded->front().path, position.path);
  EXPECT_EQ(decoded->front().identity, position.identity);
  EXPECT_EQ(decoded->front().offset, 123);
  EXPECT_EQ(decoded->front().line, 4U);
  EXPECT_EQ(decoded->front().fingerprint, position.fingerprint);
  EXPECT_TRUE(decoded->front().is_skipping);
}

TEST(Positions, leave_out_the_first_ones_when_there_is_no_room) {
  Position position;
  position.path = std::string(100, 'x');
  std::vector<Position> positions(10, position);
  positions.back().path = "last";

  const auto decoded = decode_positions(encode_positions(positions, 200));

  ASSERT_TRUE(decoded.has_value());
  ASSERT_EQ(decoded->size(), 2U);
  EXPECT_EQ(decoded->back().path, "last");
}

TEST(Positions, refuse_text_that_is_not_theirs) {
  EXPECT_FALSE(decode_positions("").has_value());
  EXPECT_FALSE(decode_positions("sluice-ndjson 2\n").has_value());
  EXPECT_FALSE(decode_positions("sluice-ndjson 1\n1 2 -3 4 5 6 0 path\n").has_value());
  EXPECT_FALSE(decode_positions("sluice-ndjson 1\n1 2 3 4 5 6 0 torn").has_value());
  EXPECT_TRUE(decode_positions("sluice-ndjson 1\n").has_value());
}

}  // namespace
}  // namespace sluice::ndjson
