#include "journal/memory_journal.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/manual_clock.hpp"

namespace sluice::journal {
namespace {

using namespace std::chrono_literals;
using sluice::testing::ManualClock;

Event event_of(StreamId stream, std::string_view key, std::string_view payload, std::int64_t time_us = 7) {
  Event event;
  event.stream = stream;
  event.event_time_us = time_us;
  event.key = key;
  event.payload = payload;
  return event;
}

Admission append_one(MemoryJournal& journal, std::string_view payload, StreamId stream = 0) {
  const Event event = event_of(stream, "", payload);
  return journal.append({&event, 1});
}

MemoryJournal::Options small_ring() {
  MemoryJournal::Options options;
  options.budget_bytes = 4096;
  options.chunk_bytes = 1024;
  options.reserve_bytes = 0;
  return options;
}

const std::string kPayload(200, 'x');  // 240 bytes a frame: 4 to a chunk, 16 to the small ring

std::vector<JournalRecord> read_all(JournalReader& reader) {
  std::vector<JournalRecord> all;
  std::array<JournalRecord, 7> block;
  while (const std::size_t count = reader.read(block, 0ms)) all.insert(all.end(), block.begin(), block.begin() + count);
  return all;
}

TEST(MemoryJournal, gives_back_what_was_appended_in_order) {
  ManualClock clock(1234);
  MemoryJournal journal({}, clock);
  const std::array<Event, 2> events = {event_of(3, "k1", "one", -5), event_of(1, "", "", 9)};
  const Admission admission = journal.append(events);
  const auto reader = journal.open_reader("forwarder", Hold::kPins);

  const std::vector<JournalRecord> records = read_all(*reader);

  EXPECT_EQ(admission.code, Code::kOk);
  EXPECT_EQ(admission.last, 2U);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].sequence, 1U);
  EXPECT_EQ(records[0].received_us, 1234);
  EXPECT_EQ(records[0].event.stream, 3U);
  EXPECT_EQ(records[0].event.event_time_us, -5);
  EXPECT_EQ(records[0].event.key, "k1");
  EXPECT_EQ(records[0].event.payload, "one");
  EXPECT_EQ(records[1].event.payload, "");
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(records[0].event.key.data()) % 8, 0U);
}

TEST(MemoryJournal, runs_full_instead_of_dropping_what_is_pinned) {
  ManualClock clock;
  MemoryJournal journal(small_ring(), clock);
  const auto forwarder = journal.open_reader("forwarder", Hold::kPins);
  std::size_t taken = 0;
  while (append_one(journal, kPayload).code == Code::kOk) ++taken;

  EXPECT_EQ(taken, 16U);
  EXPECT_EQ(journal.stats(nullptr).full_refusals, 1U);
  EXPECT_EQ(journal.stats(nullptr).bytes, 4096U);
  const std::vector<JournalRecord> records = read_all(*forwarder);
  EXPECT_EQ(records.size(), 16U);
  EXPECT_EQ(append_one(journal, kPayload).code, Code::kFull) << "read is not released";
  forwarder->release(records[3].sequence);
  EXPECT_EQ(append_one(journal, kPayload).code, Code::kOk) << "the first chunk is free again";
}

TEST(MemoryJournal, takes_the_front_of_a_batch_that_does_not_fit) {
  ManualClock clock;
  MemoryJournal journal(small_ring(), clock);
  const auto forwarder = journal.open_reader("forwarder", Hold::kPins);
  const std::vector<Event> events(20, event_of(0, "", kPayload));

  const Admission admission = journal.append(events);

  EXPECT_EQ(admission.accepted, 16U);
  EXPECT_EQ(admission.last, 16U);
  EXPECT_EQ(admission.code, Code::kFull);
}

TEST(MemoryJournal, refuses_an_event_over_the_limit_and_takes_those_before_it) {
  ManualClock clock;
  MemoryJournal::Options options;
  options.event_max_bytes = 100;
  MemoryJournal journal(options, clock);
  const std::array<Event, 3> events = {event_of(0, "", "a"), event_of(0, "k", std::string(100, 'x')),
                                       event_of(0, "", "b")};

  const Admission admission = journal.append(events);

  EXPECT_EQ(admission.accepted, 1U);
  EXPECT_EQ(admission.code, Code::kInvalid);
}

TEST(MemoryJournal, gives_an_event_larger_than_a_chunk_a_chunk_of_its_own) {
  ManualClock clock;
  MemoryJournal journal(small_ring(), clock);
  const auto reader = journal.open_reader("forwarder", Hold::kPins);
  const std::string big(1500, 'b');

  EXPECT_EQ(append_one(journal, big).code, Code::kOk);
  EXPECT_EQ(append_one(journal, "small").code, Code::kOk);

  const auto records = read_all(*reader);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].event.payload, big);
  EXPECT_LE(journal.stats(nullptr).bytes, 4096U);
}

TEST(MemoryJournal, overtakes_a_yielding_reader_and_tells_it_how_much_it_lost) {
  ManualClock clock;
  MemoryJournal journal(small_ring(), clock);
  const auto consumer = journal.open_reader("monitor", Hold::kYields);
  std::array<JournalRecord, 2> block;
  for (int i = 0; i < 16; ++i) EXPECT_EQ(append_one(journal, kPayload).code, Code::kOk);
  ASSERT_EQ(consumer->read(block, 0ms), 2U);

  for (int i = 0; i < 8; ++i) EXPECT_EQ(append_one(journal, kPayload).code, Code::kOk);

  EXPECT_EQ(block[1].event.payload, kPayload) << "the chunk it stands in stays alive";
  ASSERT_EQ(consumer->read(block, 0ms), 2U);
  EXPECT_EQ(block[0].sequence, 3U) << "and is read to its end";
  EXPECT_EQ(consumer->take_gap(), 0U);
  ASSERT_EQ(consumer->read(block, 0ms), 2U);
  EXPECT_EQ(block[0].sequence, 9U);
  EXPECT_EQ(consumer->take_gap(), 4U);
  EXPECT_EQ(consumer->take_gap(), 0U);
  EXPECT_EQ(consumer->lag_records(), 14U);
}

TEST(MemoryJournal, keeps_what_a_yielding_reader_has_not_read_while_there_is_room) {
  ManualClock clock;
  MemoryJournal journal(small_ring(), clock);
  const auto forwarder = journal.open_reader("forwarder", Hold::kPins);
  const auto consumer = journal.open_reader("monitor", Hold::kYields);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(append_one(journal, kPayload).code, Code::kOk);

  forwarder->release(read_all(*forwarder).back().sequence);

  EXPECT_EQ(read_all(*consumer).size(), 12U);
  EXPECT_EQ(consumer->take_gap(), 0U);
  EXPECT_EQ(journal.stats(nullptr).segments, 1U) << "what both have passed is given back";
}

TEST(MemoryJournal, wakes_a_waiting_reader_on_append) {
  ManualClock clock;
  MemoryJournal journal({}, clock);
  const auto reader = journal.open_reader("forwarder", Hold::kPins);
  std::atomic<std::size_t> got{0};
  std::thread waiting([&] {
    std::array<JournalRecord, 4> block;
    got = reader->read(block, 30s);
  });

  EXPECT_EQ(append_one(journal, "x").code, Code::kOk);
  waiting.join();

  EXPECT_EQ(got, 1U);
}

TEST(MemoryJournal, closed_takes_nothing_and_lets_readers_drain) {
  ManualClock clock;
  MemoryJournal journal({}, clock);
  const auto reader = journal.open_reader("forwarder", Hold::kPins);
  EXPECT_EQ(append_one(journal, "x").code, Code::kOk);

  journal.close();

  EXPECT_EQ(append_one(journal, "y").code, Code::kClosed);
  EXPECT_FALSE(reader->is_at_end());
  std::array<JournalRecord, 4> block;
  EXPECT_EQ(reader->read(block, 30s), 1U);
  EXPECT_TRUE(reader->is_at_end());
  EXPECT_EQ(reader->read(block, 30s), 0U) << "returns at once";
}

TEST(MemoryJournal, counts_per_stream_and_knows_its_oldest_event) {
  ManualClock clock(100);
  MemoryJournal journal(small_ring(), clock);
  const auto reader = journal.open_reader("forwarder", Hold::kPins);
  EXPECT_EQ(append_one(journal, "a", 2).code, Code::kOk);
  clock.advance_us(50);
  EXPECT_EQ(append_one(journal, "b", 0).code, Code::kOk);
  (void)read_all(*reader);

  reader->release(1);

  std::vector<std::uint64_t> accepted;
  const JournalStats stats = journal.stats(&accepted);
  EXPECT_EQ(accepted, (std::vector<std::uint64_t>{1, 0, 1}));
  EXPECT_EQ(stats.appended_events, 2U);
  EXPECT_EQ(stats.released_events, 1U);
  EXPECT_EQ(stats.oldest_received_us, 150);
  EXPECT_EQ(stats.last_sequence, 2U);
}

TEST(MemoryJournal, makes_an_owner_of_over_half_give_way_to_one_that_waits) {
  ManualClock clock;
  MemoryJournal::Options options = small_ring();
  options.owner_of_stream = {0, 1, 2};
  MemoryJournal journal(options, clock);
  const auto forwarder = journal.open_reader("forwarder", Hold::kPins);
  while (append_one(journal, kPayload, 1).code == Code::kOk) continue;
  EXPECT_EQ(append_one(journal, kPayload, 2).code, Code::kFull);
  (void)read_all(*forwarder);

  forwarder->release(4);

  EXPECT_EQ(append_one(journal, kPayload, 1).code, Code::kFull) << "holds three quarters while 2 waits";
  EXPECT_EQ(append_one(journal, kPayload, 2).code, Code::kOk);
  EXPECT_EQ(append_one(journal, kPayload, 1).code, Code::kOk) << "nobody waits any more";
}

TEST(MemoryJournal, keeps_a_reserve_for_the_host) {
  ManualClock clock;
  MemoryJournal::Options options = small_ring();
  options.owner_of_stream = {0, 1};
  options.reserve_bytes = 1024;
  MemoryJournal journal(options, clock);
  const auto forwarder = journal.open_reader("forwarder", Hold::kPins);
  while (append_one(journal, kPayload, 1).code == Code::kOk) continue;

  EXPECT_EQ(append_one(journal, kPayload, 0).code, Code::kOk);
}

TEST(MemoryJournal, stays_within_its_budget_under_a_long_stream) {
  ManualClock clock;
  MemoryJournal journal(small_ring(), clock);
  const auto forwarder = journal.open_reader("forwarder", Hold::kPins);
  const auto consumer = journal.open_reader("monitor", Hold::kYields);
  std::uint64_t taken = 0;
  for (int round = 0; round < 5000; ++round) {
    taken += append_one(journal, std::string_view(kPayload).substr(round % 200)).accepted;
    ASSERT_LE(journal.stats(nullptr).bytes, 4096U);
    if (round % 3 == 0) {
      const auto records = read_all(*forwarder);
      if (!records.empty()) forwarder->release(records.back().sequence);
    }
  }
  EXPECT_EQ(taken, 5000U);
}

/// The ring against a plain deque: same admissions, same records, gaps that add up.
TEST(MemoryJournal, behaves_like_a_deque_under_random_calls) {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    ManualClock clock;
    MemoryJournal journal(small_ring(), clock);
    const auto forwarder = journal.open_reader("forwarder", Hold::kPins);
    const auto consumer = journal.open_reader("monitor", Hold::kYields);
    std::deque<std::string> model;  // everything ever accepted
    Sequence forwarder_next = 1;
    Sequence released = 0;
    Sequence consumer_next = 1;
    std::array<JournalRecord, 8> block;
    for (int step = 0; step < 800; ++step) {
      switch (random() % 4) {
        case 0:
        case 1: {
          std::vector<std::string> payloads(1 + random() % 6);
          std::vector<Event> events;
          for (std::string& payload : payloads) {
            payload = std::to_string(random()) + std::string(random() % 300, 'p');
            events.push_back(event_of(0, "", payload));
          }
          const Admission admission = journal.append(events);
          ASSERT_TRUE(admission.code == Code::kOk || admission.code == Code::kFull);
          ASSERT_EQ(admission.code == Code::kOk, admission.accepted == events.size());
          for (std::size_t i = 0; i < admission.accepted; ++i) model.push_back(payloads[i]);
          if (admission.accepted != 0) {
            ASSERT_EQ(admission.last, model.size());
          }
          break;
        }
        case 2: {
          const std::size_t count = forwarder->read(std::span(block).first(1 + random() % 8), 0ms);
          ASSERT_EQ(count == 0, forwarder_next > model.size());
          for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(block[i].sequence, forwarder_next);
            ASSERT_EQ(block[i].event.payload, model[forwarder_next - 1]);
            ++forwarder_next;
          }
          if (random() % 2 == 0 && forwarder_next > 1) {
            released = std::max<Sequence>(released, random() % forwarder_next);
            forwarder->release(released);
          }
          break;
        }
        default: {
          const std::size_t count = consumer->read(std::span(block).first(1 + random() % 8), 0ms);
          const std::uint64_t gap = consumer->take_gap();
          consumer_next += gap;
          ASSERT_LE(consumer_next, released + 1 + model.size());
          for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(block[i].sequence, consumer_next);
            ASSERT_EQ(block[i].event.payload, model[consumer_next - 1]);
            ++consumer_next;
          }
          ASSERT_EQ(consumer->lag_records(), model.size() + 1 - consumer_next);
        }
      }
      ASSERT_LE(journal.stats(nullptr).bytes, 4096U);
    }
  }
}

TEST(MemoryJournal, loses_nothing_between_concurrent_producers_and_readers) {
  constexpr int kProducers = 3;
  constexpr std::uint64_t kEach = 4000;
  ManualClock clock;
  MemoryJournal::Options options = small_ring();
  options.budget_bytes = 64U << 10U;
  options.chunk_bytes = 4096;
  MemoryJournal journal(options, clock);
  const auto forwarder = journal.open_reader("forwarder", Hold::kPins);
  const auto consumer = journal.open_reader("monitor", Hold::kYields);
  std::vector<std::thread> producers;
  for (int producer = 0; producer < kProducers; ++producer) {
    producers.emplace_back([&journal, producer] {
      for (std::uint64_t number = 0; number < kEach;) {
        std::array<std::string, 5> payloads;
        std::array<Event, 5> events;
        std::size_t count = 0;
        for (; count < 5 && number + count < kEach; ++count) {
          payloads[count] = std::to_string(number + count);
          events[count] = event_of(static_cast<StreamId>(producer), "k", payloads[count]);
        }
        const Admission admission = journal.append(std::span(events).first(count));
        number += admission.accepted;
        if (admission.code == Code::kFull) std::this_thread::yield();
      }
    });
  }
  std::atomic<std::uint64_t> seen_by_consumer{0};
  std::thread consuming([&] {
    std::array<JournalRecord, 64> block;
    Sequence next = 1;
    while (!consumer->is_at_end()) {
      const std::size_t count = consumer->read(block, 100ms);
      const std::uint64_t gap = consumer->take_gap();
      next += gap;
      for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(block[i].sequence, next++);
      seen_by_consumer += gap + count;
    }
  });
  std::array<std::uint64_t, kProducers> next_of{};
  std::thread forwarding([&] {
    std::array<JournalRecord, 64> block;
    while (!forwarder->is_at_end()) {
      const std::size_t count = forwarder->read(block, 100ms);
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(block[i].event.payload, std::to_string(next_of[block[i].event.stream]++));
      }
      if (count != 0) forwarder->release(block[count - 1].sequence);
    }
  });
  for (std::thread& producer : producers) producer.join();
  journal.close();
  forwarding.join();
  consuming.join();

  for (const std::uint64_t count : next_of) EXPECT_EQ(count, kEach);
  EXPECT_EQ(seen_by_consumer, kEach * kProducers);
}

}  // namespace
}  // namespace sluice::journal
