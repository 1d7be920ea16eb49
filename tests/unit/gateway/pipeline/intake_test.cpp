#include "pipeline/intake.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "journal/memory_journal.hpp"
#include "pipeline/table_store.hpp"
#include "support/fake_codec.hpp"
#include "support/manual_clock.hpp"

namespace sluice::pipeline {
namespace {

using namespace std::chrono_literals;
using sluice::testing::FakeCodec;
using sluice::testing::ManualClock;

Stream table_stream() {
  Stream stream;
  stream.name = "stats";
  stream.topic = "device-stats";
  stream.kind = StreamKind::kTable;
  return stream;
}

class IntakeTest : public ::testing::Test {
 protected:
  IntakeTest() : journal_({}, clock_), reader_(journal_.open_reader("test", Hold::kPins)) {
    stream_.name = "readings";
    stream_.schema = std::make_shared<SchemaSource>();
    raw_.id = 1;
    raw_.name = "raw";
    rows_ = table_stream();
    rows_.id = 2;
    rows_.schema = stream_.schema;
    table_ = std::make_unique<Table>(rows_, codec_, 100'000);
  }

  Intake intake() {
    return Intake({{"in", nullptr, nullptr, nullptr},
                   {"readings", &stream_, &codec_, nullptr},
                   {"raw", &raw_, &codec_, nullptr},
                   {"stats", &rows_, &codec_, table_.get()}},
                  journal_, clock_);
  }
  static EmittedEvent event(std::uint32_t stream, std::string_view payload, Encoding encoding = Encoding::kProtobuf) {
    EmittedEvent emitted;
    emitted.stream = stream;
    emitted.encoding = encoding;
    emitted.payload = payload;
    return emitted;
  }
  std::vector<JournalRecord> records() {
    std::vector<JournalRecord> all(1000);
    all.resize(reader_->read(all, 0ms));
    return all;
  }

  ManualClock clock_{777};
  FakeCodec codec_;
  Stream stream_;
  Stream raw_;
  Stream rows_;
  journal::MemoryJournal journal_;
  std::unique_ptr<JournalReader> reader_;
  std::unique_ptr<Table> table_;
};

TEST_F(IntakeTest, turns_json_into_wire_bytes_with_key_and_time) {
  stream_.key_field = "key";
  stream_.time_field = "time";
  Intake taking = intake();
  std::vector<EmittedEvent> events(300, event(1, "\"dev|42|text\"", Encoding::kJson));
  for (EmittedEvent& emitted : events) emitted.is_time_now = true;

  const EmitOutcome outcome = taking.emit(events);

  EXPECT_EQ(outcome.accepted, 300U);
  EXPECT_EQ(outcome.ticket, 300U);
  for (const JournalRecord& record : records()) {
    ASSERT_EQ(record.event.payload, "dev|42|text");
    ASSERT_EQ(record.event.key, "dev");
    ASSERT_EQ(record.event.event_time_us, 42);
  }
}

TEST_F(IntakeTest, takes_the_clock_when_the_event_brings_no_time) {
  Intake taking = intake();
  EmittedEvent emitted = event(2, "bytes", Encoding::kRaw);
  emitted.is_time_now = true;

  EXPECT_EQ(taking.emit({&emitted, 1}).accepted, 1U);

  EXPECT_EQ(records().at(0).event.event_time_us, 777);
}

TEST_F(IntakeTest, takes_what_stands_before_a_refused_event_and_says_why) {
  Intake taking = intake();
  const std::array<EmittedEvent, 3> events = {event(1, "a"), event(1, "{oops", Encoding::kJson), event(1, "b")};

  const EmitOutcome outcome = taking.emit(events);

  EXPECT_EQ(outcome.accepted, 1U);
  EXPECT_EQ(outcome.code, Code::kInvalid);
  EXPECT_EQ(outcome.error, "readings: $: not a text");
  EXPECT_EQ(taking.rejected().copy(), (Reasons{{"bad_json", 1}}));
}

TEST_F(IntakeTest, refuses_by_reason) {
  Intake taking = intake();
  const std::string huge((1U << 20U) + 1, 'x');
  EmittedEvent deletion = event(1, "");
  deletion.is_delete = true;
  const std::array<EmittedEvent, 6> events = {event(0, "x"), event(9, "x"),  event(1, "x", Encoding::kRaw),
                                              event(2, "x"), event(1, huge), deletion};
  for (const EmittedEvent& emitted : events) EXPECT_EQ(taking.emit({&emitted, 1}).code, Code::kInvalid);

  EXPECT_EQ(taking.rejected().copy(),
            (Reasons{{"bad_delete", 1}, {"encoding", 2}, {"no_such_stream", 2}, {"too_large", 1}}));
}

TEST_F(IntakeTest, puts_rows_into_tables_and_events_into_the_journal_in_one_call) {
  Intake taking = intake();
  std::array<EmittedEvent, 4> events = {event(1, "a"), event(3, "row"), event(3, ""), event(1, "b")};
  events[1].key = "k1";
  events[2].key = "k2";
  events[2].is_delete = true;

  EXPECT_EQ(taking.emit(events).accepted, 4U);

  EXPECT_EQ(records().size(), 2U);
  EXPECT_EQ(table_->stats().rows, 1U);
  EXPECT_EQ(taking.accepted(), 2U);
  EXPECT_EQ(taking.rows(), 2U);
}

}  // namespace
}  // namespace sluice::pipeline
