#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "console/fields.hpp"
#include "console/line_view.hpp"
#include "console/table_view.hpp"
#include "console/text.hpp"

namespace sluice::console {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string joined(const std::vector<Field>& fields) {
  std::string text;
  for (const Field& field : fields) text += field.path + "=" + field.text + ";";
  return text;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(Printable, lets_nothing_through_that_a_terminal_obeys) {
  EXPECT_EQ(printable("a\x1b[2Jb\n\x7F"), "a?[2Jb??");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "?2J");
  EXPECT_EQ(printable("gr\xC3\xBC\xC3\x9F \xFF"), "gr\xC3\xBC\xC3\x9F ?");
}

TEST(Fitted, counts_code_points_and_not_bytes) {
  EXPECT_EQ(fitted("\xC3\xBC", 3), "\xC3\xBC  ");
  EXPECT_EQ(fitted("12", 4, true), "  12");
  EXPECT_EQ(fitted("abcdef", 4), "abc\xE2\x80\xA6");
}

TEST(ReadableNumber, rounds_decimals_and_speaks_of_bytes_where_the_name_does) {
  EXPECT_EQ(readable_number("3.14159", "x"), "3.14");
  EXPECT_EQ(readable_number("12345.678", "x"), "12345.7");
  EXPECT_EQ(readable_number("0.00012", "x"), "0.00012");
  EXPECT_EQ(readable_number("1234567", "count"), "1234567");
  EXPECT_EQ(readable_number("1536", "memory_used_bytes"), "1.5 KiB");
  EXPECT_EQ(readable_number("10.0", "disk_read_bytes_per_second"), "10 B/s");
}

TEST(Fields, flatten_objects_and_keep_lists_as_json) {
  EXPECT_EQ(
      joined(fields_of(R"({"device":"a\"b","s":{"x":{"mean":1.0},"y":2},"l":[1,{"k":"v"},[]],"m":[2],"n":null})")),
      "device=a\"b;s.x.mean=1.00;s.y=2;l=[1,{\"k\":\"v\"},[]];m=[2];n=null;");
}

TEST(Fields, show_what_is_no_json_object_as_one_value) {
  EXPECT_EQ(joined(fields_of("plain\x1b text")), "value=plain? text;");
  EXPECT_EQ(joined(fields_of("{\"torn\":")), "value={\"torn\":;");
  EXPECT_EQ(joined(fields_of("[1]")), "value=[1];");
}

TEST(LineView, aligns_time_topic_and_key) {
  setenv("TZ", "UTC", 1);
  LineView view({"short", "much-longer"}, {});

  EXPECT_EQ(view.line(0, 1'000, "key", R"({"a":1,"b":"x"})", false, 0), "00:00:00.001  short        key  a=1 b=x");
  EXPECT_EQ(view.line(1, 2'000, "k", "", true, 0), "00:00:00.002  much-longer  k    (deleted)");
}

TEST(LineView, cuts_to_the_width_of_the_screen_and_picks_fields) {
  LineView view({"t"}, {.has_color = false, .fields = {"b"}});

  const std::string line = view.line(0, 0, "", R"({"a":1,"b":"a long text"})", false, 24);

  EXPECT_EQ(width_of(line), 24U);
  EXPECT_THAT(line, HasSubstr("b=a"));
}

TEST(TableView, keeps_the_latest_row_per_key_in_columns) {
  TableView view({"stats"}, {});
  view.put(0, "b", fields_of(R"({"device":"b","n":1})"));
  view.put(0, "a", fields_of(R"({"device":"a","n":10})"));
  view.put(0, "b", fields_of(R"({"device":"b","n":200})"));

  EXPECT_THAT(view.render(40, 10, 0),
              ElementsAre("stats  3 events  0.0/s  2 rows", "  device    n", "  a        10", "  b       200", ""));
}

TEST(TableView, forgets_a_deleted_row) {
  TableView view({"stats"}, {});
  view.put(0, "a", fields_of(R"({"n":1})"));
  view.remove(0, "a");

  EXPECT_THAT(joined(view.render(60, 10, 0)), HasSubstr("waiting for events"));
}

TEST(TableView, gives_rates_per_second) {
  TableView view({"stats"}, {});
  view.render(60, 10, 0);
  for (int i = 0; i < 50; ++i) view.put(0, "a", fields_of(R"({"n":1})"));

  EXPECT_THAT(view.render(60, 10, 2'000'000).front(), HasSubstr("25.0/s"));
}

TEST(TableView, shortens_nested_names_as_long_as_they_differ) {
  TableView view({"stats"}, {});
  view.put(0, "a", fields_of(R"({"s":{"x":{"mean":1,"max":2},"y":{"mean":3}}})"));

  EXPECT_EQ(view.render(60, 10, 0)[1], "  x.mean  max  y.mean");
}

TEST(TableView, shows_one_wide_row_as_a_list) {
  TableView view({"host"}, {});
  std::string json = "{\"host\":\"edge\"";
  for (int i = 0; i < 20; ++i) json += ",\"a_long_name_" + std::to_string(i) + "\":" + std::to_string(i);
  view.put(0, "edge", fields_of(json + "}"));

  const std::string screen = joined(view.render(60, 20, 0));

  EXPECT_THAT(screen, HasSubstr("a_long_name_19"));
}

TEST(TableView, never_draws_more_than_the_screen_holds) {
  TableView view({"one", "two", "three"}, {.max_rows = 100, .fields = {}, .has_color = false});
  for (int i = 0; i < 2000; ++i) {
    view.put(static_cast<std::size_t>(i) % 3, std::to_string(i),
             fields_of(R"({"some_text":"xxxxxxxxxxxxxxxxxxxxxxxxxxxx","n":1})"));
  }
  for (std::size_t height = 1; height < 40; ++height) {
    for (const std::size_t width : {1U, 5U, 20U, 33U, 80U}) {
      const std::vector<std::string> lines = view.render(width, height, 0);
      EXPECT_LE(lines.size(), height);
      for (const std::string& line : lines) EXPECT_LE(width_of(line), width) << line;
    }
  }
}

TEST(TableView, keeps_the_last_events_of_a_topic_without_keys) {
  TableView view({"alerts"}, {});
  for (int i = 0; i < 20; ++i) view.put(0, "", fields_of("{\"n\":" + std::to_string(i) + "}"));

  EXPECT_THAT(view.render(60, 20, 0),
              ElementsAre(HasSubstr("20 events"), "   n", "  15", "  16", "  17", "  18", "  19", ""));
}

TEST(TableView, colours_only_when_asked) {
  TableView plain({"t"}, {});
  TableView coloured({"t"}, {.max_rows = 5, .fields = {}, .has_color = true});

  EXPECT_THAT(plain.render(60, 10, 0), Each(Not(HasSubstr("\x1b"))));
  EXPECT_THAT(coloured.render(60, 10, 0).front(), HasSubstr("\x1b[36m"));
}

}  // namespace
}  // namespace sluice::console
