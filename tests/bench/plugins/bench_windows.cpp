#include <signal.h>
#include <unistd.h>
#include <sluice/plugin.hpp>

#include <cstdint>

#include "codec_bench.sluice.hpp"
#include "sluice/keys.hpp"
#include "sluice/stats.hpp"
#include "sluice/window.hpp"
#include "window_statistics.sluice.hpp"

namespace {

using sluice::OptionType;

constexpr sluice::Option kOptions[] = {
    {"size", OptionType::kDuration, "5m", "1s..", "Size of the windows."},
    {"slide", OptionType::kDuration, "5m", "1s..", "Divides the size; equal to it, the windows do not overlap."},
    {"delay", OptionType::kDuration, "10m", "0s..", "How far behind the newest an event may come."},
    {"expected", OptionType::kInteger, "0", "0..", "Asks the program to stop after so many events; 0: never."},
};

constexpr auto kEvents = sluice::in<codec_bench::Event>({.name = "events", .topic = "bench-events", .partitions = 3});
constexpr auto kWindows = sluice::out<codec_bench::WindowStatistics>(
    {.name = "windows", .topic = "bench-windows", .key = "user_id", .time = "window_start", .partitions = 3});

/// Count, mean, standard deviation, least and largest latitude per user and window of event time. The input comes
/// merged by event time; the delay covers what a backlog of partitions that are read at different speeds leaves in
/// disorder.
class Windows final : public sluice::Consumer<codec_bench::Event> {
 public:
  explicit Windows(const sluice::Context& context)
      : Consumer(context),
        expected_(context.integer("expected")),
        watermark_(context.duration("delay").count()),
        windows_(context.duration("size").count(), context.duration("slide").count()) {}

 private:
  void on(const codec_bench::Event& event, const sluice::Meta& meta) override {
    ++consumed_;
    const sluice::KeyIds::Id user = users_.add(event.user_id).first;
    sluice::RunningStatistics* const slot = windows_.slot(user, event.timestamp);
    if (slot == nullptr) return refuse("late", "its windows have closed", meta);
    slot->add(event.latitude);
    watermark_.observe(event.timestamp);
  }

  void on_batch(const sluice::InputBatch& batch) override {
    Consumer::on_batch(batch);
    windows_.close_until(watermark_.value_us(), [this](sluice::KeyIds::Id user, const sluice::WindowSpan& span,
                                                       const sluice::RunningStatistics& statistics) {
      const sluice::Summary sum = statistics.summary();
      emit(kWindows, codec_bench::WindowStatistics{.user_id = users_.key(user),
                                                   .window_start = span.start_us,
                                                   .count = static_cast<std::int64_t>(sum.count),
                                                   .mean = sum.mean,
                                                   .std = sum.std,
                                                   .min = sum.min,
                                                   .max = sum.max});
    });
    if (expected_ != 0 && consumed_ >= expected_) {
      expected_ = 0;
      ::kill(::getpid(), SIGTERM);
    }
  }

  std::int64_t expected_;
  std::int64_t consumed_ = 0;
  sluice::KeyIds users_;
  sluice::Watermark watermark_;
  sluice::TimeWindows<sluice::RunningStatistics> windows_;
};

}  // namespace

SLUICE_PLUGIN(Windows,
              sluice::Description{.version = "1.0.0",
                                  .description = "Statistics per user and window, for benches.",
                                  .options = kOptions,
                                  .order = sluice::Order::kEventTime},
              kEvents, kWindows);
