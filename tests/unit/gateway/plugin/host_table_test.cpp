#include "plugin/host_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "loader/fake_host.hpp"
#include "support/wait_until.hpp"

namespace sluice::plugin {
namespace {

using ::testing::ElementsAre;

constexpr std::uint64_t kEventMaxBytes = 100;

/// The C side of one instance: an events stream 0 with a schema, a table 1, an in stream 2, a raw stream 3.
class HostTableTest : public ::testing::Test {
 protected:
  static std::vector<BoundStream> streams() {
    const auto schema = std::make_shared<const SchemaSource>();
    std::vector<BoundStream> all(4);
    for (std::size_t i = 0; i < 3; ++i) all[i].schema = schema;
    all[1].kind = StreamKind::kTable;
    all[2].direction = Direction::kIn;
    return all;
  }
  static sluice_event_v1 event(std::uint32_t stream = 0, std::uint32_t encoding = SLUICE_ENCODING_PROTOBUF) {
    static constexpr std::uint8_t kPayload[] = {'p'};
    sluice_event_v1 out{};
    out.stream = stream;
    out.encoding = encoding;
    out.payload = {kPayload, 1};
    return out;
  }
  sluice_status emit(const std::vector<sluice_event_v1>& events) {
    const sluice_batch_v1 batch{sizeof batch, sizeof(sluice_event_v1), events.data(), events.size()};
    result_ = {sizeof result_, 0, 77, 77};
    error_ = {buffer_.data(), buffer_.size(), 0};
    return c().emit(c().context, &batch, &result_, &error_);
  }
  [[nodiscard]] const sluice_host_v1& c() const { return *table_.table(); }
  [[nodiscard]] std::string error_text() const { return {buffer_.data(), error_.size}; }

  testing::FakeHost host_;
  HostTable table_{host_, streams(), kEventMaxBytes};
  std::array<char, 100> buffer_{};
  sluice_error error_{};
  sluice_emit_result_v1 result_{};
};

TEST_F(HostTableTest, HandsABatchOnInChunks) {
  EXPECT_EQ(emit(std::vector<sluice_event_v1>(600, event())), SLUICE_OK);

  EXPECT_EQ(result_.accepted, 600U);
  EXPECT_EQ(result_.ticket, 600U);
  EXPECT_THAT(host_.batch_sizes(), ElementsAre(256U, 256U, 88U));
}

TEST_F(HostTableTest, TakesAnEmptyBatch) {
  EXPECT_EQ(emit({}), SLUICE_OK);
  EXPECT_EQ(result_.accepted, 0U);
  EXPECT_EQ(result_.ticket, 0U);
}

TEST_F(HostTableTest, SaysBusyAtTheFirstEventWithoutRoom) {
  host_.set_room(300);

  EXPECT_EQ(emit(std::vector<sluice_event_v1>(600, event())), SLUICE_BUSY);
  EXPECT_EQ(result_.accepted, 300U);
  EXPECT_EQ(result_.ticket, 300U);
}

TEST_F(HostTableTest, TakesTheEventsBeforeABadOne) {
  std::vector<sluice_event_v1> events(10, event());
  events[7].stream = 99;

  EXPECT_EQ(emit(events), SLUICE_REFUSED);
  EXPECT_EQ(result_.accepted, 7U);
  EXPECT_EQ(error_text(), "event.stream is not the number of a stream");
  EXPECT_EQ(host_.emitted().size(), 7U);
  EXPECT_EQ(host_.refused().size(), 1U);
}

TEST_F(HostTableTest, SaysBusyRatherThanRefusedWhenTheRoomEndsFirst) {
  std::vector<sluice_event_v1> events(10, event());
  events[7].stream = 99;
  host_.set_room(3);

  EXPECT_EQ(emit(events), SLUICE_BUSY);
  EXPECT_EQ(result_.accepted, 3U);
  EXPECT_TRUE(host_.refused().empty());
}

TEST_F(HostTableTest, HandsOnTheHostsRefusal) {
  host_.set_room(0);
  host_.set_answer(Code::kInvalid, "payload: field 3 is cut short");

  EXPECT_EQ(emit({event()}), SLUICE_REFUSED);
  EXPECT_EQ(error_text(), "payload: field 3 is cut short");
}

TEST_F(HostTableTest, TakesARowsDeletionOnlyWithAKey) {
  sluice_event_v1 row = event(1);
  row.flags = SLUICE_EVENT_DELETE;
  row.payload = {};
  EXPECT_EQ(emit({row}), SLUICE_REFUSED);
  row.key = {reinterpret_cast<const std::uint8_t*>("k"), 1};

  EXPECT_EQ(emit({row}), SLUICE_OK);
}

TEST_F(HostTableTest, RefusesInStreamsAndTheWrongEncoding) {
  EXPECT_EQ(emit({event(2)}), SLUICE_REFUSED);
  EXPECT_EQ(emit({event(3, SLUICE_ENCODING_JSON)}), SLUICE_REFUSED);
  EXPECT_EQ(emit({event(3, SLUICE_ENCODING_RAW)}), SLUICE_OK);
  EXPECT_EQ(emit({event(0, SLUICE_ENCODING_JSON)}), SLUICE_OK);
}

TEST_F(HostTableTest, TakesNothingAfterTheStopRequest) {
  table_.request_stop();

  EXPECT_EQ(emit({event()}), SLUICE_STOPPED);
  EXPECT_EQ(result_.accepted, 0U);
  EXPECT_EQ(c().is_stopping(c().context), 1U);
  EXPECT_EQ(c().wait(c().context, 1'000'000'000), SLUICE_STOPPED);
}

TEST_F(HostTableTest, IsCutOffByClose) {
  table_.close();

  EXPECT_EQ(emit({event()}), SLUICE_STOPPED);
  EXPECT_EQ(c().wait_durable(c().context, 1, 1000, &error_), SLUICE_FAILED);
  EXPECT_EQ(c().save_state(c().context, {}, &error_), SLUICE_FAILED);
  c().log(c().context, SLUICE_LOG_INFO, {"late", 4});
  EXPECT_GT(c().wall_time_us(c().context), 0);
  EXPECT_TRUE(host_.logged().empty());
  EXPECT_TRUE(host_.emitted().empty());
}

TEST_F(HostTableTest, CloseEndsAWaitWithoutEnd) {
  sluice_status waited = SLUICE_OK;
  std::thread plugin([&] { waited = c().wait(c().context, INT64_MAX); });
  ASSERT_TRUE(testing::wait_until([&] { return host_.waits() > 0; }));

  table_.close();
  plugin.join();

  EXPECT_EQ(waited, SLUICE_STOPPED);
}

TEST_F(HostTableTest, BoundsAndChecksWhatElseAPluginSays) {
  const std::string large(2'000'000, 'x');
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(large.data());

  error_ = {buffer_.data(), buffer_.size(), 0};
  EXPECT_EQ(c().save_state(c().context, {bytes, large.size()}, &error_), SLUICE_FAILED);
  EXPECT_EQ(error_text(), "save_state: state is larger than 1 MiB");
  EXPECT_EQ(c().save_state(c().context, {nullptr, 5}, &error_), SLUICE_FAILED);
  EXPECT_EQ(c().save_state(c().context, {bytes, 5}, &error_), SLUICE_OK);
  EXPECT_EQ(host_.state(), "xxxxx");
  c().log(c().context, 99, {large.data(), large.size()});
  c().log(c().context, SLUICE_LOG_INFO, {nullptr, 8});
  ASSERT_EQ(host_.logged().size(), 2U);
  EXPECT_LT(host_.logged()[0].size(), 10'000U);
  EXPECT_EQ(host_.logged()[1], "");
  c().refuse(c().context, {"No Name", 7}, {nullptr, 3}, nullptr, {nullptr, 9});
  EXPECT_EQ(host_.refused()[0].reason, "other");
}

TEST_F(HostTableTest, FindsARefusedInputOnlyInItsBatch) {
  std::array<ConsumerInput, 2> inputs;
  inputs[0].offset = 5;
  inputs[1].offset = 6;
  const std::array<sluice_input_v1, 2> theirs{};
  const sluice_input_v1 copy = theirs[1];
  const auto refuse = [&](const sluice_input_v1* input) {
    c().refuse(c().context, {"bad", 3}, {}, input, {});
    return host_.refused().back().offset;
  };

  table_.begin_batch(inputs, theirs.data());
  EXPECT_EQ(refuse(&theirs[1]), 6);
  EXPECT_EQ(refuse(&copy), -1);
  EXPECT_EQ(refuse(nullptr), -1);
  table_.end_batch();
  EXPECT_EQ(refuse(&theirs[1]), -1);
}

TEST(PutError, CutsAtACharacterAndIgnoresAUselessBuffer) {
  std::array<char, 4> buffer{};
  sluice_error error{buffer.data(), buffer.size(), 99};

  put_error(&error, "ab\u20ac");
  EXPECT_EQ(std::string(buffer.data(), error.size), "ab");
  error = {nullptr, 10, 0};
  put_error(&error, "text");
  put_error(nullptr, "text");
  EXPECT_EQ(error.size, 0U);
}

class ThrowingHost final : public InstanceHost {
 public:
  EmitOutcome emit(std::span<const EmittedEvent>) override { throw std::bad_alloc(); }
  Status wait_durable(Sequence, std::chrono::milliseconds) override { throw 1; }
  bool wait(std::chrono::microseconds) override { throw std::runtime_error("no"); }
  [[nodiscard]] bool is_stopping() const override { return false; }
  [[nodiscard]] const Clock& clock() const override { return clock_; }
  void log(LogLevel, std::string_view) override { throw std::runtime_error("no"); }
  void refuse(std::string_view, std::string_view, const ConsumerInput*, std::string_view) override { throw 1; }
  Status save_state(std::string_view) override { throw std::runtime_error("disk on fire"); }

 private:
  testing::ManualClock clock_;
};

TEST(HostBarrier, LetsNoExceptionIntoAPlugin) {
  ThrowingHost host;
  HostTable table(host, std::vector<BoundStream>(1), kEventMaxBytes);
  const sluice_host_v1& c = *table.table();
  std::array<char, 64> buffer{};
  sluice_error error{buffer.data(), buffer.size(), 0};
  sluice_event_v1 event{};
  event.encoding = SLUICE_ENCODING_RAW;
  const sluice_batch_v1 batch{sizeof batch, sizeof event, &event, 1};
  sluice_emit_result_v1 result{sizeof result, 0, 0, 0};

  EXPECT_EQ(c.emit(c.context, &batch, &result, &error), SLUICE_FAILED);
  EXPECT_EQ(c.wait_durable(c.context, 1, 1, &error), SLUICE_FAILED);
  EXPECT_EQ(c.wait(c.context, 1), SLUICE_FAILED);
  c.log(c.context, SLUICE_LOG_INFO, {"x", 1});
  c.refuse(c.context, {"x", 1}, {}, nullptr, {});
  EXPECT_EQ(c.save_state(c.context, {}, &error), SLUICE_FAILED);
  EXPECT_EQ(std::string(buffer.data(), error.size), "disk on fire");
}

}  // namespace
}  // namespace sluice::plugin
