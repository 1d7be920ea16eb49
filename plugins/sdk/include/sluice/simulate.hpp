#pragma once

/// Pace, length, seed and progress of simulators, so that a simulated source is only its events.

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <string>

#include "sluice/instance.hpp"
#include "sluice/random.hpp"

namespace sluice::inline sdk {

/// The option rows every simulator has: `constexpr auto kOptions = sluice::join(sluice::simulator_options("0.2"),
/// kOwn);`
[[nodiscard]] constexpr std::array<Option, 8> simulator_options(const char* default_rate) {
  return {{
      {"mode", OptionType::kEnum, "continuous", "continuous|burst",
       "continuous keeps to `rate`; burst sends as fast as the gateway accepts, and ends."},
      {"rate", OptionType::kNumber, default_rate, "0.0001..10000000", "Events per second in continuous mode."},
      {"events", OptionType::kInteger, kNoDefault, "0..",
       "Ends after so many events; 0 = endless. Without it, a burst has 1000 and continuous mode is endless."},
      {"duration", OptionType::kDuration, "0s", "0s..", "Ends after this time; 0 = endless."},
      {"progress_every", OptionType::kInteger, "100", "0..",
       "Logs count and events/s after every so many events (then at most once a second); 0 = never."},
      {"seed", OptionType::kInteger, "0", "0..",
       "Same seed, profile, options and clock give the same bytes; 0 = draw one and log it."},
      {"profile", OptionType::kEnum, "compat", "compat|realistic",
       "compat draws each value independently; realistic keeps values that belong together consistent."},
      {"catch_up", OptionType::kDuration, "10s", "0s..",
       "How much of a stall (a full journal, a suspended machine) continuous mode makes up for; the rest is left out."},
  }};
}

enum class Profile : std::uint8_t { kCompat = 1, kRealistic };

/// A source of made-up events of any number of streams; derive from SimulatedSource when there is one.
///
/// Event k is due at start + k / rate by the steady clock, and that is the time it gets, whatever the size of the batch
/// it is made in: with a clock that only moves by waiting, the bytes depend on nothing but seed and options. When the
/// wall clock is set while running, the times of later events follow it. In a burst all events of a batch get the time
/// at which it is made (see spread_burst). Thread: the constructor and run() as every source.
class Simulator : public Source {
 public:
  explicit Simulator(const Context& context)
      : Source(context),
        is_burst_(context.choice("mode") == "burst"),
        profile_(context.choice("profile") == "realistic" ? Profile::kRealistic : Profile::kCompat),
        events_(static_cast<std::uint64_t>(context.is_set("events") ? context.integer("events")
                                           : is_burst_              ? 1000
                                                                    : 0)),
        duration_(context.duration("duration")),
        progress_every_(static_cast<std::uint64_t>(context.integer("progress_every"))),
        catch_up_(context.duration("catch_up")),
        seed_(static_cast<std::uint64_t>(context.integer("seed"))),
        rate_(context.number("rate")) {
    if (seed_ == 0) {
      std::random_device device;  // 48 bits: easy to type again
      seed_ = 1 + ((static_cast<std::uint64_t>(device()) << 16U) ^ device()) % ((1ULL << 48U) - 1);
      log_info("seed " + std::to_string(seed_) + " was drawn; give it as option `seed` to repeat this run");
    }
    rng_ = Rng(seed_);
  }

  void run() final {
    begin();
    if (is_burst_) {
      run_burst();
    } else {
      run_continuous();
    }
    (void)flush();
    at_end(writer().unsent());
    log_total();
  }

 protected:
  /// Makes one event of that time and emits it. False: emit returned false.
  virtual bool make(Rng& rng, Time time) = 0;
  /// The end of run. The last `unsent` events made were not taken, as the instance was stopped while the host was busy.
  virtual void at_end(std::uint64_t /*unsent*/) {}

  [[nodiscard]] Profile profile() const { return profile_; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  /// The generator that make is given; for what is drawn once, in the constructor.
  [[nodiscard]] Rng& rng() { return rng_; }
  [[nodiscard]] double rate() const { return rate_; }
  [[nodiscard]] bool is_burst() const { return is_burst_; }
  /// In the constructor: a rate other than the option's.
  void set_rate(double events_per_second) { rate_ = events_per_second; }
  /// In the constructor: a burst of a known number of events is a recording made at `rate` that ends now, instead of
  /// happening all at once.
  void spread_burst() { is_burst_spread_ = true; }
  /// Events made so far; in make: the number of the event being made, from 0.
  [[nodiscard]] std::uint64_t made() const { return made_; }

 private:
  // Between two looks at the clock and the stop flag. Large enough to cost nothing, small enough to stop within a
  // millisecond or so.
  static constexpr std::uint64_t kChunk = 512;
  // Waiting for less than this only costs wake-ups; at high rates the events of a millisecond go together.
  static constexpr Duration kShortestWait = std::chrono::milliseconds(1);
  // Reading the two clocks one behind the other gives a little noise; a larger difference means that the wall clock was
  // set or slewed.
  static constexpr Duration kClockNoise = std::chrono::milliseconds(20);
  static constexpr int kFreeProgressLines = 20;

  void begin() {
    start_ = host().monotonic();
    schedule_start_ = start_;
    wall_offset_ = host().now().time_since_epoch() - start_;
    last_progress_ = start_;
    last_progress_made_ = made_;
    next_free_line_ = start_;
    first_made_ = made_;
  }

  /// Microseconds from the start of the schedule to the event that is `number` places behind its first.
  [[nodiscard]] Duration due(std::uint64_t number) const {
    return Duration(static_cast<std::int64_t>(std::ceil(static_cast<double>(number) * 1e6 / rate_)));
  }

  void run_continuous() {
    std::uint64_t in_schedule = 0;
    for (;;) {
      const Duration now = host().monotonic();
      follow_wall_clock(now);
      if (now - schedule_start_ - due(in_schedule) > catch_up_ && catch_up_ < now - start_) {
        schedule_start_ = now - catch_up_;
        in_schedule = 0;
      }
      const std::uint64_t chunk_end = end_of_chunk();
      bool is_caught_up = false;
      while (made_ < chunk_end) {
        const Duration at = schedule_start_ + due(in_schedule);
        if (at > now) {
          is_caught_up = true;
          break;
        }
        if (is_past_end(at)) return;
        if (!make(rng_, Time(at + wall_offset_))) return;
        ++made_;
        ++in_schedule;
      }
      report_progress(now);
      if (is_past_end(schedule_start_ + due(in_schedule))) return wait_for_end(now);
      if (host().is_stopping()) return;
      if (!is_caught_up) continue;
      const Duration ahead = schedule_start_ + due(in_schedule) - now;
      if (!wait(std::max(ahead, kShortestWait))) return;
    }
  }

  void run_burst() {
    const bool is_spread = is_burst_spread_ && events_ != 0;
    const Duration end_of_recording = host().now().time_since_epoch();
    for (;;) {
      const Duration now = host().monotonic();
      const Time time = host().now();
      if (is_past_end(now)) return;
      const std::uint64_t chunk_end = end_of_chunk();
      while (made_ < chunk_end) {
        if (!make(rng_, is_spread ? Time(end_of_recording - due(first_made_ + events_ - made_)) : time)) return;
        ++made_;
      }
      report_progress(now);
      if (host().is_stopping()) return;
    }
  }

  /// By the number of events, and by duration where an event of that moment would be too late.
  [[nodiscard]] bool is_past_end(Duration at) const {
    if (events_ != 0 && made_ - first_made_ >= events_) return true;
    return duration_.count() != 0 && at - start_ >= duration_;
  }

  /// With an end by duration, the last event is not the end yet.
  void wait_for_end(Duration now) {
    const bool is_by_count = events_ != 0 && made_ - first_made_ >= events_;
    if (!is_by_count && start_ + duration_ > now) (void)wait(start_ + duration_ - now);
  }

  [[nodiscard]] std::uint64_t end_of_chunk() const {
    std::uint64_t end = made_ + kChunk;
    if (events_ != 0) end = std::min(end, first_made_ + events_);
    if (progress_every_ != 0) end = std::min(end, (made_ / progress_every_ + 1) * progress_every_);
    return end;
  }

  void follow_wall_clock(Duration now) {
    const Duration offset = host().now().time_since_epoch() - now;
    const Duration change = offset - wall_offset_;
    if (change > kClockNoise || change < -kClockNoise) wall_offset_ = offset;
  }

  void report_progress(Duration now) {
    if (progress_every_ == 0 || made_ / progress_every_ == last_progress_made_ / progress_every_) return;
    // The first lines are free, so that a short burst shows all of its progress; then one a second.
    if (free_lines_ > 0) {
      --free_lines_;
    } else if (now < next_free_line_) {
      return;
    }
    next_free_line_ = now + std::chrono::seconds(1);
    log_count("", now - last_progress_, made_ - last_progress_made_);
    last_progress_ = now;
    last_progress_made_ = made_;
  }

  void log_total() {
    log_count(" in all", host().monotonic() - start_, made_ - first_made_);
    if (writer().refused() != 0) {
      log_warning(std::to_string(writer().refused()) + " events were refused, the last one: " + writer().refusal());
    }
  }

  void log_count(const char* suffix, Duration elapsed, std::uint64_t events_in_it) {
    std::array<char, 128> line{};
    const std::uint64_t sent = made_ - writer().unsent();
    if (elapsed.count() > 0) {
      const double per_second = static_cast<double>(events_in_it) * 1e6 / static_cast<double>(elapsed.count());
      std::snprintf(line.data(), line.size(), "%" PRIu64 " events%s, %.1f events/s", sent, suffix, per_second);
    } else {
      std::snprintf(line.data(), line.size(), "%" PRIu64 " events%s", sent, suffix);
    }
    log_info(line.data());
  }

  // Set by the constructor, then constant.
  bool is_burst_;
  bool is_burst_spread_ = false;
  Profile profile_;
  std::uint64_t events_;
  Duration duration_;
  std::uint64_t progress_every_;
  Duration catch_up_;
  std::uint64_t seed_;
  double rate_;

  // Instance thread.
  Rng rng_{0};
  std::uint64_t made_ = 0;
  std::uint64_t first_made_ = 0;  // made_ when this run began
  Duration start_{};              // steady
  Duration schedule_start_{};     // start_, moved when a stall is not made up for
  Duration wall_offset_{};        // wall clock less steady clock
  Duration last_progress_{};
  std::uint64_t last_progress_made_ = 0;
  Duration next_free_line_{};
  int free_lines_ = kFreeProgressLines;
};

/// A simulator of one stream:
///   class Dice final : public sluice::SimulatedSource<Throw> {
///    public:
///     explicit Dice(const sluice::Context& context) : SimulatedSource(context, kThrows) {}
///    private:
///     Throw next(sluice::Rng& rng, sluice::Time) override { return {.eyes = rng.integer(1, 6)}; }
///   };
template <class T>
class SimulatedSource : public Simulator {
 public:
  SimulatedSource(const Context& context, const Out<T>& stream) : Simulator(context), stream_(stream) {}

 protected:
  /// The next event. Views in it must live until the call after it.
  virtual T next(Rng& rng, Time time) = 0;

 private:
  bool make(Rng& rng, Time time) final { return emit(stream_, next(rng, time)); }
  Out<T> stream_;
};

}  // namespace sluice::inline sdk
