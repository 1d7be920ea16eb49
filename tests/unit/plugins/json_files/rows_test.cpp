#include "json_files/rows.hpp"

#include <gtest/gtest.h>

#include "json_files/topic_files.hpp"

namespace sluice::json_files {
namespace {

std::string value(std::string_view payload, bool is_known_json) {
  std::string out;
  append_value(payload, is_known_json, out);
  return out;
}

TEST(AppendValue, keeps_json_as_it_is_on_one_line) {
  EXPECT_EQ(value("{\"a\":\n 1.0}", true), "{\"a\":  1.0}");
  EXPECT_EQ(value("[1,\"x\"]", false), "[1,\"x\"]");
}

TEST(AppendValue, makes_a_json_string_of_bytes_that_are_no_json) {
  EXPECT_EQ(value("say \"hi\"\n", false), R"("say \"hi\"\u000a")");
  EXPECT_EQ(value("{\"torn\":", false), R"("{\"torn\":")");
  EXPECT_EQ(value("\xFF\xC3\xA9\xED\xA0\x80", false), "\"\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(value("", false), "\"\"");
}

TEST(AppendValue, takes_what_is_nested_without_end_for_bytes) {
  const std::string deep(100'000, '[');

  EXPECT_EQ(value(deep, false), "\"" + deep + "\"");
  EXPECT_EQ(value("[[[[1]]]]", false), "[[[[1]]]]");
}

TEST(AppendEnvelope, says_where_the_value_comes_from) {
  std::string out;
  append_envelope({"orders", 2, 17, 1'762'252'200'123'456, "k\""}, "{\"id\":1}", true, false, out);

  EXPECT_EQ(
      out,
      R"({"topic":"orders","partition":2,"offset":17,"time":"2025-11-04T10:30:00.123456Z","key":"k\"","value":{"id":1}})");
}

TEST(AppendEnvelope, gives_a_deleted_row_the_value_null) {
  std::string out;
  append_envelope({"orders", 0, 1, 0, "k"}, "", true, true, out);

  EXPECT_TRUE(out.ends_with("\"value\":null}"));
}

TEST(NamePattern, must_keep_files_and_topics_apart_and_stay_below_the_directory) {
  EXPECT_EQ(problem_of_name("{topic}/{date}/{seq}.jsonl", 2), "");
  EXPECT_NE(problem_of_name("{topic}.jsonl", 1), "");
  EXPECT_NE(problem_of_name("{seq}.jsonl", 2), "");
  EXPECT_NE(problem_of_name("{seq}{host}", 1), "");
  EXPECT_NE(problem_of_name("{seq", 1), "");
  EXPECT_NE(problem_of_name("/tmp/{seq}", 1), "");
  EXPECT_NE(problem_of_name("../{seq}", 1), "");
}

TEST(SavedFiles, survive_the_way_to_text_and_back) {
  const auto decoded = decode_files(encode_files({{true, 123, 456, 7, "orders", "a b/orders-7.jsonl"}}));

  ASSERT_TRUE(decoded.has_value());
  ASSERT_EQ(decoded->size(), 1U);
  EXPECT_TRUE(decoded->front().is_open);
  EXPECT_EQ(decoded->front().length, 123);
  EXPECT_EQ(decoded->front().topic, "orders");
  EXPECT_EQ(decoded->front().name, "a b/orders-7.jsonl");
  EXPECT_FALSE(decode_files("anything").has_value());
  EXPECT_FALSE(decode_files("sluice-json-files 1\n1 2 3 4 torn\tna").has_value());
}

}  // namespace
}  // namespace sluice::json_files
