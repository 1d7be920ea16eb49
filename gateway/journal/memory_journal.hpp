#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/ports.hpp"

namespace sluice::journal {

/// The journal of `mode = "memory"`: a bounded ring of chunks. An event is owned from append until the pinning reader
/// releases it; nothing survives the process.
///
/// Memory: chunks are allocated when first needed and reused; together they never exceed budget_bytes, plus
/// reserve_bytes that only owner 0 may use, plus at most one chunk per yielding reader that was overtaken while
/// reading it (it stays alive, by shared ownership, until that reader's next read).
/// Room: a chunk goes when every pinning reader released it and every yielding reader passed it; when room is needed,
/// without asking the yielding ones, which then skip it and report the loss by take_gap().
/// Fairness: an owner that holds over half of the budget is refused (kFull) while another owner is waiting, that is,
/// was refused for lack of room and has not been taken since.
/// Thread: any, except readers (one thread each). One short lock per append or read call; never held while calling out.
class MemoryJournal final : public Journal {
 public:
  struct Options {
    std::size_t budget_bytes = 8U << 20U;
    std::size_t chunk_bytes = 256U << 10U;
    std::size_t event_max_bytes = 1U << 20U;  ///< key + payload; a larger one than a chunk gets a chunk of its own
    std::size_t reserve_bytes = 256U << 10U;  ///< beyond the budget, for owner 0 (the host: dead letters)
    /// Who is behind each stream, indexed by StreamId, for fairness; a stream beyond the end belongs to owner 1.
    std::vector<std::uint32_t> owner_of_stream;
  };

  MemoryJournal(Options options, const Clock& clock);
  ~MemoryJournal() override;
  MemoryJournal(const MemoryJournal&) = delete;
  MemoryJournal& operator=(const MemoryJournal&) = delete;

  Admission append(std::span<const Event> events) override;
  Status wait_durable(Sequence ticket, std::chrono::milliseconds timeout) override;
  std::unique_ptr<JournalReader> open_reader(std::string_view name, Hold hold) override;
  void close() override;
  JournalStats stats(std::vector<std::uint64_t>* accepted_by_stream) const override;
  [[nodiscard]] bool is_durable() const override { return false; }
  [[nodiscard]] std::size_t event_max_bytes() const override { return options_.event_max_bytes; }

 private:
  class Reader;
  struct Chunk;

  std::uint32_t owner_of(StreamId stream) const;
  bool must_give_way(std::uint32_t owner) const;
  bool open_chunk(std::size_t frame_bytes, std::uint32_t owner);
  bool drop_front();
  void drop_passed();
  Sequence lowest_released() const;

  // Set by the constructor, then constant: any thread.
  const Options options_;
  const Clock& clock_;

  // Guarded by mutex_. Bytes inside a chunk below its `used` are constant and read without the lock.
  mutable std::mutex mutex_;
  std::condition_variable appended_;
  std::deque<std::shared_ptr<Chunk>> chunks_;
  std::uint64_t front_ordinal_ = 0;  ///< of chunks_.front(); rises by one per dropped chunk
  std::unique_ptr<char[]> spare_;    ///< the memory of one dropped chunk of the usual size
  std::size_t held_bytes_ = 0;       ///< capacities of chunks_
  std::vector<Reader*> readers_;
  std::size_t waiting_readers_ = 0;
  Sequence last_sequence_ = 0;
  bool is_closed_ = false;
  std::uint64_t full_refusals_ = 0;
  std::vector<std::uint64_t> accepted_by_stream_;
  std::vector<std::uint64_t> bytes_by_owner_;  ///< held in chunks_
  std::vector<std::uint8_t> is_waiting_;       ///< by owner
};

}  // namespace sluice::journal
