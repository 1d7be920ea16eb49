/// Plugins in broken/ that load, and go wrong when an instance of them is used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "loader/loader_fixture.hpp"
#include "plugin/watched_call.hpp"
#include "support/wait_until.hpp"

namespace sluice::testing {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path kPlugins = LOADER_PLUGINS;

struct Instance {
  FakeHost host;
  Result<std::unique_ptr<SourceInstance>> source = Status(Code::kInternal, "not created");
};

std::unique_ptr<Instance> create(const std::string& name) {
  auto instance = std::make_unique<Instance>();
  const auto loaded = load_plugin(kPlugins / (name + ".so"));
  instance->source = loaded ? loaded->create_source(args_for(loaded->info(), name), instance->host)
                            : Result<std::unique_ptr<SourceInstance>>(loaded.status());
  return instance;
}

bool is_set_aside(const std::string& instance, const std::string& call) {
  const std::vector<plugin::SetAsideCall> calls = plugin::set_aside_calls();
  return std::any_of(calls.begin(), calls.end(), [&](const plugin::SetAsideCall& aside) {
    return aside.instance == instance && aside.call == call;
  });
}

std::string run_text(const std::string& name) {
  const auto instance = create(name);
  return instance->source ? (*instance->source)->run().text() : "not created: " + instance->source.status().text();
}

void expect_host_lives_on() {
  const auto sound = create("sound_source");
  ASSERT_TRUE(sound->source.ok()) << sound->source.status().text();
  EXPECT_TRUE((*sound->source)->run().ok());
  EXPECT_EQ(sound->host.emitted().size(), 1U);
}

TEST(Create, FailsWithThePluginsText) {
  EXPECT_EQ(create("create_fails_with_text")->source.status().text(),
            "create of instance 'create_fails_with_text' failed: no device at /dev/ttyUSB7");
  expect_host_lives_on();
}

TEST(Create, FailsWithATextCutToTheBuffer) {
  const std::string text = create("create_fails_with_endless_text")->source.status().text();

  EXPECT_THAT(text, HasSubstr("failed: xxxx"));
  EXPECT_LT(text.size(), 1100U);
  expect_host_lives_on();
}

TEST(Create, ThatThrowsFailsWithWhatItThrew) {
  EXPECT_EQ(create("create_throws")->source.status().text(),
            "create of instance 'create_throws' threw: port 7 is taken");
  expect_host_lives_on();
}

TEST(Create, ThatThrowsAnIntFails) {
  EXPECT_EQ(create("create_throws_int")->source.status().text(),
            "create of instance 'create_throws_int' threw something that is not a std::exception");
  expect_host_lives_on();
}

TEST(Create, ThatHangsIsSetAsideAndNamed) {
  const auto instance = create("create_hangs");

  EXPECT_EQ(instance->source.status().code(), Code::kTimeout);
  EXPECT_EQ(instance->source.status().text(),
            "create of instance 'create_hangs' did not return within 300 ms; its thread is set aside");
  EXPECT_TRUE(is_set_aside("create_hangs", "create"));
  expect_host_lives_on();
}

TEST(Create, ThatReturnsAfterItsDeadlineDestroysWhatItMade) {
  const auto instance = create("create_waits_for_host");

  EXPECT_EQ(instance->source.status().code(), Code::kTimeout);
  EXPECT_TRUE(wait_until([] { return !is_set_aside("create_waits_for_host", "create"); }))
      << "cut off, it comes back and is joined";
  EXPECT_STREQ(std::getenv("SLUICE_TEST_LATE_DESTROY"), "1");
}

TEST(Run, ThatThrowsFailsWithWhatItThrew) {
  EXPECT_EQ(run_text("run_throws"), "run of instance 'run_throws' threw: reading 12 of 10");
  expect_host_lives_on();
}

TEST(Run, ThatFailsWithoutTextStillSaysWhoFailed) {
  EXPECT_EQ(run_text("run_fails_without_text"),
            "run of instance 'run_fails_without_text' failed with status 5 and no text");
  EXPECT_EQ(run_text("run_returns_unknown_status"),
            "run of instance 'run_returns_unknown_status' failed with status 77 and no text");
}

TEST(Run, ThatIgnoresTheStopIsSetAsideAndNamed) {
  const auto instance = create("run_ignores_stop");
  ASSERT_TRUE(instance->source.ok()) << instance->source.status().text();
  SourceInstance& source = **instance->source;
  Status ran;
  std::thread runs([&] { ran = source.run(); });

  source.request_stop();
  runs.join();

  EXPECT_EQ(ran.code(), Code::kTimeout);
  EXPECT_EQ(
      ran.text(),
      "run of instance 'run_ignores_stop' did not return within 300 ms of the stop request; its thread is set aside");
  EXPECT_TRUE(is_set_aside("run_ignores_stop", "run"));
  EXPECT_EQ(source.run().code(), Code::kClosed) << "it is not started beside itself";
  expect_host_lives_on();
}

TEST(Run, EndsOrderlyWithoutRequestStop) {
  const auto instance = create("request_stop_absent");
  ASSERT_TRUE(instance->source.ok()) << instance->source.status().text();
  SourceInstance& source = **instance->source;
  Status ran(Code::kInternal, "never ran");
  std::thread runs([&] { ran = source.run(); });

  instance->host.stop();
  source.request_stop();
  runs.join();

  EXPECT_TRUE(ran.ok()) << ran.text();
}

TEST(Run, ThatEmitsAfterTheStopIsToldSo) {
  const auto instance = create("emits_after_stop");
  ASSERT_TRUE(instance->source.ok()) << instance->source.status().text();
  SourceInstance& source = **instance->source;

  instance->host.stop();
  source.request_stop();

  EXPECT_THAT(source.run().text(), HasSubstr("emit said STOPPED"));
  EXPECT_TRUE(instance->host.emitted().empty());
  expect_host_lives_on();
}

TEST(Destroy, ThatHangsIsLoggedAndSetAside) {
  auto instance = create("destroy_hangs");
  ASSERT_TRUE(instance->source.ok()) << instance->source.status().text();

  instance->source = Status(Code::kClosed, "destroyed");

  ASSERT_EQ(instance->host.logged().size(), 1U);
  EXPECT_EQ(instance->host.logged()[0],
            "destroy of instance 'destroy_hangs' did not return within 300 ms; its thread is set aside");
  expect_host_lives_on();
}

struct BadEmit {
  const char* plugin;
  const char* text;
};

class Emit : public ::testing::TestWithParam<BadEmit> {};

TEST_P(Emit, IsRefusedWithAReason) {
  const auto instance = create(GetParam().plugin);
  ASSERT_TRUE(instance->source.ok()) << instance->source.status().text();

  const Status ran = (*instance->source)->run();

  EXPECT_THAT(ran.text(), HasSubstr(GetParam().text));
  EXPECT_TRUE(instance->host.emitted().empty());
  ASSERT_EQ(instance->host.refused().size(), 1U) << "what is refused is counted";
  EXPECT_EQ(instance->host.refused()[0].reason, "malformed_event");
  expect_host_lives_on();
}

constexpr BadEmit kBadEmits[] = {
    {"emits_bad_stride", "failed: emit: batch.event_stride is not sizeof(sluice_event_v1)"},
    {"emits_null_batch", "failed: emit: batch is null or not aligned"},
    {"emits_null_result", "failed: emit: result is null or not aligned"},
    {"emits_null_payload", "failed: event.payload is a null pointer with a size"},
    {"emits_huge_payload", "failed: event.payload is larger than event_max_bytes"},
    {"emits_on_unknown_stream", "failed: event.stream is not the number of a stream"},
    {"emits_unknown_encoding", "failed: event.encoding is not 1 (protobuf), 2 (JSON) or 3 (raw)"},
    {"emits_raw_on_a_schema", "failed: event.encoding is raw, but the stream has a schema"},
    {"emits_unknown_flags", "failed: event.flags has a bit that is not known"},
    {"emits_delete_on_events", "failed: event.flags says delete, but the stream is no table"},
};
INSTANTIATE_TEST_SUITE_P(Broken, Emit, ::testing::ValuesIn(kBadEmits),
                         [](const auto& tested) { return std::string(tested.param.plugin); });

}  // namespace
}  // namespace sluice::testing
