#pragma once

/// Windows over event time and over counts, for keys numbered by KeyIds.
///
/// Overlapping windows share slices: with size 6 and slide 2, an event is stored once, in the slice of its time, and
/// each window is the sum of three slices.
///
///     time    0     2     4     6     8     10
///     slice   |--0--|--1--|--2--|--3--|--4--|
///     window  |--------[0, 6)---|
///                   |--------[2, 8)---|
///                         |--------[4, 10)--|
///
/// A State is what a window keeps for a key: default constructible, with merge(const State&), save(SnapshotWriter&) and
/// load(SnapshotReader&), as CompensatedSum and RunningStatistics are.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "sluice/keys.hpp"
#include "sluice/snapshot.hpp"

namespace sluice::inline sdk {

/// Event time up to which a stream is taken as complete: the largest time seen less the delay granted to stragglers.
/// Never goes back.
class Watermark {
 public:
  explicit Watermark(std::int64_t delay_us) : delay_us_(delay_us) {}

  void observe(std::int64_t event_time_us) { advance(event_time_us - delay_us_); }
  /// For a stream that has fallen silent: the time is known from elsewhere.
  void advance(std::int64_t watermark_us) { value_us_ = std::max(value_us_, watermark_us); }
  /// The least integer before the first event.
  [[nodiscard]] std::int64_t value_us() const { return value_us_; }

  void save(SnapshotWriter& out) const { out.integer(value_us_); }
  void load(SnapshotReader& in) { value_us_ = in.signed_integer(); }

 private:
  std::int64_t delay_us_;
  std::int64_t value_us_ = std::numeric_limits<std::int64_t>::min();
};

struct WindowSpan {
  std::int64_t start_us = 0;
  std::int64_t end_us = 0;  ///< not part of the window
};

/// Tumbling (slide = size) and hopping (slide divides size) windows [start, end), aligned to the epoch. Each closes
/// once, when the watermark has reached its end. Memory: a State per key and slice with events, and 4 bytes per key
/// number and slice. How far ahead of the watermark events may be is the caller's to bound. Thread: one.
template <class State>
class TimeWindows {
 public:
  /// 0 < slide_us <= size_us, and slide_us divides size_us.
  TimeWindows(std::int64_t size_us, std::int64_t slide_us) : size_us_(size_us), slide_us_(slide_us) {}

  /// Where the caller adds an event of that key and time; null when every window that contains the time has closed (the
  /// event is late). It counts in those windows that are still open. Valid until the next call.
  State* slot(KeyIds::Id key, std::int64_t time_us) {
    const std::int64_t number = floor_divide(time_us, slide_us_);
    if (last_window_end(number) < next_end_us_) return nullptr;
    if (recent_ >= slices_.size() || slices_[recent_].number != number) recent_ = find_or_insert(number);
    return &slices_[recent_].at(key);
  }

  /// Closes every window with an end up to the watermark, in order of their ends, and calls
  /// emit(KeyIds::Id, const WindowSpan&, const State&) for each of its keys, in order of their first events.
  template <class Emit>
  void close_until(std::int64_t watermark_us, Emit&& emit) {
    if (watermark_us == std::numeric_limits<std::int64_t>::min()) return;
    while (!slices_.empty()) {
      const std::int64_t end_us = std::max(next_end_us_, (slices_.front().number + 1) * slide_us_);
      if (end_us > watermark_us) break;
      close(WindowSpan{end_us - size_us_, end_us}, emit);
      next_end_us_ = end_us + slide_us_;
      std::size_t passed = 0;
      while (passed < slices_.size() && last_window_end(slices_[passed].number) < next_end_us_) ++passed;
      slices_.erase(slices_.begin(), slices_.begin() + static_cast<std::ptrdiff_t>(passed));
      recent_ = 0;
    }
    next_end_us_ = std::max(next_end_us_, (floor_divide(watermark_us, slide_us_) + 1) * slide_us_);
  }

  [[nodiscard]] std::size_t slice_count() const { return slices_.size(); }

  /// Key numbers are written as they are: save the KeyIds' keys beside it and give them the same numbers again.
  void save(SnapshotWriter& out) const {
    out.integer(size_us_);
    out.integer(slide_us_);
    out.integer(next_end_us_);
    out.integer(slices_.size());
    for (const Slice& slice : slices_) {
      out.integer(slice.number);
      out.integer(slice.entries.size());
      for (const auto& [key, state] : slice.entries) {
        out.integer(key);
        state.save(out);
      }
    }
  }
  /// False, and empty, when the bytes are damaged, belong to other window sizes or name a key from `id_limit` on.
  [[nodiscard]] bool load(SnapshotReader& in, std::size_t id_limit) {
    slices_.clear();
    recent_ = 0;
    bool is_ok = in.signed_integer() == size_us_ && in.signed_integer() == slide_us_;
    const std::int64_t next_end_us = in.signed_integer();
    const std::uint64_t slice_count = in.count(16);
    for (std::uint64_t i = 0; is_ok && i < slice_count; ++i) {
      const std::int64_t number = in.signed_integer();
      is_ok = slices_.empty() || slices_.back().number < number;
      Slice& slice = slices_.emplace_back(number);
      const std::uint64_t entry_count = in.count(8);
      for (std::uint64_t entry = 0; is_ok && entry < entry_count; ++entry) {
        const std::uint64_t key = in.integer();
        is_ok = in.is_ok() && key < id_limit;
        if (is_ok) slice.at(static_cast<KeyIds::Id>(key)).load(in);
      }
    }
    is_ok = is_ok && in.is_ok();
    if (!is_ok) slices_.clear();
    next_end_us_ = is_ok ? next_end_us : std::numeric_limits<std::int64_t>::min();
    return is_ok;
  }

 private:
  static constexpr std::uint32_t kAbsent = 0xffffffffU;

  struct Slice {
    explicit Slice(std::int64_t its_number) : number(its_number) {}
    State& at(KeyIds::Id key) {
      if (key >= places.size()) places.resize(static_cast<std::size_t>(key) + 1, kAbsent);
      if (places[key] == kAbsent) {
        places[key] = static_cast<std::uint32_t>(entries.size());
        entries.emplace_back(key, State{});
      }
      return entries[places[key]].second;
    }
    std::int64_t number;                // covers [number * slide, (number + 1) * slide)
    std::vector<std::uint32_t> places;  // by key number: where in entries
    std::vector<std::pair<KeyIds::Id, State>> entries;
  };

  static std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
  }
  [[nodiscard]] std::int64_t last_window_end(std::int64_t number) const { return number * slide_us_ + size_us_; }

  std::size_t find_or_insert(std::int64_t number) {
    const auto found = std::lower_bound(slices_.begin(), slices_.end(), number,
                                        [](const Slice& slice, std::int64_t wanted) { return slice.number < wanted; });
    const auto place = static_cast<std::size_t>(found - slices_.begin());
    if (found == slices_.end() || found->number != number) slices_.emplace(found, number);
    return place;
  }

  template <class Emit>
  void close(const WindowSpan& window, Emit&& emit) {
    const auto is_in = [&](const Slice& slice) { return slice.number * slide_us_ < window.end_us; };
    if (size_us_ == slide_us_) {  // one slice is the window
      for (const auto& [key, state] : slices_.front().entries) emit(key, window, state);
      return;
    }
    Slice sum(0);
    for (const Slice& slice : slices_) {
      if (!is_in(slice)) break;
      for (const auto& [key, state] : slice.entries) sum.at(key).merge(state);
    }
    for (const auto& [key, state] : sum.entries) emit(key, window, state);
  }

  std::int64_t size_us_;
  std::int64_t slide_us_;
  std::int64_t next_end_us_ = std::numeric_limits<std::int64_t>::min();  // windows with an earlier end have closed
  std::vector<Slice> slices_;                                            // by number; only those with events
  std::size_t recent_ = 0;                                               // place of the slice used last
};

/// Tumbling windows of `size` events per key. For the last N values at any moment, see RollingStatistics.
/// Thread: one.
template <class State>
class CountWindows {
 public:
  explicit CountWindows(std::uint64_t size) : size_(size) {}

  /// Calls update(State&) for the event and, when it fills the window, emit(const State&), after which the key's next
  /// window is empty.
  template <class Update, class Emit>
  void add(KeyIds::Id key, Update&& update, Emit&& emit) {
    if (key >= windows_.size()) windows_.resize(static_cast<std::size_t>(key) + 1);
    Window& window = windows_[key];
    update(window.state);
    if (++window.count < size_) return;
    emit(std::as_const(window.state));
    window = Window{};
  }
  /// Forgets what the key has gathered.
  void erase(KeyIds::Id key) {
    if (key < windows_.size()) windows_[key] = Window{};
  }

  void save(SnapshotWriter& out) const {
    out.integer(windows_.size());
    for (const Window& window : windows_) {
      out.integer(window.count);
      window.state.save(out);
    }
  }
  /// False, and empty, when the bytes are damaged.
  [[nodiscard]] bool load(SnapshotReader& in) {
    windows_.clear();
    const std::uint64_t count = in.count(8);
    for (std::uint64_t i = 0; i < count && in.is_ok(); ++i) {
      Window& window = windows_.emplace_back();
      window.count = in.integer();
      window.state.load(in);
    }
    if (!in.is_ok()) windows_.clear();
    return in.is_ok();
  }

 private:
  struct Window {
    std::uint64_t count = 0;
    State state{};
  };
  std::uint64_t size_;
  std::vector<Window> windows_;
};

}  // namespace sluice::inline sdk
