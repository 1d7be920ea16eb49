#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "support/fake_host.hpp"

extern "C" SLUICE_PLUGIN_ENTRY(console);

namespace sluice::console {
namespace {

using testing::FakeHost;
using testing::FakeInput;
using testing::FakeInstance;
using testing::FakeOptions;
using testing::FakeSetup;
using ::testing::HasSubstr;

/// Runs the plugin with its output caught: `body` drives the instance; what it printed until its end is returned.
template <class Body>
std::string printed(FakeHost& host, const FakeOptions& options, Body body) {
  const FakeSetup setup{
      .options = options,
      .streams =
          {{.name = "orders", .direction = SLUICE_DIRECTION_IN, .encoding = SLUICE_ENCODING_JSON, .topic = "orders"},
           {.name = "texts", .direction = SLUICE_DIRECTION_IN, .encoding = SLUICE_ENCODING_RAW, .topic = "texts"}},
      .instance = "screen",
      .state_dir = {},
      .saved_state = {}};
  ::testing::internal::CaptureStdout();
  {
    FakeInstance console(sluice_plugin_entry_v1_console(), host, setup);
    EXPECT_TRUE(console.is_created()) << console.error();
    body(console);
  }
  return ::testing::internal::GetCapturedStdout();
}

TEST(Console, prints_plain_aligned_lines_where_there_is_no_terminal) {
  FakeHost host;

  const std::string text = printed(host, {}, [](FakeInstance& console) {
    EXPECT_EQ(console.on_batch(
                  {{.stream = 0, .payload = R"({"id":1})", .key = "k"}, {.stream = 1, .payload = "hello", .key = ""}}),
              SLUICE_OK);
  });

  EXPECT_THAT(text, HasSubstr("  orders  k  id=1\n"));
  EXPECT_THAT(text, HasSubstr("  texts      hello\n"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Console, prints_payloads_as_they_are_in_format_json) {
  FakeHost host;

  const std::string text = printed(host, {{"format", "json"}}, [](FakeInstance& console) {
    EXPECT_EQ(console.on_batch({{.stream = 0, .payload = "{\"id\":\n1}"}, {.stream = 0, .payload = "{\"id\":2}"}}),
              SLUICE_OK);
  });

  EXPECT_EQ(text, "{\"id\": 1}\n{\"id\":2}\n");
}

TEST(Console, counts_what_a_fast_stream_has_beyond_its_lines_a_second) {
  FakeHost host;

  const std::string text = printed(host, {{"max_rate", "2"}}, [&](FakeInstance& console) {
    EXPECT_EQ(console.on_batch(std::vector<FakeInput>(10, {.stream = 0, .payload = R"({"id":1})"})), SLUICE_OK);
    host.advance(std::chrono::seconds(1));
    EXPECT_EQ(console.on_tick(), SLUICE_OK);
    EXPECT_EQ(console.on_batch({{.stream = 0, .payload = R"({"id":2})"}}), SLUICE_OK);
  });

  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  EXPECT_THAT(text, HasSubstr("8 more from orders\n"));
  EXPECT_THAT(text, HasSubstr("id=2"));
}

TEST(Console, tells_what_it_left_out_when_it_ends) {
  FakeHost host;

  const std::string text = printed(host, {{"max_rate", "1"}}, [](FakeInstance& console) {
    EXPECT_EQ(console.on_batch(std::vector<FakeInput>(3, {.stream = 1, .payload = "x"})), SLUICE_OK);
  });

  EXPECT_THAT(text, HasSubstr("2 more from texts\n"));
}

}  // namespace
}  // namespace sluice::console
