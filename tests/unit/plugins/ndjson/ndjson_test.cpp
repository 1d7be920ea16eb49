#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "recording_sink.hpp"
#include "support/fake_host.hpp"

extern "C" SLUICE_PLUGIN_ENTRY(ndjson);

namespace sluice::ndjson {
namespace {

using ::testing::ElementsAre;
using testing::FakeHost;
using testing::FakeInstance;
using testing::FakeSetup;
using testing::FakeStream;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> payloads(const FakeHost& host) {
  std::vector<std::string> all;
  for (const auto& event : host.events) all.push_back(event.payload);
  return all;
}

class NdjsonTest : public ::testing::Test {
 protected:
  FakeSetup setup(const std::string& name, std::uint32_t encoding = SLUICE_ENCODING_PROTOBUF) const {
    return {.options = {{"path", folder_.path(name)}, {"follow", "false"}},
            .streams = {{.name = "orders", .encoding = encoding, .topic = "orders"}},
            .instance = "under_test",
            .state_dir = {},
            .saved_state = {}};
  }

  TempFolder folder_;
  FakeHost host_;
};

TEST_F(NdjsonTest, emits_lines_of_a_stream_with_a_schema_as_json_and_finishes) {
  folder_.write("a", "{\"id\":1}\n\n{\"id\":2}");
  FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, setup("a"));

  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  EXPECT_THAT(payloads(host_), ElementsAre("{\"id\":1}", "{\"id\":2}"));
  EXPECT_EQ(host_.events[0].encoding, SLUICE_ENCODING_JSON);
  EXPECT_TRUE(host_.events[0].is_time_now());
}

TEST_F(NdjsonTest, carries_lines_of_a_raw_stream_through_untouched) {
  folder_.write("a", "not json \xFF\n");
  FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, setup("a", SLUICE_ENCODING_RAW));

  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  EXPECT_THAT(payloads(host_), ElementsAre("not json \xFF"));
  EXPECT_EQ(host_.events[0].encoding, SLUICE_ENCODING_RAW);
}

TEST_F(NdjsonTest, names_file_and_line_of_what_the_host_refuses_and_goes_on_behind_it) {
  folder_.write("a", "{\"id\":1}\n{oops\n{\"id\":3}\n");
  host_.emit_script = {{SLUICE_REFUSED, 1, "expected a field name"}};
  FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, setup("a"));

  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  EXPECT_THAT(payloads(host_), ElementsAre("{\"id\":1}", "{\"id\":3}"));
  ASSERT_EQ(host_.refusals.size(), 1U);
  EXPECT_EQ(host_.refusals[0].reason, "malformed_line");
  EXPECT_EQ(host_.refusals[0].detail, folder_.path("a") + ":2 (byte 9): expected a field name");
  EXPECT_EQ(host_.refusals[0].payload, "{oops");
}

TEST_F(NdjsonTest, waits_while_the_host_is_busy_and_repeats_nothing) {
  folder_.write("a", "1\n2\n3\n");
  host_.emit_script = {{SLUICE_BUSY, 1, ""}, {SLUICE_BUSY, 0, ""}, {SLUICE_OK, SIZE_MAX, ""}};
  FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, setup("a"));

  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  EXPECT_THAT(payloads(host_), ElementsAre("1", "2", "3"));
}

TEST_F(NdjsonTest, loses_and_repeats_nothing_over_a_stop_in_the_middle) {
  std::string text;
  std::vector<std::string> expected;
  for (int i = 0; i < 2000; ++i) {
    expected.push_back(std::to_string(i));
    text += expected.back() + "\n";
  }
  folder_.write("a", text);
  std::vector<std::string> got;
  FakeSetup first = setup("a");
  {
    host_.stop_after_events = 777;
    FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, first);
    ASSERT_EQ(source.run(), SLUICE_OK) << source.error();
    got = payloads(host_);
    ASSERT_EQ(got.size(), 777U);
  }

  FakeHost later;
  FakeSetup second = setup("a");
  second.saved_state = host_.saved_state;
  FakeInstance source(sluice_plugin_entry_v1_ndjson(), later, second);
  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  const auto rest = payloads(later);
  got.insert(got.end(), rest.begin(), rest.end());
  EXPECT_EQ(got, expected);
}

TEST_F(NdjsonTest, saves_no_position_that_is_not_durable) {
  folder_.write("a", "1\n2\n");
  host_.durable_status = SLUICE_TIMEOUT;
  FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, setup("a"));

  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  EXPECT_EQ(host_.events.size(), 2U);
  EXPECT_EQ(host_.saved_state, "");
}

TEST_F(NdjsonTest, fails_with_the_name_of_a_missing_file_that_it_shall_read_to_its_end) {
  FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, setup("missing"));

  EXPECT_EQ(source.run(), SLUICE_FAILED);

  EXPECT_THAT(source.error(), HasSubstr(folder_.path("missing")));
}

TEST_F(NdjsonTest, refuses_a_line_longer_than_allowed_and_takes_its_neighbours) {
  folder_.write("a", "1\n" + std::string(5000, 'x') + "\n3\n");
  FakeSetup with_limit = setup("a");
  with_limit.options["max_line_bytes"] = "1KiB";
  FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, with_limit);

  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  EXPECT_THAT(payloads(host_), ElementsAre("1", "3"));
  ASSERT_EQ(host_.refusals.size(), 1U);
  EXPECT_EQ(host_.refusals[0].reason, "line_too_long");
  EXPECT_THAT(host_.refusals[0].detail, HasSubstr(":2 "));
}

TEST_F(NdjsonTest, starts_without_a_saved_position_that_it_cannot_read) {
  folder_.write("a", "1\n");
  FakeSetup damaged = setup("a");
  damaged.saved_state = "damaged";
  FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, damaged);

  ASSERT_EQ(source.run(), SLUICE_OK) << source.error();

  EXPECT_THAT(payloads(host_), ElementsAre("1"));
  EXPECT_EQ(host_.logs.size(), 1U);
}

TEST_F(NdjsonTest, follows_a_file_that_grows_while_it_runs) {
  folder_.write("a", "1\n");
  FakeSetup following = setup("a");
  following.options["follow"] = "true";
  following.options["poll_interval"] = "1m";  // only the kernel's notice can be in time
  host_.stop_after_events = 2;
  FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, following);

  std::thread writer([&] { folder_.append("a", "2\n"); });
  EXPECT_EQ(source.run(), SLUICE_OK) << source.error();
  writer.join();

  EXPECT_THAT(payloads(host_), ElementsAre("1", "2"));
  EXPECT_NE(host_.saved_state, "");
}

TEST_F(NdjsonTest, ends_its_wait_when_it_is_asked_to_stop) {
  FakeSetup following = setup("none_yet");
  following.options["follow"] = "true";
  following.options["poll_interval"] = "1m";
  FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, following);

  std::thread stopper([&] { source.request_stop(); });
  EXPECT_EQ(source.run(), SLUICE_OK) << source.error();
  stopper.join();

  EXPECT_THAT(host_.events, IsEmpty());
}

TEST_F(NdjsonTest, needs_exactly_one_stream) {
  FakeSetup none = setup("a");
  none.streams.clear();

  const FakeInstance source(sluice_plugin_entry_v1_ndjson(), host_, none);

  EXPECT_FALSE(source.is_created());
  EXPECT_THAT(source.error(), HasSubstr("expected exactly one"));
}

}  // namespace
}  // namespace sluice::ndjson
