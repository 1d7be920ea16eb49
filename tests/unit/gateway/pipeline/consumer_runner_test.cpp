#include "pipeline/consumer_runner.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "journal/memory_journal.hpp"
#include "support/fake_codec.hpp"
#include "support/fake_instances.hpp"
#include "support/fake_subscription.hpp"
#include "support/manual_clock.hpp"
#include "support/quiet_log.hpp"
#include "support/temp_folder.hpp"
#include "support/wait_until.hpp"

namespace sluice::pipeline {
namespace {

using namespace std::chrono_literals;
using sluice::testing::ConsumerScript;
using sluice::testing::FakeCodec;
using sluice::testing::FakeConsumer;
using sluice::testing::FakeDecoder;
using sluice::testing::FakeLog;
using sluice::testing::FakeSubscription;
using sluice::testing::ManualClock;
using sluice::testing::QuietLog;
using sluice::testing::TempFolder;
using sluice::testing::wait_until;

class ConsumerRunnerTest : public ::testing::Test {
 protected:
  ConsumerRunnerTest() : journal_({}, clock_), dead_letters_(journal_, 0, clock_) {
    alerts_.id = 1;
    alerts_.name = "alerts";
    alerts_.schema = std::make_shared<SchemaSource>();
  }

  ConsumerSpec spec() {
    ConsumerSpec spec;
    spec.parts.name = "monitor";
    spec.parts.plugin = "device_monitor";
    spec.parts.streams = {{"readings", nullptr, nullptr, nullptr}, {"alerts", &alerts_, &codec_, nullptr}};
    spec.factory = [this](InstanceHost& host) -> Result<std::unique_ptr<ConsumerInstance>> {
      return std::unique_ptr<ConsumerInstance>(std::make_unique<FakeConsumer>(host, script_));
    };
    return spec;
  }
  ConsumerSpec kafka_spec(std::vector<std::string> topics) {
    ConsumerSpec from_kafka = spec();
    for (const std::string& topic : topics) from_kafka.topics.push_back({topic, 0, &decoder_});
    from_kafka.cluster = [this] { return cluster_; };
    from_kafka.subscribe = [this, topics](const ConsumerStart& start) -> Result<std::unique_ptr<Subscription>> {
      starts_.push_back(start);
      return std::unique_ptr<Subscription>(std::make_unique<FakeSubscription>(log_, topics, start.positions));
    };
    return from_kafka;
  }
  ConsumerSpec journal_spec() {
    ConsumerSpec from_journal = spec();
    from_journal.journal_streams = {{2, 0, nullptr}};
    return from_journal;
  }
  std::unique_ptr<ConsumerRunner> run(ConsumerSpec consumer) {
    auto runner = std::make_unique<ConsumerRunner>(std::move(consumer), journal_, dead_letters_, clock_, quiet_);
    EXPECT_TRUE(runner->start().ok());
    return runner;
  }
  static void stop(ConsumerRunner& runner) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    runner.request_stop(until);
    EXPECT_TRUE(runner.join_until(until));
  }
  void write(const std::string& topic, std::int32_t partition, const std::string& value) {
    log_.write(topic, partition, {"", value, 5, false});
  }
  void append(StreamId stream, std::string_view payload) {
    Event event;
    event.stream = stream;
    event.payload = payload;
    ASSERT_EQ(journal_.append({&event, 1}).accepted, 1U);
  }

  ManualClock clock_;
  QuietLog quiet_;
  FakeCodec codec_;
  FakeDecoder decoder_;
  FakeLog log_;
  ConsumerScript script_;
  std::string cluster_ = "cluster-1";
  std::vector<ConsumerStart> starts_;  // instance thread; read after the stop
  Stream alerts_;
  journal::MemoryJournal journal_;
  DeadLetters dead_letters_;
};

TEST_F(ConsumerRunnerTest, hands_decoded_input_over_and_refuses_what_cannot_be_decoded) {
  write("readings", 0, "<k|1|a>");
  write("readings", 0, "garbage");
  write("readings", 0, "<k|2|b>");
  const auto runner = run(kafka_spec({"readings"}));

  ASSERT_TRUE(wait_until([&] { return script_.seen == 2; }));
  stop(*runner);

  EXPECT_EQ(script_.payloads(), (std::vector<std::string>{"k|1|a", "k|2|b"}));
  const ConsumerStatus status = runner->status();
  EXPECT_EQ(status.consumed, 2U);
  EXPECT_EQ(status.refused, (Reasons{{"decode", 1}}));
  EXPECT_EQ(status.state, RunState::kStopped);
  EXPECT_EQ(dead_letters_.written(), 1U);
  EXPECT_EQ((log_.committed().at({"readings", 0})), 3);
}

TEST_F(ConsumerRunnerTest, goes_on_from_its_snapshot_after_a_restart_of_the_process) {
  TempFolder folder;
  ConsumerSpec first = kafka_spec({"readings"});
  first.snapshot_file = folder.path() / "monitor.consumer";
  write("readings", 0, "<1>");
  write("readings", 0, "<2>");
  auto runner = run(first);
  ASSERT_TRUE(wait_until([&] { return script_.seen == 2; }));
  stop(*runner);
  runner.reset();
  write("readings", 0, "<3>");

  runner = run(first);
  ASSERT_TRUE(wait_until([&] { return script_.seen == 3; }));
  stop(*runner);

  EXPECT_EQ(script_.payloads(), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(read_snapshot(first.snapshot_file)->snapshot.state, "3") << "state and input went on together";
}

TEST_F(ConsumerRunnerTest, keeps_only_the_state_when_the_cluster_is_another) {
  TempFolder folder;
  ConsumerSpec first = kafka_spec({"readings"});
  first.snapshot_file = folder.path() / "monitor.consumer";
  write("readings", 0, "<1>");
  auto runner = run(first);
  ASSERT_TRUE(wait_until([&] { return script_.seen == 1; }));
  stop(*runner);
  cluster_ = "cluster-2";

  runner = run(first);
  ASSERT_TRUE(wait_until([&] { return script_.seen == 2; }));
  stop(*runner);

  EXPECT_TRUE(starts_.back().positions.empty());
  EXPECT_EQ(read_snapshot(first.snapshot_file)->snapshot.state, "2");
}

TEST_F(ConsumerRunnerTest, starts_from_the_beginning_when_the_state_is_of_another_version) {
  TempFolder folder;
  ConsumerSpec first = kafka_spec({"readings"});
  first.snapshot_file = folder.path() / "monitor.consumer";
  write("readings", 0, "<1>");
  auto runner = run(first);
  ASSERT_TRUE(wait_until([&] { return script_.seen == 1; }));
  stop(*runner);
  script_.state_version = 2;

  runner = run(first);
  ASSERT_TRUE(wait_until([&] { return script_.seen == 2; }));
  stop(*runner);

  EXPECT_TRUE(quiet_.has("state version 1"));
}

TEST_F(ConsumerRunnerTest, restarts_a_failed_instance_from_its_last_snapshot_after_a_wait) {
  std::atomic<bool> must_fail{false};
  script_.on_input = [&](InstanceHost&, const ConsumerInput& input) {
    return must_fail && input.payload == "3" ? Status(Code::kInternal, "tripped over 3") : Status();
  };
  ConsumerSpec consumer = kafka_spec({"readings"});
  consumer.snapshot_events = 2;
  write("readings", 0, "<1>");
  write("readings", 0, "<2>");
  const auto runner = run(consumer);
  ASSERT_TRUE(wait_until([&] { return runner->status().snapshots == 1; }));
  must_fail = true;
  write("readings", 0, "<3>");
  ASSERT_TRUE(wait_until([&] { return runner->state() == RunState::kBackingOff; }));
  EXPECT_EQ(runner->status().last_error, "tripped over 3");
  must_fail = false;

  clock_.advance_us(1'000'000);

  ASSERT_TRUE(wait_until([&] { return script_.seen == 3; }));
  stop(*runner);
  EXPECT_EQ(script_.payloads(), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(runner->status().restarts, 1U);
}

TEST_F(ConsumerRunnerTest, ticks_on_the_gateways_clock) {
  const auto runner = run(kafka_spec({"readings"}));
  ASSERT_TRUE(wait_until([&] { return runner->state() == RunState::kRunning; }));
  EXPECT_EQ(script_.ticks, 0U);

  clock_.advance_us(1'000'000);

  EXPECT_TRUE(wait_until([&] { return script_.ticks == 1; }));
  stop(*runner);
  EXPECT_EQ(script_.ticks, 2U) << "and once more at the stop";
}

TEST_F(ConsumerRunnerTest, takes_outputs_of_the_last_tick) {
  script_.on_tick = [](InstanceHost& host) {
    EmittedEvent alert;
    alert.stream = 1;
    alert.payload = "alert";
    EXPECT_EQ(host.emit({&alert, 1}).accepted, 1U);
    return Status();
  };
  const auto runner = run(kafka_spec({"readings"}));

  stop(*runner);

  EXPECT_EQ(runner->status().published, 1U);
}

TEST_F(ConsumerRunnerTest, merges_topics_by_event_time_whatever_their_speed) {
  script_.is_ordered = true;
  for (int i = 0; i < 40; ++i) write("a", i % 2, "<k|" + std::to_string(2 * i) + "|a>");
  for (int i = 0; i < 10; ++i) write("b", 0, "<k|" + std::to_string(8 * i + 1) + "|b>");
  log_.open("a", 2);
  const auto runner = run(kafka_spec({"a", "b"}));
  ASSERT_TRUE(wait_until([&] {
    clock_.advance_us(100'000);
    return script_.seen == 50;
  }));
  stop(*runner);

  std::int64_t last_us = -1;
  for (const std::string& payload : script_.payloads()) {
    const std::int64_t time_us = std::stoll(payload.substr(2));
    EXPECT_GT(time_us, last_us);
    last_us = time_us;
  }
}

TEST_F(ConsumerRunnerTest, waits_for_the_first_answer_about_a_partition_before_it_merges) {
  script_.is_ordered = true;
  write("a", 0, "<k|10|a>");
  log_.open("b", 0);
  log_.hide_lag("b", 0, true);
  const auto runner = run(kafka_spec({"a", "b"}));
  const std::uint64_t begin = runner->advances();
  ASSERT_TRUE(wait_until([&] {
    if (clock_.monotonic_us() < 5'000'000) clock_.advance_us(100'000);
    return clock_.monotonic_us() >= 5'000'000 && runner->advances() > begin + 50;
  }));
  EXPECT_EQ(script_.seen, 0U);

  write("b", 0, "<k|5|b>");
  log_.hide_lag("b", 0, false);
  ASSERT_TRUE(wait_until([&] {
    clock_.advance_us(100'000);
    return script_.seen == 2;
  }));
  stop(*runner);

  EXPECT_EQ(script_.payloads(), (std::vector<std::string>{"k|5|b", "k|10|a"}));
}

TEST_F(ConsumerRunnerTest, reads_its_streams_from_the_journal_and_drains_it_at_a_stop) {
  const auto runner = run(journal_spec());
  append(2, "one");
  append(3, "of a stream it does not read");
  append(2, "two");

  stop(*runner);

  EXPECT_EQ(script_.payloads(), (std::vector<std::string>{"one", "two"}));
}

TEST_F(ConsumerRunnerTest, without_state_a_journal_consumer_goes_on_behind_what_it_used) {
  script_.can_save = false;
  std::atomic<bool> must_fail{true};
  script_.on_input = [&](InstanceHost&, const ConsumerInput& input) {
    return must_fail && input.payload == "two" ? Status(Code::kInternal, "no") : Status();
  };
  const auto runner = run(journal_spec());
  append(2, "one");
  ASSERT_TRUE(wait_until([&] { return script_.seen == 1; }));
  append(2, "two");
  ASSERT_TRUE(wait_until([&] { return runner->state() == RunState::kBackingOff; }));
  must_fail = false;
  clock_.advance_us(1'000'000);
  ASSERT_TRUE(wait_until([&] { return script_.seen == 2; }));
  stop(*runner);

  EXPECT_EQ(script_.payloads(), (std::vector<std::string>{"one", "two"}));
}

TEST_F(ConsumerRunnerTest, is_told_how_much_it_missed_when_retention_passed_its_position) {
  TempFolder folder;
  ConsumerSpec consumer = kafka_spec({"readings"});
  consumer.snapshot_file = folder.path() / "monitor.consumer";
  Snapshot saved;
  saved.plugin = "device_monitor";
  saved.state_version = 1;
  saved.cluster = cluster_;
  saved.positions = {{"readings", 0, 3, -1}};
  saved.state = "3";
  ASSERT_TRUE(write_snapshot(consumer.snapshot_file, saved, false).ok());
  for (int i = 0; i < 6; ++i) write("readings", 0, "<x>");
  consumer.subscribe = [this](const ConsumerStart&) -> Result<std::unique_ptr<Subscription>> {
    return std::unique_ptr<Subscription>(std::make_unique<FakeSubscription>(
        log_, std::vector<std::string>{"readings"}, std::vector<PartitionPosition>{{"readings", 0, 5, -1}}));
  };

  const auto runner = run(consumer);
  ASSERT_TRUE(wait_until([&] { return script_.seen == 1; }));
  stop(*runner);

  EXPECT_EQ(script_.gaps, 2U);
  EXPECT_EQ(runner->status().gap_events, 2U);
}

TEST_F(ConsumerRunnerTest, refuses_event_time_order_from_the_journal) {
  script_.is_ordered = true;
  ConsumerSpec ordered = journal_spec();
  ordered.is_required = true;
  ConsumerRunner runner(std::move(ordered), journal_, dead_letters_, clock_, quiet_);

  const Status started = runner.start();

  EXPECT_EQ(started.code(), Code::kInvalid);
  EXPECT_NE(started.text().find("expected from = \"kafka\""), std::string::npos) << started.text();
}

TEST_F(ConsumerRunnerTest, reports_a_required_consumer_that_cannot_be_made) {
  ConsumerSpec consumer = kafka_spec({"readings"});
  consumer.is_required = true;
  consumer.factory = [](InstanceHost&) -> Result<std::unique_ptr<ConsumerInstance>> {
    return Status(Code::kInvalid, "window must be positive");
  };
  ConsumerRunner runner(std::move(consumer), journal_, dead_letters_, clock_, quiet_);

  EXPECT_EQ(runner.start().text(), "consumer monitor: window must be positive");
  EXPECT_EQ(runner.state(), RunState::kFailed);
}

}  // namespace
}  // namespace sluice::pipeline
