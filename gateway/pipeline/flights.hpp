#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "core/buffer.hpp"
#include "core/event.hpp"

namespace sluice::pipeline {

/// One record on its way to Kafka.
struct FlightItem {
  Sequence sequence = 0;  ///< 0: a table row
  StreamId stream = 0;
  std::uint32_t bucket = 0;
  bool is_resolved = false;  ///< delivered or dropped; a second report is a stray one
  bool is_in_arena = false;  ///< the value is at value_offset of the flight's arena, else it is `payload`
  bool is_tombstone = false;
  std::size_t value_offset = 0;
  std::size_t value_bytes = 0;
  std::string_view key;
  std::string_view payload;  ///< the event's own bytes, in the journal's memory until released
};

/// A block of records handed over together, and the memory their values lie in until all are resolved.
struct Flight {
  std::vector<FlightItem> items;
  Buffer arena;
  std::uint32_t unresolved = 0;
  std::size_t bytes = 0;       ///< values of all items
  Sequence last_sequence = 0;  ///< 0: table rows
};

/// The flights under way, in order. A tag names a slot and an item, so that a report finds its record without a search.
///
///   tag:  31 … 12 slot | 11 … 0 item
///
/// Thread: the forwarder's.
class Flights {
 public:
  static constexpr std::uint32_t kItemBits = 12;
  static constexpr std::uint32_t kMaxItems = 1U << kItemBits;

  explicit Flights(std::size_t slots) : slots_(slots) {
    for (std::size_t slot = slots; slot != 0; --slot) free_.push_back(static_cast<std::uint32_t>(slot - 1));
  }

  [[nodiscard]] bool has_room() const { return !free_.empty(); }
  [[nodiscard]] bool is_empty() const { return under_way_.empty(); }
  /// Values of the flights under way.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  /// A cleared flight at the end of the order. The slot last given back comes first, so few arenas stay large.
  std::uint32_t begin() {
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    under_way_.push_back(slot);
    Flight& flight = slots_[slot];
    idle_arena_bytes_ -= flight.arena.capacity();
    flight.items.clear();
    flight.arena.clear();
    flight.unresolved = 0;
    flight.bytes = 0;
    flight.last_sequence = 0;
    return slot;
  }
  void add_bytes(Flight& flight, std::size_t bytes) {
    flight.bytes += bytes;
    bytes_ += bytes;
  }

  [[nodiscard]] Flight& at_slot(std::uint32_t slot) { return slots_[slot]; }
  [[nodiscard]] Flight& flight_of(std::uint32_t tag) { return slots_[tag >> kItemBits]; }
  [[nodiscard]] FlightItem& item_of(std::uint32_t tag) { return flight_of(tag).items[tag & (kMaxItems - 1)]; }
  [[nodiscard]] bool is_known(std::uint32_t tag) const {
    return (tag >> kItemBits) < slots_.size() && (tag & (kMaxItems - 1)) < slots_[tag >> kItemBits].items.size();
  }
  [[nodiscard]] static std::uint32_t tag_of(std::uint32_t slot, std::size_t item) {
    return slot << kItemBits | static_cast<std::uint32_t>(item);
  }

  /// Ends the flights at the front that are wholly resolved; returns the last sequence they carried, 0 if none did.
  Sequence end_resolved() {
    Sequence through = 0;
    while (!under_way_.empty() && slots_[under_way_.front()].unresolved == 0) {
      const std::uint32_t slot = under_way_.front();
      under_way_.pop_front();
      Flight& flight = slots_[slot];
      if (flight.last_sequence != 0) through = flight.last_sequence;
      bytes_ -= flight.bytes;
      flight.items.clear();
      if (idle_arena_bytes_ + flight.arena.capacity() > kIdleArenaBytes) flight.arena = Buffer();
      idle_arena_bytes_ += flight.arena.capacity();
      free_.push_back(slot);
    }
    return through;
  }

  /// Visits every flight under way, oldest first.
  template <class Visit>
  void for_each(Visit visit) {
    for (const std::uint32_t slot : under_way_) visit(slots_[slot], slot);
  }

 private:
  /// Arenas of slots not in use keep at most this much together; beyond it they go back to the allocator.
  static constexpr std::size_t kIdleArenaBytes = 4U << 20U;

  std::vector<Flight> slots_;
  std::vector<std::uint32_t> free_;
  std::deque<std::uint32_t> under_way_;
  std::size_t bytes_ = 0;
  std::size_t idle_arena_bytes_ = 0;
};

}  // namespace sluice::pipeline
