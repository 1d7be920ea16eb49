/// The C++ layer, driven through the C ABI: BatchWriter against a host that is busy, refuses or stops; barriers;
/// dispatch.

#include "sluice/plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "everything.sluice.hpp"
#include "imported.sluice.hpp"
#include "support/fake_host.hpp"

namespace sluice::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Option kOptions[] = {
    {"text", OptionType::kString, "hello", "", "A text."},
    {"count", OptionType::kInteger, "3", "0..10", "A count."},
    {"pause", OptionType::kDuration, "250ms", "", "A pause."},
    {"size", OptionType::kBytes, "64KiB", "", "A size."},
    {"ratio", OptionType::kNumber, kNoDefault, "0..1", "A ratio."},
    {"is_on", OptionType::kBoolean, "true", "", "A switch."},
    {"mode", OptionType::kEnum, "slow", "slow|fast", "A mode."},
    {"names", OptionType::kList, "[\"a\", \"b\"]", "", "Names."},
};

constexpr auto kPlaces = out<sdk_test_imported::Place>({.name = "places", .topic = "places"});
constexpr auto kScalars = out<sdk_test::Scalars>({.name = "scalars", .topic = "scalars", .key = "a_string"});
constexpr auto kRows = table<sdk_test::Scalars>({.name = "rows", .topic = "rows", .key = "a_string"});
constexpr auto kUnlisted = out<sdk_test::Empty>({.name = "unlisted", .topic = "unlisted"});

template <class Stream, class Event>
concept CanEmit = requires(Source& source, const Stream& stream, const Event& event) {
  source.emit(stream, event);
};
static_assert(CanEmit<Out<sdk_test::Scalars>, sdk_test::Scalars>);
static_assert(!CanEmit<Out<sdk_test::Scalars>, sdk_test::Empty>, "the stream of another event");
static_assert(!CanEmit<Table<sdk_test::Scalars>, sdk_test::Scalars>, "rows are published");
static_assert(!CanEmit<In<sdk_test::Scalars>, sdk_test::Scalars>, "an in stream");

/// A source whose run is the test's.
class ScriptedSource final : public Source {
 public:
  static inline std::function<void(ScriptedSource&)> script;
  static inline std::function<void(const Context&)> on_create;
  explicit ScriptedSource(const Context& context) : Source(context) {
    if (on_create) on_create(context);
  }
  void run() override { script(*this); }
};

[[nodiscard]] const sluice_plugin_v1* scripted_source() {
  return plugin_entry<ScriptedSource>(
      "scripted_source", {.version = "1.2.3", .description = "Runs the test's script.", .options = kOptions}, kPlaces,
      kScalars, kRows);
}

class SourceTest : public ::testing::Test {
 protected:
  void TearDown() override {
    ScriptedSource::script = nullptr;
    ScriptedSource::on_create = nullptr;
  }
  sluice_status run(std::function<void(ScriptedSource&)> script) {
    ScriptedSource::script = std::move(script);
    FakeInstance source(scripted_source(), host_);
    const sluice_status status = source.run();
    error_ = source.error();
    return status;
  }
  FakeHost host_;
  std::string error_;
};

[[nodiscard]] sdk_test::Scalars numbered(int number) { return {.an_int32 = number, .a_string = "key"}; }

[[nodiscard]] std::vector<int> numbers_of(const std::vector<FakeEvent>& events) {
  std::vector<int> numbers;
  for (const FakeEvent& event : events) numbers.push_back(event.as<sdk_test::Scalars>().an_int32);
  return numbers;
}

TEST_F(SourceTest, DescribesItselfAsDataOfTheAbi) {
  const sluice_plugin_v1& plugin = *scripted_source();

  EXPECT_EQ(to_string(plugin.name), "scripted_source");
  EXPECT_EQ(plugin.kind, SLUICE_KIND_SOURCE);
  EXPECT_EQ(plugin.option_count, std::size(kOptions));
  EXPECT_EQ(plugin.stream_count, 3U);
  EXPECT_EQ(to_string(plugin.streams[1].message), "sdk_test.Scalars");
  EXPECT_EQ(plugin.streams[1].cleanup, SLUICE_CLEANUP_DELETE);
  EXPECT_EQ(plugin.streams[2].cleanup, SLUICE_CLEANUP_COMPACT);
  EXPECT_EQ(plugin.source->request_stop, nullptr) << "not overridden, so absent";
  EXPECT_EQ(scripted_source(), &plugin) << "the same pointer each time";
}

TEST_F(SourceTest, CarriesEachProtoOfItsStreamsOnce) {
  const std::string set = to_string(scripted_source()->descriptor_set);
  const auto count = [&](const std::string& name) {
    std::size_t found = 0;
    for (std::size_t at = set.find(name); at != std::string::npos; at = set.find(name, at + 1)) ++found;
    return found;
  };

  // A file's own name is followed by its package (field 2); an import of it is not.
  EXPECT_EQ(count("\x0eimported.proto\x12"), 1U);
  EXPECT_EQ(count("\x10"
                  "everything.proto\x12"),
            1U);
  EXPECT_EQ(count("sluice/options.proto\x12"), 1U);
}

TEST_F(SourceTest, ReadsEveryTypeOfOption) {
  ScriptedSource::on_create = [](const Context& context) {
    EXPECT_EQ(context.text("text"), "hello");
    EXPECT_EQ(context.integer("count"), 7);
    EXPECT_EQ(context.duration("pause"), std::chrono::milliseconds(250));
    EXPECT_EQ(context.bytes("size"), 65536);
    EXPECT_TRUE(context.boolean("is_on"));
    EXPECT_EQ(context.choice("mode"), "slow");
    EXPECT_THAT(context.list("names"), ElementsAre("a", "b"));
    EXPECT_FALSE(context.is_set("ratio"));
    EXPECT_TRUE(context.is_explicit("count"));
    EXPECT_FALSE(context.is_explicit("pause"));
    EXPECT_EQ(context.instance(), "under_test");
  };
  FakeInstance source(scripted_source(), host_, {.options = {{"count", "7"}}});

  EXPECT_TRUE(source.is_created()) << source.error();
}

TEST_F(SourceTest, FailsToBeCreatedNamingAnOptionTheTableLacks) {
  ScriptedSource::on_create = [](const Context& context) { (void)context.integer("windw"); };
  FakeInstance source(scripted_source(), host_);

  EXPECT_FALSE(source.is_created());
  EXPECT_THAT(source.error(), HasSubstr("\"windw\" is not in the plugin's option table"));
}

TEST_F(SourceTest, FailsToBeCreatedWhenAnOptionIsReadAsAnotherTypeOrHasNoValue) {
  ScriptedSource::on_create = [](const Context& context) { (void)context.integer("text"); };
  FakeInstance mistyped(scripted_source(), host_);
  ScriptedSource::on_create = [](const Context& context) { (void)context.number("ratio"); };
  FakeInstance unset(scripted_source(), host_);

  EXPECT_THAT(mistyped.error(), HasSubstr("\"text\" is read as another type"));
  EXPECT_THAT(unset.error(), HasSubstr("\"ratio\" has no value"));
}

TEST_F(SourceTest, EmitsInBatchesInOrderAndFlushesTheRest) {
  const std::size_t count = BatchWriter::kBatchEvents * 2 + 10;

  ASSERT_EQ(run([&](ScriptedSource& source) {
              for (std::size_t i = 0; i < count; ++i) source.emit(kScalars, numbered(static_cast<int>(i)));
            }),
            SLUICE_OK);

  EXPECT_EQ(host_.emit_calls, 3U);
  ASSERT_EQ(host_.events.size(), count);
  for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(numbers_of({host_.events[i]})[0], static_cast<int>(i));
}

TEST_F(SourceTest, GivesKeyAndTimeOnlyWhenAsked) {
  run([](ScriptedSource& source) {
    source.emit(kScalars, numbered(1));
    source.emit(kScalars, numbered(2), {.key = "given", .time = Time(Duration(5))});
    source.remove(kRows, "gone");
  });

  ASSERT_EQ(host_.events.size(), 3U);
  EXPECT_TRUE(host_.events[0].is_time_now());
  EXPECT_EQ(host_.events[0].key, "");
  EXPECT_FALSE(host_.events[1].is_time_now());
  EXPECT_EQ(host_.events[1].event_time_us, 5);
  EXPECT_EQ(host_.events[1].key, "given");
  EXPECT_TRUE(host_.events[2].is_delete());
  EXPECT_EQ(host_.events[2].key, "gone");
  EXPECT_EQ(host_.events[2].stream, 2U);
  EXPECT_EQ(host_.events[2].payload, "");
}

TEST_F(SourceTest, WaitsWhileTheHostIsBusyAndGoesOnWhereItStopped) {
  host_.emit_script = {{SLUICE_BUSY, 1, ""}, {SLUICE_BUSY, 0, ""}, {SLUICE_BUSY, 1, ""}};

  run([](ScriptedSource& source) {
    for (int i = 0; i < 4; ++i) source.emit(kScalars, numbered(i));
  });

  EXPECT_THAT(numbers_of(host_.events), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(host_.waits_us, ElementsAre(1000, 2000, 1000)) << "the pause doubles until something is taken";
}

TEST_F(SourceTest, PassesOverWhatIsRefusedAndCountsIt) {
  host_.emit_script = {{SLUICE_REFUSED, 1, "x: too long"}, {SLUICE_REFUSED, 0, "x: far too long"}};

  run([](ScriptedSource& source) {
    for (int i = 0; i < 4; ++i) source.emit(kScalars, numbered(i));
    EXPECT_TRUE(source.flush());
    EXPECT_EQ(source.writer().refused(), 2U);
    EXPECT_EQ(source.writer().accepted(), 2U);
    EXPECT_EQ(source.writer().refusal(), "x: far too long");
    EXPECT_EQ(source.writer().ticket(), 2U);
  });

  EXPECT_THAT(numbers_of(host_.events), ElementsAre(0, 3));
}

TEST_F(SourceTest, StopsWritingOnceTheInstanceIsStopped) {
  host_.emit_script = {{SLUICE_STOPPED, 1, ""}};

  ASSERT_EQ(run([](ScriptedSource& source) {
              for (int i = 0; i < 3; ++i) source.emit(kScalars, numbered(i));
              EXPECT_FALSE(source.flush());
              EXPECT_EQ(source.writer().unsent(), 2U);
              EXPECT_FALSE(source.emit(kScalars, numbered(9)));
            }),
            SLUICE_OK);

  EXPECT_THAT(numbers_of(host_.events), ElementsAre(0));
}

TEST_F(SourceTest, TriesOnceMoreWhenItIsStoppedWhileTheHostIsBusy) {
  host_.emit_script = {{SLUICE_BUSY, 0, ""}, {SLUICE_BUSY, 1, ""}};
  host_.stop_after_waits = 1;

  run([](ScriptedSource& source) {
    for (int i = 0; i < 3; ++i) source.emit(kScalars, numbered(i));
    EXPECT_FALSE(source.flush());
    EXPECT_EQ(source.writer().unsent(), 2U);
  });

  EXPECT_EQ(host_.emit_calls, 2U);
  EXPECT_THAT(numbers_of(host_.events), ElementsAre(0));
}

TEST_F(SourceTest, FailsWithTheHostsTextWhenABatchIsRejected) {
  host_.emit_script = {{SLUICE_FAILED, 0, "stride 3"}};

  EXPECT_EQ(run([](ScriptedSource& source) { source.emit(kScalars, numbered(1)); }), SLUICE_FAILED);
  EXPECT_EQ(error_, "emit: stride 3");
}

TEST_F(SourceTest, FailsWithTheTextOfWhatRunThrows) {
  EXPECT_EQ(run([](ScriptedSource&) { throw std::runtime_error("no device"); }), SLUICE_FAILED);
  EXPECT_EQ(error_, "no device");
  EXPECT_EQ(run([](ScriptedSource&) { throw 7; }), SLUICE_FAILED);
}

TEST_F(SourceTest, FailsWhenItEmitsToAStreamThatSluicePluginDoesNotList) {
  EXPECT_EQ(run([](ScriptedSource& source) { source.emit(kUnlisted, sdk_test::Empty{}); }), SLUICE_FAILED);
  EXPECT_THAT(error_, HasSubstr("\"unlisted\" is not listed in SLUICE_PLUGIN"));
}

TEST_F(SourceTest, TakesAnEventLargerThanItsArena) {
  const std::string large(BatchWriter::kArenaBytes * 2, 'l');

  run([&](ScriptedSource& source) {
    source.emit(kScalars, numbered(1));
    source.emit(kScalars, sdk_test::Scalars{.an_int32 = 2, .a_string = large});
    source.emit(kScalars, numbered(3));
  });

  EXPECT_THAT(numbers_of(host_.events), ElementsAre(1, 2, 3));
  EXPECT_EQ(host_.events[1].as<sdk_test::Scalars>().a_string, large);
}

TEST_F(SourceTest, SavesItsStateOrSaysWhyNot) {
  EXPECT_EQ(run([](ScriptedSource& source) { source.host().save_state("at 5"); }), SLUICE_OK);
  EXPECT_EQ(host_.saved_state, "at 5");
  host_.fail_save_state = true;
  EXPECT_EQ(run([](ScriptedSource& source) { source.host().save_state("at 6"); }), SLUICE_FAILED);
  EXPECT_EQ(error_, "save_state: disk full");
}

class ClumsyToStop final : public Source {
 public:
  using Source::Source;
  void run() override {}

 private:
  void request_stop() override { throw std::runtime_error("no one to wake"); }
};

TEST(RequestStop, IsPresentWhenOverriddenInPrivateAndLogsWhatItThrows) {
  FakeHost host;
  FakeInstance source(plugin_entry<ClumsyToStop>("clumsy", {.version = "1", .description = "Throws."}), host);

  source.request_stop();

  ASSERT_EQ(host.logs.size(), 1U);
  EXPECT_EQ(host.logs[0].level, static_cast<std::uint32_t>(SLUICE_LOG_ERROR));
  EXPECT_EQ(host.logs[0].text, "no one to wake");
}

constexpr auto kScalarsIn = in<sdk_test::Scalars>({.name = "scalars_in", .topic = "scalars"});
constexpr auto kPlacesIn = in<sdk_test_imported::Place>({.name = "places_in", .topic = "places"});

class Counter final : public Consumer<sdk_test::Scalars, sdk_test_imported::Place> {
 public:
  explicit Counter(const Context& context) : Consumer(context) {}

 private:
  void on(const sdk_test::Scalars& event, const Meta& meta) override {
    if (event.an_int32 < 0) throw std::runtime_error("negative");
    sum_ += event.an_int32;
    emit(kScalars, sdk_test::Scalars{.an_int32 = event.an_int32, .an_int64 = meta.offset, .a_string = meta.key});
  }
  void on(const sdk_test_imported::Place&, const Meta&) override { ++places_; }
  void on_delete(const Meta& meta) override { log_info("deleted " + std::string(meta.key)); }
  void on_gap(std::uint64_t events) override { log_warning("missing " + std::to_string(events)); }
  void on_tick(Time now) override {
    publish(kRows, sdk_test::Scalars{.an_int32 = sum_, .an_int64 = places_, .a_string = "all"}, {.time = now});
  }
  void save(StateWriter& out) override { out.write(std::to_string(sum_)); }
  void load(std::string_view state) override { sum_ = std::stoi(std::string(state)); }

  int sum_ = 0;
  int places_ = 0;
};

[[nodiscard]] const sluice_plugin_v1* counter() {
  return plugin_entry<Counter>("counter",
                               {.version = "1.0.0",
                                .description = "Counts.",
                                .tick_interval = std::chrono::milliseconds(500),
                                .order = Order::kEventTime,
                                .state_version = 3},
                               kScalarsIn, kPlacesIn, kScalars, kRows);
}

[[nodiscard]] FakeInput scalars(int number) {
  return {.stream = 0, .payload = wire_of(numbered(number)), .key = "k", .offset = 11};
}

TEST(ConsumerLayer, DispatchesEachStreamToItsOwnHandler) {
  FakeHost host;
  FakeInstance consumer(counter(), host);

  ASSERT_EQ(consumer.on_batch({scalars(2), {.stream = 1, .payload = ""}, scalars(3)}), SLUICE_OK) << consumer.error();
  ASSERT_EQ(consumer.on_tick(), SLUICE_OK);

  const auto row = host.events_of(3).at(0);
  EXPECT_EQ(row.as<sdk_test::Scalars>().an_int32, 5);
  EXPECT_EQ(row.as<sdk_test::Scalars>().an_int64, 1);
  EXPECT_EQ(row.event_time_us, host.wall_us);
  const auto echoed = host.events_of(2).at(0);
  const auto echo = echoed.as<sdk_test::Scalars>();
  EXPECT_EQ(echo.a_string, "k");
  EXPECT_EQ(echo.an_int64, 11);
}

TEST(ConsumerLayer, ShowsTheHostWhichCallbacksItHas) {
  const sluice_consumer_v1& table = *counter()->consumer;

  EXPECT_NE(table.save, nullptr);
  EXPECT_NE(table.on_tick, nullptr);
  EXPECT_EQ(table.state_version, 3U);
  EXPECT_EQ(table.tick_interval_ms, 500U);
  EXPECT_EQ(table.order, SLUICE_ORDER_EVENT_TIME);
}

TEST(ConsumerLayer, TellsATombstoneFromAnEmptyMessage) {
  FakeHost host;
  FakeInstance consumer(counter(), host);

  ASSERT_EQ(
      consumer.on_batch({{.stream = 0, .payload = "", .key = "k", .is_delete = true}, {.stream = 0, .payload = ""}}),
      SLUICE_OK);

  ASSERT_EQ(host.logs.size(), 1U);
  EXPECT_EQ(host.logs[0].text, "deleted k");
  EXPECT_EQ(host.events.size(), 1U);
}

TEST(ConsumerLayer, AnnouncesAGapBeforeTheBatch) {
  FakeHost host;
  FakeInstance consumer(counter(), host);

  ASSERT_EQ(consumer.on_batch({}, 12), SLUICE_OK);

  ASSERT_EQ(host.logs.size(), 1U);
  EXPECT_EQ(host.logs[0].text, "missing 12");
}

TEST(ConsumerLayer, SendsNothingOfABatchThatFailed) {
  FakeHost host;
  FakeInstance consumer(counter(), host);

  EXPECT_EQ(consumer.on_batch({scalars(2), scalars(-1)}), SLUICE_FAILED);
  EXPECT_EQ(consumer.error(), "negative");
  ASSERT_EQ(consumer.on_batch({}), SLUICE_OK);

  EXPECT_TRUE(host.events.empty());
}

TEST(ConsumerLayer, FailsTheBatchWhoseOutputWasNotTaken) {
  FakeHost host;
  host.request_stop();
  FakeInstance consumer(counter(), host);

  EXPECT_EQ(consumer.on_batch({scalars(2)}), SLUICE_FAILED);
  EXPECT_EQ(consumer.error(), "stopped before every output was taken");
}

TEST(ConsumerLayer, RefusesInputsOfStreamsItDoesNotRead) {
  FakeHost host;
  FakeInstance consumer(counter(), host);

  ASSERT_EQ(consumer.on_batch({{.stream = 9, .payload = ""}}), SLUICE_OK);

  ASSERT_EQ(host.refusals.size(), 1U);
  EXPECT_EQ(host.refusals[0].reason, "unknown_stream");
}

TEST(ConsumerLayer, ComesBackWithTheStateItSaved) {
  FakeHost host;
  std::string state;
  {
    FakeInstance before(counter(), host);
    ASSERT_EQ(before.on_batch({scalars(40)}), SLUICE_OK);
    ASSERT_EQ(before.save(state), SLUICE_OK);
  }
  FakeInstance after(counter(), host);

  ASSERT_EQ(after.load(state), SLUICE_OK);
  ASSERT_EQ(after.on_tick(), SLUICE_OK);
  EXPECT_EQ(host.events_of(3).at(0).as<sdk_test::Scalars>().an_int32, 40);
  EXPECT_EQ(after.load("not a number"), SLUICE_FAILED);
}

/// A generic consumer: takes whatever the configuration binds, as JSON, and hands it to the first raw stream.
class Copier final : public Consumer<> {
 public:
  explicit Copier(const Context& context) : Consumer(context) {
    for (const BoundStream& stream : context.streams()) {
      if (stream.direction == Direction::kOut) out_ = stream.number;
    }
  }
  void on_batch(const InputBatch& batch) override {
    for (const sluice_input_v1& input : batch) emit_raw(out_, from_abi(input.payload));
    emit_json(out_, "{}");
  }

 private:
  std::uint32_t out_ = 0;
};

[[nodiscard]] const sluice_plugin_v1* copier() {
  return plugin_entry<Copier>(
      "copier", {.version = "1", .description = "Copies.", .streams_from_config = true, .input_as_json = true});
}

TEST(GenericConsumer, TakesStreamsFromTheConfigurationAndBytesAsTheyCome) {
  FakeHost host;
  FakeInstance consumer(
      copier(), host,
      {.streams = {{.name = "in", .direction = SLUICE_DIRECTION_IN}, {.name = "out", .topic = "copied"}}});

  ASSERT_EQ(consumer.on_batch({{.stream = 0, .payload = "{\"a\":1}"}}), SLUICE_OK) << consumer.error();

  ASSERT_EQ(host.events.size(), 2U);
  EXPECT_EQ(host.events[0].payload, "{\"a\":1}");
  EXPECT_EQ(host.events[0].encoding, SLUICE_ENCODING_RAW);
  EXPECT_EQ(host.events[1].encoding, SLUICE_ENCODING_JSON);
  EXPECT_EQ(host.events[1].stream, 1U);
}

TEST(GenericConsumer, HasNoCallbacksItDidNotWrite) {
  const sluice_consumer_v1& table = *copier()->consumer;

  EXPECT_EQ(table.save, nullptr);
  EXPECT_EQ(table.load, nullptr);
  EXPECT_EQ(table.on_tick, nullptr);
  EXPECT_EQ(copier()->flags,
            static_cast<std::uint32_t>(SLUICE_PLUGIN_STREAMS_FROM_CONFIG | SLUICE_PLUGIN_INPUT_AS_JSON));
  EXPECT_EQ(copier()->descriptor_set.size, 0U);
}

}  // namespace
}  // namespace sluice::testing
