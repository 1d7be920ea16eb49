#include "pipeline/pipeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "journal/memory_journal.hpp"
#include "support/fake_codec.hpp"
#include "support/fake_instances.hpp"
#include "support/fake_producer.hpp"
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
using sluice::testing::FakeProducer;
using sluice::testing::FakeSource;
using sluice::testing::ManualClock;
using sluice::testing::QuietLog;
using sluice::testing::TempFolder;
using sluice::testing::wait_until;

/// What happened, in order, from several threads.
class Diary {
 public:
  void note(std::string what) {
    const std::lock_guard lock(mutex_);
    if (lines_.empty() || lines_.back() != what) lines_.push_back(std::move(what));
  }
  [[nodiscard]] std::ptrdiff_t first(const std::string& what) const {
    const std::lock_guard lock(mutex_);
    return std::find(lines_.begin(), lines_.end(), what) - lines_.begin();
  }
  [[nodiscard]] std::ptrdiff_t last(const std::string& what) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::find(lines_.rbegin(), lines_.rend(), what);
    return found == lines_.rend() ? -1 : lines_.rend() - found - 1;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// Passes everything on and notes the close.
class NotingJournal final : public Journal {
 public:
  NotingJournal(Journal& inner, Diary& diary) : inner_(inner), diary_(diary) {}
  Admission append(std::span<const Event> events) override { return inner_.append(events); }
  Status wait_durable(Sequence ticket, std::chrono::milliseconds timeout) override {
    return inner_.wait_durable(ticket, timeout);
  }
  std::unique_ptr<JournalReader> open_reader(std::string_view name, Hold hold) override {
    return inner_.open_reader(name, hold);
  }
  void close() override {
    diary_.note("journal closed");
    inner_.close();
  }
  JournalStats stats(std::vector<std::uint64_t>* accepted) const override { return inner_.stats(accepted); }
  [[nodiscard]] bool is_durable() const override { return inner_.is_durable(); }
  [[nodiscard]] std::size_t event_max_bytes() const override { return inner_.event_max_bytes(); }

 private:
  Journal& inner_;
  Diary& diary_;
};

constexpr StreamId kReadings = 1;
constexpr StreamId kAlerts = 2;
constexpr StreamId kStats = 3;

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    for (const char* name : {"dead_letters", "readings", "alerts", "stats"}) {
      Stream stream;
      stream.name = name;
      stream.topic = name;
      stream.schema = std::make_shared<SchemaSource>();
      if (stream.name == "stats") stream.kind = StreamKind::kTable;
      streams_.add(std::move(stream));
    }
    journal_options_.owner_of_stream = {0, 1, 2, 2};
  }
  void TearDown() override { pipeline_.reset(); }

  SourceSpec source(std::string name, std::function<Status(InstanceHost&)> body,
                    std::function<void()> on_stop = nullptr) {
    SourceSpec spec;
    spec.parts.name = std::move(name);
    spec.parts.plugin = "fake";
    spec.parts.streams = {{"readings", &streams_[kReadings], nullptr, nullptr}};
    spec.factory = [body = std::move(body), on_stop = std::move(on_stop)](
                       InstanceHost& host, std::string_view) -> Result<std::unique_ptr<SourceInstance>> {
      return std::unique_ptr<SourceInstance>(std::make_unique<FakeSource>(host, body, on_stop));
    };
    return spec;
  }
  ConsumerSpec journal_consumer() {
    ConsumerSpec spec;
    spec.parts.name = "monitor";
    spec.parts.plugin = "fake";
    spec.parts.streams = {{"readings", nullptr, nullptr, nullptr},
                          {"alerts", &streams_[kAlerts], nullptr, nullptr},
                          {"stats", &streams_[kStats], nullptr, nullptr}};
    spec.journal_streams = {{kReadings, 0, nullptr}};
    spec.factory = [this](InstanceHost& host) -> Result<std::unique_ptr<ConsumerInstance>> {
      return std::unique_ptr<ConsumerInstance>(std::make_unique<FakeConsumer>(host, script_));
    };
    return spec;
  }
  Pipeline& build(std::vector<SourceSpec> sources, std::vector<ConsumerSpec> consumers) {
    memory_ = std::make_unique<journal::MemoryJournal>(journal_options_, clock_);
    journal_ = std::make_unique<NotingJournal>(*memory_, diary_);
    PipelineParts parts{*journal_, producer_, streams_, {&codec_, &codec_, &codec_, &codec_}, 0, clock_, log_};
    pipeline_ = std::make_unique<Pipeline>(std::move(parts), std::move(sources), std::move(consumers));
    return *pipeline_;
  }
  static void emit_one(InstanceHost& host) {
    EmittedEvent event;
    event.payload = "reading";
    if (host.emit({&event, 1}).code != Code::kOk) (void)host.wait(1ms);
  }
  static Status emit_until_stopped(InstanceHost& host) {
    while (!host.is_stopping()) emit_one(host);
    return {};
  }
  static StopLimits patient() { return {20s, 20s, 20s}; }

  ManualClock clock_;
  QuietLog log_;
  FakeCodec codec_;
  Diary diary_;
  FakeProducer producer_;
  ConsumerScript script_;
  StreamSet streams_;
  journal::MemoryJournal::Options journal_options_;
  std::unique_ptr<journal::MemoryJournal> memory_;
  std::unique_ptr<NotingJournal> journal_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(PipelineTest, carries_events_from_a_source_to_kafka_and_a_consumer_and_accounts_for_all) {
  constexpr std::uint64_t kEvents = 5000;
  script_.on_input = [](InstanceHost& host, const ConsumerInput& input) {
    if (input.offset % 100 == 0) {
      EmittedEvent alert;
      alert.stream = 1;
      alert.payload = "alert";
      EXPECT_EQ(host.emit({&alert, 1}).code, Code::kOk);
    }
    return Status();
  };
  Pipeline& pipeline = build({source("sensors",
                                     [](InstanceHost& host) {
                                       std::vector<EmittedEvent> batch(50);
                                       for (EmittedEvent& event : batch) event.payload = "reading";
                                       for (std::uint64_t sent = 0; sent < kEvents;) {
                                         const EmitOutcome outcome = host.emit(
                                             std::span(batch).first(std::min<std::size_t>(50, kEvents - sent)));
                                         sent += outcome.accepted;
                                         if (outcome.code == Code::kFull) (void)host.wait(1ms);
                                       }
                                       return Status();
                                     })},
                             {journal_consumer()});
  ASSERT_TRUE(pipeline.start().ok());
  ASSERT_TRUE(
      wait_until([&] { return script_.seen == kEvents && pipeline.status().sources[0].state == RunState::kFinished; }));
  for (int i = 0; i < 50; ++i) ASSERT_EQ(pipeline.status().account.total.unaccounted, 0);

  const StopReport report = pipeline.stop(patient());

  EXPECT_TRUE(report.is_drained);
  EXPECT_TRUE(report.unstopped.empty());
  const PipelineStatus status = pipeline.status();
  const std::uint64_t alerts = status.consumers[0].published;
  EXPECT_GT(alerts, 0U);
  EXPECT_EQ(status.account.total.accepted, kEvents + alerts);
  EXPECT_EQ(status.account.total.delivered, kEvents + alerts);
  EXPECT_EQ(status.account.total.pending, 0U);
  EXPECT_EQ(status.account.total.unaccounted, 0);
  EXPECT_EQ(producer_.delivered().size(), kEvents + alerts);
  EXPECT_EQ(status.sources[0].state, RunState::kFinished);
  EXPECT_EQ(status.sources[0].accepted, kEvents);
}

TEST_F(PipelineTest, stops_in_the_order_that_loses_nothing) {
  std::atomic<bool> is_asked{false};
  SourceSpec sensors = source(
      "sensors",
      [&](InstanceHost& host) {
        while (!is_asked) emit_one(host);
        diary_.note("source returned");
        return Status();
      },
      [&] {
        diary_.note("source asked");
        is_asked = true;
      });
  script_.on_call = [&](std::string_view call) { diary_.note("consumer " + std::string(call)); };
  script_.on_tick = [](InstanceHost& host) {
    EmittedEvent alert;
    alert.stream = 1;
    alert.payload = "last alert";
    EmittedEvent row;
    row.stream = 2;
    row.key = "k";
    row.payload = "row";
    EXPECT_EQ(host.emit({&alert, 1}).code, Code::kOk);
    EXPECT_EQ(host.emit({&row, 1}).code, Code::kOk);
    return Status();
  };
  TempFolder folder;
  ConsumerSpec monitor = journal_consumer();
  monitor.snapshot_file = folder.path() / "monitor.consumer";
  producer_.on_call = [&](std::string_view call) { diary_.note(std::string(call)); };
  Pipeline& pipeline = build({std::move(sensors)}, {std::move(monitor)});
  ASSERT_TRUE(pipeline.start().ok());
  ASSERT_TRUE(wait_until([&] { return script_.seen > 0; }));

  const StopReport report = pipeline.stop(patient());

  EXPECT_TRUE(report.is_drained);
  EXPECT_LT(diary_.first("source asked"), diary_.first("source returned"));
  EXPECT_LT(diary_.first("source returned"), diary_.last("consumer tick"));
  EXPECT_LT(diary_.last("consumer batch"), diary_.last("consumer tick"));
  EXPECT_LT(diary_.last("consumer tick"), diary_.last("consumer save"));
  EXPECT_LT(diary_.last("consumer save"), diary_.first("journal closed"));
  const auto delivered = producer_.delivered();
  EXPECT_TRUE(std::any_of(delivered.begin(), delivered.end(), [](const auto& r) { return r.value == "<last alert>"; }));
  EXPECT_TRUE(std::any_of(delivered.begin(), delivered.end(), [](const auto& r) { return r.value == "<row>"; }));
  EXPECT_EQ(script_.seen, pipeline.status().sources[0].accepted) << "the consumer used everything the source gave";
  EXPECT_EQ(pipeline.status().account.total.unaccounted, 0);
}

TEST_F(PipelineTest, takes_the_outputs_of_a_last_tick_that_takes_long) {
  script_.on_tick = [](InstanceHost& host) {
    const auto until = std::chrono::steady_clock::now() + 120ms;  // longer than the stop looks at a time
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    EmittedEvent alert;
    alert.stream = 1;
    alert.payload = "last alert";
    EXPECT_EQ(host.emit({&alert, 1}).code, Code::kOk);
    return Status();
  };
  Pipeline& pipeline = build({}, {journal_consumer()});
  ASSERT_TRUE(pipeline.start().ok());

  EXPECT_TRUE(pipeline.stop(patient()).is_drained);

  EXPECT_EQ(producer_.delivered().size(), 1U);
}

TEST_F(PipelineTest, pushes_back_at_the_source_while_kafka_is_down_and_keeps_its_memory) {
  journal_options_.budget_bytes = 64U << 10U;
  journal_options_.chunk_bytes = 8U << 10U;
  producer_.is_down = true;
  Pipeline& pipeline = build({source("sensors", emit_until_stopped)}, {});
  ASSERT_TRUE(pipeline.start().ok());

  ASSERT_TRUE(wait_until([&] { return pipeline.status().sources[0].busy > 3; }));

  EXPECT_LE(memory_->stats(nullptr).bytes, 64U << 10U);
  EXPECT_EQ(pipeline.status().account.total.unaccounted, 0);
  const std::uint64_t held = pipeline.status().account.total.pending;
  EXPECT_GT(held, 0U);
  producer_.is_down = false;
  EXPECT_TRUE(wait_until([&] { return pipeline.status().account.total.delivered > 2 * held; })) << "resumes by itself";
  EXPECT_TRUE(pipeline.stop(patient()).is_drained);
}

TEST_F(PipelineTest, counts_what_could_not_be_delivered_at_a_stop_with_kafka_down) {
  producer_.is_down = true;
  Pipeline& pipeline = build({source("sensors",
                                     [](InstanceHost& host) {
                                       std::vector<EmittedEvent> batch(700);
                                       for (EmittedEvent& event : batch) event.payload = "reading";
                                       EXPECT_EQ(host.emit(batch).accepted, 700U);
                                       return Status();
                                     })},
                             {});
  ASSERT_TRUE(pipeline.start().ok());
  ASSERT_TRUE(wait_until([&] { return pipeline.status().account.total.accepted == 700; }));

  const StopReport report = pipeline.stop({20s, 20s, 10ms});

  EXPECT_FALSE(report.is_drained);
  EXPECT_EQ(report.not_delivered, 700U);
  const Account account = pipeline.status().account;
  EXPECT_EQ(account.total.dropped, (Reasons{{"not_delivered_at_stop", 700}}));
  EXPECT_EQ(account.total.pending, 0U);
  EXPECT_EQ(account.total.unaccounted, 0);
}

TEST_F(PipelineTest, names_a_source_that_ignores_its_stop_and_takes_nothing_from_it_any_more) {
  std::mutex mutex;
  std::condition_variable let_go;
  bool may_end = false;
  std::atomic<InstanceHost*> host_of{nullptr};
  Pipeline& pipeline = build({source("deaf",
                                     [&](InstanceHost& host) {
                                       host_of = &host;
                                       std::unique_lock lock(mutex);
                                       let_go.wait(lock, [&] { return may_end; });
                                       return Status();
                                     }),
                              source("good", emit_until_stopped)},
                             {});
  ASSERT_TRUE(pipeline.start().ok());
  ASSERT_TRUE(wait_until([&] { return host_of != nullptr && pipeline.status().account.total.delivered > 0; }));

  std::thread second_signal([&] {
    EXPECT_TRUE(wait_until([&] { return pipeline.status().sources[1].state == RunState::kStopped; }));
    pipeline.hurry();
  });
  const StopReport report = pipeline.stop(patient());
  second_signal.join();

  EXPECT_EQ(report.unstopped, std::vector<std::string>{"deaf"});
  EXPECT_EQ(pipeline.status().account.total.pending, 0U);
  EXPECT_EQ(pipeline.status().account.total.unaccounted, 0);
  EmittedEvent event;
  event.payload = "late";
  EXPECT_EQ(host_of.load()->emit({&event, 1}).code, Code::kClosed);
  {
    const std::lock_guard lock(mutex);
    may_end = true;
  }
  let_go.notify_all();
  pipeline_.reset();
}

TEST_F(PipelineTest, makes_a_failed_source_again_after_a_wait_with_the_state_it_saved) {
  TempFolder folder;
  std::mutex mutex;
  std::vector<std::string> states;
  SourceSpec spec = source("sensors", nullptr);
  spec.parts.state_file = folder.path() / "state" / "sensors.source";
  spec.factory = [&](InstanceHost& host, std::string_view saved) -> Result<std::unique_ptr<SourceInstance>> {
    const std::lock_guard lock(mutex);
    states.emplace_back(saved);
    return std::unique_ptr<SourceInstance>(std::make_unique<FakeSource>(host, [n = states.size()](InstanceHost& own) {
      EXPECT_TRUE(own.save_state("state " + std::to_string(n)).ok());
      return n < 3 ? Status(Code::kUnavailable, "device gone") : Status();
    }));
  };
  Pipeline& pipeline = build({std::move(spec)}, {});
  ASSERT_TRUE(pipeline.start().ok());
  const auto made = [&] {
    const std::lock_guard lock(mutex);
    return states.size();
  };

  ASSERT_TRUE(wait_until([&] { return pipeline.status().sources[0].state == RunState::kBackingOff; }));
  EXPECT_EQ(made(), 1U);
  EXPECT_EQ(pipeline.status().sources[0].last_error, "device gone");
  clock_.advance_us(1'000'000);
  ASSERT_TRUE(wait_until([&] { return made() == 2; }));
  ASSERT_TRUE(wait_until([&] { return pipeline.status().sources[0].state == RunState::kBackingOff; }));
  ASSERT_TRUE(wait_until([&] {
    clock_.advance_us(500'000);
    return pipeline.status().sources[0].state == RunState::kFinished;
  }));

  EXPECT_EQ(states, (std::vector<std::string>{"", "state 1", "state 2"}));
  EXPECT_EQ(pipeline.status().sources[0].restarts, 2U);
  (void)pipeline.stop(patient());
}

TEST_F(PipelineTest, lists_a_quarantined_source_and_is_not_ready_when_it_is_required) {
  SourceSpec spec = source("crasher", nullptr);
  spec.factory = nullptr;
  spec.is_required = true;
  Pipeline& pipeline = build({std::move(spec)}, {});

  ASSERT_TRUE(pipeline.start().ok());

  EXPECT_EQ(pipeline.status().sources[0].state, RunState::kQuarantined);
  EXPECT_EQ(pipeline.readiness().text(), "required: crasher is quarantined");
}

TEST_F(PipelineTest, shows_tables_and_progress) {
  script_.on_tick = [](InstanceHost& host) {
    EmittedEvent row;
    row.stream = 2;
    row.key = "dev";
    row.payload = "row";
    EXPECT_EQ(host.emit({&row, 1}).code, Code::kOk);
    return Status();
  };
  Pipeline& pipeline = build({}, {journal_consumer()});
  ASSERT_TRUE(pipeline.start().ok());
  ASSERT_TRUE(wait_until([&] {
    clock_.advance_us(1'000'000);
    return pipeline.status().tables[0].stats.published > 0;
  }));

  EXPECT_NE(pipeline.tables().find("stats")->to_json().find("\"row\""), std::string::npos);
  EXPECT_EQ(pipeline.tables().find("nothing"), nullptr);
  const auto before = pipeline.progress();
  ASSERT_EQ(before.size(), 2U);
  EXPECT_TRUE(wait_until([&] {
    const auto now = pipeline.progress();
    return now[0].advances > before[0].advances && now[1].advances > before[1].advances;
  })) << "idle counts as progress";
  (void)pipeline.stop(patient());
}

TEST_F(PipelineTest, a_consumer_that_fills_the_journal_does_not_stop_the_forwarder) {
  journal_options_.budget_bytes = 32U << 10U;
  journal_options_.chunk_bytes = 4U << 10U;
  script_.on_input = [](InstanceHost& host, const ConsumerInput&) {
    for (int i = 0; i < 20;) {
      EmittedEvent alert;
      alert.stream = 1;
      alert.payload = "an alert that takes some room in the journal";
      if (host.emit({&alert, 1}).code == Code::kOk) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
    return Status();
  };
  Pipeline& pipeline = build({source("sensors",
                                     [](InstanceHost& host) {
                                       for (int i = 0; i < 500 && !host.is_stopping();) {
                                         EmittedEvent event;
                                         event.payload = "reading";
                                         if (host.emit({&event, 1}).code == Code::kOk) {
                                           ++i;
                                         } else {
                                           (void)host.wait(1ms);
                                         }
                                       }
                                       return Status();
                                     })},
                             {journal_consumer()});
  ASSERT_TRUE(pipeline.start().ok());

  ASSERT_TRUE(wait_until([&] { return script_.seen + script_.gaps >= 500; }));

  EXPECT_TRUE(pipeline.stop(patient()).is_drained);
  EXPECT_EQ(pipeline.status().account.total.unaccounted, 0);
}

}  // namespace
}  // namespace sluice::pipeline
