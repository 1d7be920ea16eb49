#include "pipeline/forwarder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "journal/memory_journal.hpp"
#include "pipeline/accounting.hpp"
#include "pipeline/partitioner.hpp"
#include "support/fake_codec.hpp"
#include "support/fake_producer.hpp"
#include "support/manual_clock.hpp"
#include "support/quiet_log.hpp"

namespace sluice::pipeline {
namespace {

using namespace std::chrono_literals;
using sluice::testing::FakeCodec;
using sluice::testing::FakeProducer;
using sluice::testing::ManualClock;
using sluice::testing::QuietLog;
using Outcome = FakeProducer::Outcome;

constexpr StreamId kDead = 0;
constexpr StreamId kReadings = 1;
constexpr StreamId kRaw = 2;
constexpr StreamId kStats = 3;
constexpr StreamId kByField = 4;

/// A forwarder between a real memory journal and a fake producer, stepped by hand.
class ForwarderTest : public ::testing::Test {
 protected:
  ForwarderTest() {
    add("dead_letters", "dead-letters");
    add("readings", "readings");
    add("raw", "raw");
    add("stats", "stats").kind = StreamKind::kTable;
    Stream& by_field = add("by_field", "by-field");
    by_field.partitioning = Partitioning::kField;
    by_field.partition_map = {{"one", 1}, {"eight", 8}};
    codecs_ = {&json_, &json_, &bytes_, &json_, &json_};
    journal_options_.budget_bytes = 1U << 20U;
    journal_options_.owner_of_stream = {0, 1, 1, 1, 1};
  }

  Stream& add(std::string name, std::string topic) {
    Stream stream;
    stream.name = std::move(name);
    stream.topic = std::move(topic);
    return streams_.add(std::move(stream));
  }

  void start() {
    journal_ = std::make_unique<journal::MemoryJournal>(journal_options_, clock_);
    tables_ = std::make_unique<TableStore>(streams_, codecs_, 1U << 20U);
    dead_letters_ = std::make_unique<DeadLetters>(*journal_, kDead, clock_);
    forwarder_ = std::make_unique<Forwarder>(options_, *journal_, producer_, streams_, codecs_, *tables_,
                                             *dead_letters_, clock_, log_);
    ASSERT_TRUE(forwarder_->open().ok());
  }

  void append(StreamId stream, std::string_view key, std::string_view payload) {
    Event event;
    event.stream = stream;
    event.key = key;
    event.payload = payload;
    ASSERT_EQ(journal_->append({&event, 1}).accepted, 1U);
  }

  Account account() const { return take_account(forwarder_->ledger(), *journal_, streams_); }

  void step(int times = 1) {
    for (int i = 0; i < times; ++i) {
      forwarder_->step(0ms);
      const Account now = account();
      ASSERT_EQ(now.total.unaccounted, 0);
      for (const StreamAccount& stream : now.streams) ASSERT_EQ(stream.events.unaccounted, 0);
    }
  }

  std::vector<std::string> values(std::string_view topic) const {
    std::vector<std::string> all;
    for (const auto& record : producer_.delivered()) {
      if (record.topic == topic) all.push_back(record.value);
    }
    return all;
  }

  ManualClock clock_;
  QuietLog log_;
  FakeCodec json_;
  FakeCodec bytes_{true};
  StreamSet streams_;
  std::vector<const StreamCodec*> codecs_;
  FakeProducer producer_;
  Forwarder::Options options_;
  journal::MemoryJournal::Options journal_options_;
  std::unique_ptr<journal::MemoryJournal> journal_;
  std::unique_ptr<TableStore> tables_;
  std::unique_ptr<DeadLetters> dead_letters_;
  std::unique_ptr<Forwarder> forwarder_;
};

TEST_F(ForwarderTest, sends_encoded_and_untouched_values_and_accounts_for_them) {
  start();
  append(kReadings, "k", "one");
  append(kRaw, "", "bytes");
  EXPECT_EQ(account().total.pending, 2U);

  step(3);

  EXPECT_EQ(values("readings"), std::vector<std::string>{"<one>"});
  EXPECT_EQ(values("raw"), std::vector<std::string>{"bytes"});
  EXPECT_EQ(account().total.delivered, 2U);
  EXPECT_EQ(account().total.pending, 0U);
  EXPECT_EQ(account().streams[1].events.delivered, 1U);
}

TEST_F(ForwarderTest, releases_the_journal_only_up_to_the_oldest_unresolved_event) {
  options_.block_events = 1;
  producer_.reports_per_poll = 1;
  start();
  producer_.is_down = true;
  for (int i = 0; i < 3; ++i) append(kReadings, "", "x");
  step(3);
  EXPECT_EQ(journal_->stats(nullptr).released_events, 0U);

  producer_.is_down = false;
  step();

  EXPECT_EQ(journal_->stats(nullptr).released_events, 1U);
}

TEST_F(ForwarderTest, chooses_partitions_by_key_field_and_block) {
  producer_.partitions = 3;
  start();
  append(kReadings, "alpha", "x");
  append(kByField, "", "k|1|one");
  append(kByField, "", "k|1|eight");
  append(kByField, "", "k|1|other");
  step(3);

  const auto records = producer_.delivered();
  std::map<std::string, std::int32_t> partition_of;
  for (const auto& record : records) partition_of[record.value] = record.partition;
  EXPECT_EQ(partition_of["<x>"], partition_of_key("alpha", 3));
  EXPECT_EQ(partition_of["<k|1|one>"], 1);
  EXPECT_EQ(partition_of["<k|1|eight>"], 2) << "taken modulo the count";
  EXPECT_EQ(partition_of["<k|1|other>"], partition_of_key("other", 3));
}

TEST(Partitioner, keeps_keyless_events_together_in_blocks_and_spreads_the_blocks) {
  Stream stream;
  EXPECT_EQ(choose_partition(stream, "", "", 512, 3), choose_partition(stream, "", "", 1023, 3));
  EXPECT_NE(choose_partition(stream, "", "", 512, 3), choose_partition(stream, "", "", 1024, 3));
  stream.partitioning = Partitioning::kRoundRobin;
  EXPECT_EQ(choose_partition(stream, "key", "", 64, 3), choose_partition(stream, "other", "", 127, 3));
  EXPECT_NE(choose_partition(stream, "", "", 64, 3), choose_partition(stream, "", "", 128, 3));
}

TEST_F(ForwarderTest, goes_on_where_a_full_queue_stopped_it) {
  producer_.queue_limit = 3;
  start();
  for (int i = 0; i < 20; ++i) append(kReadings, "", std::to_string(i));

  step(30);

  std::vector<std::string> expected;
  for (int i = 0; i < 20; ++i) expected.push_back("<" + std::to_string(i) + ">");
  EXPECT_EQ(values("readings"), expected);
}

TEST_F(ForwarderTest, bounds_what_is_in_flight) {
  options_.max_in_flight_events = 10;
  options_.block_events = 4;
  start();
  producer_.is_down = true;
  for (int i = 0; i < 50; ++i) append(kReadings, "", "x");

  step(20);

  EXPECT_EQ(forwarder_->count_unresolved(), 10U);
  EXPECT_EQ(producer_.queued(), 10U);
  EXPECT_EQ(account().total.pending, 50U);
}

TEST_F(ForwarderTest, makes_a_dead_letter_of_what_cannot_be_encoded) {
  start();
  append(kReadings, "k", "bad one");
  append(kReadings, "k", "good");

  step(4);

  EXPECT_EQ(values("readings"), std::vector<std::string>{"<good>"});
  EXPECT_EQ(account().streams[1].events.dropped, (Reasons{{"encode", 1}}));
  const auto letters = values("dead-letters");
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_NE(letters[0].find("bad one"), std::string::npos);
  EXPECT_NE(letters[0].find("$.text: bad"), std::string::npos);
  EXPECT_EQ(account().total.accepted, 3U) << "the dead letter is an event of its own";
}

TEST_F(ForwarderTest, makes_a_dead_letter_of_what_the_producer_or_the_broker_refuses) {
  producer_.value_limit = 400;
  producer_.judge = [](const FakeProducer::Delivered& record) {
    return record.value == "<poison>" ? Outcome::kPermanent : Outcome::kDelivered;
  };
  start();
  append(kReadings, "", std::string(300, 'a'));
  append(kReadings, "", std::string(500, 'b'));
  append(kReadings, "", "poison");
  append(kReadings, "", "last");

  step(6);

  EXPECT_EQ(values("readings").size(), 2U);
  EXPECT_EQ(account().streams[1].events.dropped, (Reasons{{"invalid_record", 1}, {"msg_size_too_large", 1}}));
  EXPECT_EQ(account().streams[0].events.dropped, (Reasons{{"msg_size_too_large", 1}})) << "the letter of the large one";
  EXPECT_EQ(dead_letters_->written(), 2U) << "a dead letter that fails makes no other";
}

TEST_F(ForwarderTest, sends_what_may_be_retried_again_in_order_and_before_anything_new) {
  int failures_left = 3;
  producer_.judge = [&](const FakeProducer::Delivered& record) {
    return record.topic == "readings" && failures_left-- > 0 ? Outcome::kRetriable : Outcome::kDelivered;
  };
  start();
  for (int i = 0; i < 3; ++i) append(kReadings, "", std::to_string(i));
  step(2);
  append(kReadings, "", "3");
  append(kRaw, "", "other topic");
  step(3);
  EXPECT_EQ(values("readings").size(), 0U) << "held until the wait is over";
  EXPECT_EQ(values("raw").size(), 1U) << "others go on";

  clock_.advance_us(200'000);
  step(4);

  EXPECT_EQ(values("readings"), (std::vector<std::string>{"<0>", "<1>", "<2>", "<3>"}));
}

TEST_F(ForwarderTest, replaces_a_dead_client_and_sends_everything_unresolved_again) {
  start();
  producer_.is_down = true;
  for (int i = 0; i < 5; ++i) append(kReadings, "", std::to_string(i));
  step(2);
  producer_.is_dead = true;
  append(kReadings, "", "5");

  step(2);
  producer_.is_down = false;
  step(6);

  EXPECT_EQ(producer_.recreations, 1);
  EXPECT_EQ(values("readings"), (std::vector<std::string>{"<0>", "<1>", "<2>", "<3>", "<4>", "<5>"}));
  EXPECT_EQ(account().producer_restarts, 1U);
}

TEST_F(ForwarderTest, waits_longer_each_time_a_new_client_dies_too) {
  start();
  for (int i = 0; i < 3; ++i) {
    producer_.is_dead = true;
    append(kReadings, "", "x");
    step(4);
  }
  EXPECT_EQ(producer_.recreations, 1);

  clock_.advance_us(1'000'000);
  step(2);

  EXPECT_EQ(producer_.recreations, 2);
}

TEST_F(ForwarderTest, publishes_the_latest_row_per_key_and_tombstones) {
  start();
  Table& table = *tables_->find(kStats);
  ASSERT_TRUE(table.put("a", "1", 0).ok());
  ASSERT_TRUE(table.put("a", "2", 0).ok());
  ASSERT_TRUE(table.put("b", "1", 0).ok());
  step(3);
  EXPECT_EQ(values("stats"), (std::vector<std::string>{"<2>", "<1>"}));

  table.remove("a");
  step(3);

  EXPECT_TRUE(producer_.delivered().back().is_tombstone);
  EXPECT_EQ(producer_.delivered().back().key, "a");
  EXPECT_EQ(table.stats().published, 3U);
  EXPECT_EQ(account().total.accepted, 0U) << "rows are not events";
}

TEST_F(ForwarderTest, publishes_a_row_again_that_failed_unless_a_newer_one_came) {
  bool must_fail = true;
  producer_.judge = [&](const FakeProducer::Delivered&) {
    return must_fail ? Outcome::kRetriable : Outcome::kDelivered;
  };
  start();
  Table& table = *tables_->find(kStats);
  ASSERT_TRUE(table.put("a", "old", 0).ok());
  step(1);
  ASSERT_TRUE(table.put("a", "new", 0).ok());
  step(1);
  must_fail = false;
  clock_.advance_us(500'000);

  step(4);

  EXPECT_EQ(values("stats"), std::vector<std::string>{"<new>"});
}

TEST_F(ForwarderTest, abandons_the_rest_at_a_stop_and_counts_it) {
  start();
  producer_.is_down = true;
  options_.block_events = 2;
  for (int i = 0; i < 5; ++i) append(kReadings, "", "x");
  step(1);
  append(kRaw, "", "unread");
  journal_->close();
  EXPECT_FALSE(forwarder_->is_drained());

  forwarder_->abandon();

  const Account final_account = account();
  EXPECT_EQ(final_account.total.dropped, (Reasons{{"not_delivered_at_stop", 6}}));
  EXPECT_EQ(final_account.total.pending, 0U);
  EXPECT_EQ(final_account.total.unaccounted, 0);
  EXPECT_TRUE(forwarder_->is_drained());
}

/// Random appends, failures, deaths, full queues: the identity holds after every step, nothing is lost, and what was
/// delivered first is in order within its partition.
TEST_F(ForwarderTest, accounts_for_every_event_under_random_failures) {
  std::mt19937 random(20261121);
  producer_.partitions = 3;
  producer_.queue_limit = 40;
  options_.block_events = 16;
  options_.max_in_flight_events = 64;
  producer_.judge = [&](const FakeProducer::Delivered&) {
    const auto dice = random() % 100;
    return dice < 5 ? Outcome::kRetriable : dice < 6 ? Outcome::kPermanent : Outcome::kDelivered;
  };
  start();
  std::uint64_t appended = 0;
  for (int round = 0; round < 1500; ++round) {
    for (auto count = random() % 8; count != 0; --count) {
      const bool is_bad = random() % 50 == 0;
      const std::string payload = (is_bad ? "bad" : "e") + std::to_string(appended);
      Event event;
      event.stream = random() % 2 == 0 ? kReadings : kRaw;
      const std::string key = "k" + std::to_string(random() % 7);
      event.key = key;
      event.payload = payload;
      appended += journal_->append({&event, 1}).accepted;
    }
    producer_.is_down = random() % 4 == 0;
    producer_.reports_per_poll = random() % 30;
    if (random() % 200 == 0) producer_.is_dead = true;
    clock_.advance_us(static_cast<std::int64_t>(random() % 100'000));
    step();
    ASSERT_EQ(account().total.pending, journal_->stats(nullptr).last_sequence -
                                           forwarder_->ledger().copy().taken_through + forwarder_->count_unresolved());
  }
  producer_.is_down = false;
  producer_.reports_per_poll = 1000;
  producer_.judge = nullptr;
  journal_->close();
  for (int i = 0; i < 5000 && !forwarder_->is_drained(); ++i) {
    clock_.advance_us(1'000'000);
    step();
  }

  const Account end = account();
  EXPECT_TRUE(forwarder_->is_drained());
  EXPECT_EQ(end.total.pending, 0U);
  EXPECT_EQ(end.total.delivered + sum(end.total.dropped), end.total.accepted);
  EXPECT_EQ(end.stray_reports, 0U);
  EXPECT_GT(end.producer_restarts, 0U);
  std::set<std::string> unique;
  std::map<std::string, int> last;
  std::uint64_t duplicates = 0;
  for (const auto& record : producer_.delivered()) {
    if (record.topic == "dead-letters") continue;
    duplicates += unique.insert(record.topic + record.value).second ? 0 : 1;
  }
  EXPECT_EQ(duplicates, 0U) << "the fake never stores what it reports as failed";
  EXPECT_EQ(unique.size() + sum(end.streams[1].events.dropped) + sum(end.streams[2].events.dropped), appended);
}

}  // namespace
}  // namespace sluice::pipeline
