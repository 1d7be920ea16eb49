#pragma once

/// Dense numbers for keys: a key is hashed once per event, and everything kept for it lies in plain arrays.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::inline sdk {

/// Gives each key a small number, reuses the numbers of erased ones. Looking up allocates nothing; adding may.
/// Thread: one.
class KeyIds {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = 0xffffffffU;

  [[nodiscard]] Id find(std::string_view key) const {
    if (slots_.empty()) return kNone;
    const std::uint32_t hash = hash_of(key);
    for (std::size_t place = hash & mask_;; place = (place + 1) & mask_) {
      const Slot& slot = slots_[place];
      if (slot.id == kNone) return kNone;
      if (slot.hash == hash && keys_[slot.id] == key) return slot.id;
    }
  }

  /// The key's number, and whether it was given just now.
  std::pair<Id, bool> add(std::string_view key) {
    if (const Id found = find(key); found != kNone) return {found, false};
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    Id id = 0;
    if (free_.empty()) {
      id = static_cast<Id>(keys_.size());
      keys_.emplace_back(key);
    } else {
      id = free_.back();
      free_.pop_back();
      keys_[id] = key;
    }
    place(Slot{hash_of(key), id});
    ++size_;
    return {id, true};
  }

  /// Forgets the key; its number is free for another.
  void erase(Id id) {
    std::size_t hole = hash_of(keys_[id]) & mask_;
    while (slots_[hole].id != id) hole = (hole + 1) & mask_;
    // Backward shift: whatever is reached only across the hole moves into it.
    for (std::size_t next = (hole + 1) & mask_; slots_[next].id != kNone; next = (next + 1) & mask_) {
      const std::size_t home = slots_[next].hash & mask_;
      if (((next - home) & mask_) >= ((next - hole) & mask_)) {
        slots_[hole] = slots_[next];
        hole = next;
      }
    }
    slots_[hole] = Slot{};
    std::string().swap(keys_[id]);
    free_.push_back(id);
    --size_;
  }

  [[nodiscard]] const std::string& key(Id id) const { return keys_[id]; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Every number given so far is below this.
  [[nodiscard]] std::size_t id_limit() const { return keys_.size(); }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    Id id = kNone;
  };

  static std::uint32_t hash_of(std::string_view key) {
    const std::size_t hash = std::hash<std::string_view>{}(key);
    return static_cast<std::uint32_t>(hash ^ (static_cast<std::uint64_t>(hash) >> 32U));
  }

  void place(Slot slot) {
    std::size_t at = slot.hash & mask_;
    while (slots_[at].id != kNone) at = (at + 1) & mask_;
    slots_[at] = slot;
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.id != kNone) place(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most three quarters full
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  std::vector<std::string> keys_;
  std::vector<Id> free_;
};

}  // namespace sluice::inline sdk
