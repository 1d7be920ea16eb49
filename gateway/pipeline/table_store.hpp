#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/buffer.hpp"
#include "core/ports.hpp"
#include "core/stream.hpp"
#include "pipeline/reason_counts.hpp"

namespace sluice::pipeline {

struct TableStats {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t dirty = 0;      ///< changed and not yet handed to the producer
  std::uint64_t changes = 0;    ///< puts and removes taken
  std::uint64_t published = 0;  ///< rows Kafka acknowledged
  std::uint64_t evicted = 0;    ///< rows given up for lack of room
  Reasons dropped;              ///< rows that can never be published
};

/// A changed row on its way to the topic; views into the buffer given to take_dirty.
struct DirtyRow {
  std::size_t key_offset = 0;
  std::size_t key_bytes = 0;
  std::size_t wire_offset = 0;
  std::size_t wire_bytes = 0;
  bool is_removed = false;
};

/// Latest row per key of one table stream, within a byte budget: when over it, the row changed longest ago goes,
/// published ones first. Changes coalesce: between two take_dirty calls only the latest row of a key counts. Thread:
/// any; one lock, held for one call's copying.
class Table {
 public:
  Table(const Stream& stream, const StreamCodec& codec, std::size_t budget_bytes);

  /// kInvalid without a key or when the row alone exceeds the budget.
  Status put(std::string_view key, std::string_view wire, std::int64_t now_us);
  /// The key's row is gone; its topic gets a tombstone. An unknown key: nothing to do.
  void remove(std::string_view key);

  /// Appends the keys and wire bytes of up to `limit` changed rows to `bytes` and their places to `rows`.
  void take_dirty(std::size_t limit, Buffer& bytes, std::vector<DirtyRow>& rows);
  /// A row handed out could not be sent: it, or what replaced it, is dirty again.
  void retry(std::string_view key, bool is_removed);
  void count_published();
  void count_dropped(std::string_view reason);

  [[nodiscard]] TableStats stats() const;
  /// {"name":…,"topic":…,"evicted":N,"rows":[{"key":…,"updated_us":N,"value":{…}},…]}, rows in key order. Encodes
  /// outside the lock.
  [[nodiscard]] std::string to_json() const;
  [[nodiscard]] const Stream& stream() const { return stream_; }
  [[nodiscard]] bool has_dirty() const;

 private:
  struct Row {
    const std::string* key = nullptr;  // the map's, stable
    std::string wire;
    std::int64_t updated_us = 0;
    std::list<Row*>::iterator age;  // in published_ or dirty_
    bool is_dirty = false;
    bool is_removed = false;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };
  using Rows = std::unordered_map<std::string, Row, Hash, std::equal_to<>>;

  Row& touch(std::string_view key);
  void make_dirty(Row& row);
  void erase(Row& row);
  void make_room();
  static std::size_t cost(std::string_view key, std::string_view wire);

  // Constant after construction.
  const Stream& stream_;
  const StreamCodec& codec_;
  const std::size_t budget_bytes_;

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  Rows rows_;
  std::list<Row*> published_;  // handed to the producer, oldest first
  std::list<Row*> dirty_;      // in the order they became dirty
  std::size_t removed_rows_ = 0;
  TableStats stats_;
};

/// All tables of the gateway, by stream. Constant after construction: any thread.
class TableStore {
 public:
  /// `codecs` by StreamId. The budget is shared equally by the table streams of the set.
  TableStore(const StreamSet& streams, std::span<const StreamCodec* const> codecs, std::size_t budget_bytes);

  [[nodiscard]] Table* find(StreamId stream) const;
  [[nodiscard]] Table* find(std::string_view stream_name) const;
  [[nodiscard]] std::span<const std::unique_ptr<Table>> all() const { return tables_; }

 private:
  std::vector<std::unique_ptr<Table>> tables_;
};

}  // namespace sluice::pipeline
