#include "journal/memory_journal.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "journal/record_frame.hpp"

namespace sluice::journal {
namespace {

template <class T>
T& grow_to(std::vector<T>& all, std::size_t index) {
  if (index >= all.size()) all.resize(index + 1);
  return all[index];
}

/// Sizes that cannot work together are cut to what can: a budget holds at least four chunks and two of any event.
MemoryJournal::Options fitted(MemoryJournal::Options options) {
  options.chunk_bytes =
      std::max<std::size_t>(std::min(options.chunk_bytes, options.budget_bytes / 4) & ~std::size_t{7}, 64);
  options.event_max_bytes = std::min(options.event_max_bytes, options.budget_bytes / 2 - frame_size(0, 0) - 8);
  return options;
}

}  // namespace

struct MemoryJournal::Chunk {
  std::unique_ptr<char[]> memory;
  std::size_t capacity = 0;
  std::size_t used = 0;
  Sequence first = 0;
  Sequence last = 0;
  std::vector<std::uint64_t> bytes_by_owner;
};

class MemoryJournal::Reader final : public JournalReader {
 public:
  Reader(MemoryJournal& journal, Hold hold) : journal_(journal), hold_(hold) {
    const std::lock_guard lock(journal_.mutex_);
    next_ = journal_.chunks_.empty() ? journal_.last_sequence_ + 1 : journal_.chunks_.front()->first;
    released_ = next_ - 1;
    ordinal_ = journal_.front_ordinal_;
    journal_.readers_.push_back(this);
  }
  ~Reader() override {
    const std::lock_guard lock(journal_.mutex_);
    std::erase(journal_.readers_, this);
    chunk_.reset();
    journal_.drop_passed();
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  std::size_t read(std::span<JournalRecord> out, std::chrono::milliseconds wait) override {
    if (out.empty()) return 0;
    std::size_t end = 0;
    {
      std::unique_lock lock(journal_.mutex_);
      if (next_ > journal_.last_sequence_ && wait.count() > 0 && !journal_.is_closed_) {
        ++journal_.waiting_readers_;
        journal_.appended_.wait_for(lock, wait,
                                    [this] { return next_ <= journal_.last_sequence_ || journal_.is_closed_; });
        --journal_.waiting_readers_;
      }
      if (!seek()) return 0;
      end = chunk_->used;
    }
    std::size_t count = 0;
    const char* memory = chunk_->memory.get();
    while (count < out.size() && offset_ < end) offset_ += read_frame(memory + offset_, out[count++]);
    next_ = out[count - 1].sequence + 1;
    return count;
  }

  void release(Sequence through) override {
    const std::lock_guard lock(journal_.mutex_);
    if (through <= released_) return;
    released_ = std::min(through, journal_.last_sequence_);
    if (journal_.lowest_released() == journal_.last_sequence_) {
      std::fill(journal_.is_waiting_.begin(), journal_.is_waiting_.end(), std::uint8_t{0});
    }
    journal_.drop_passed();
  }

  std::uint64_t take_gap() override { return std::exchange(gap_, 0); }

  [[nodiscard]] std::uint64_t lag_records() const override {
    const std::lock_guard lock(journal_.mutex_);
    return journal_.last_sequence_ - (next_ - 1);
  }

  [[nodiscard]] bool is_at_end() const override {
    const std::lock_guard lock(journal_.mutex_);
    return journal_.is_closed_ && next_ > journal_.last_sequence_;
  }

  // Under the journal's lock, by any thread.
  [[nodiscard]] Hold hold() const { return hold_; }
  [[nodiscard]] Sequence passed() const { return hold_ == Hold::kPins ? released_ : passed_; }

 private:
  /// Makes chunk_ and offset_ stand at the next unread record; false when there is none. Under the lock, which also
  /// orders giving a chunk back with its reuse.
  bool seek() {
    passed_ = next_ - 1;
    if (chunk_ && offset_ < chunk_->used) return true;
    if (chunk_) {
      if (next_ > journal_.last_sequence_ && ordinal_ >= journal_.front_ordinal_) return false;
      chunk_.reset();
      ++ordinal_;
      journal_.drop_passed();
    }
    offset_ = 0;
    if (ordinal_ < journal_.front_ordinal_) ordinal_ = journal_.front_ordinal_;
    const std::size_t index = ordinal_ - journal_.front_ordinal_;
    if (index >= journal_.chunks_.size()) {
      note_gap(journal_.last_sequence_ + 1);
      return false;
    }
    chunk_ = journal_.chunks_[index];
    note_gap(chunk_->first);
    return chunk_->used != 0;
  }

  void note_gap(Sequence present) {
    if (present <= next_) return;
    gap_ += present - next_;
    next_ = present;
    passed_ = next_ - 1;
  }

  MemoryJournal& journal_;
  const Hold hold_;
  // Reader thread only.
  std::shared_ptr<Chunk> chunk_;
  std::size_t offset_ = 0;
  std::uint64_t ordinal_ = 0;
  std::uint64_t gap_ = 0;
  Sequence next_ = 1;
  // Guarded by the journal's lock.
  Sequence released_ = 0;
  Sequence passed_ = 0;
};

MemoryJournal::MemoryJournal(Options options, const Clock& clock)
    : options_(fitted(std::move(options))), clock_(clock) {}
MemoryJournal::~MemoryJournal() = default;

std::uint32_t MemoryJournal::owner_of(StreamId stream) const {
  return stream < options_.owner_of_stream.size() ? options_.owner_of_stream[stream] : 1;
}

bool MemoryJournal::must_give_way(std::uint32_t owner) const {
  if (owner >= bytes_by_owner_.size() || bytes_by_owner_[owner] <= options_.budget_bytes / 2) return false;
  for (std::size_t other = 0; other < is_waiting_.size(); ++other) {
    if (other != owner && is_waiting_[other] != 0) return true;
  }
  return false;
}

Admission MemoryJournal::append(std::span<const Event> events) {
  Admission result;
  if (events.empty()) return result;
  const std::int64_t now_us = clock_.wall_us();
  bool must_wake = false;
  {
    const std::lock_guard lock(mutex_);
    std::uint32_t owner = 0;
    StreamId stream = 0;
    std::uint64_t* accepted = nullptr;
    std::uint64_t* owner_bytes = nullptr;
    for (const Event& event : events) {
      if (is_closed_) {
        result.code = Code::kClosed;
        break;
      }
      if (event.key.size() + event.payload.size() > options_.event_max_bytes) {
        result.code = Code::kInvalid;
        break;
      }
      if (accepted == nullptr || stream != event.stream) {
        stream = event.stream;
        owner = owner_of(stream);
        accepted = &grow_to(accepted_by_stream_, stream);
        owner_bytes = &grow_to(bytes_by_owner_, owner);
        grow_to(is_waiting_, owner);
        if (must_give_way(owner)) {
          result.code = Code::kFull;
          break;
        }
      }
      const std::size_t bytes = frame_size(event.key.size(), event.payload.size());
      if (chunks_.empty() || chunks_.back()->capacity - chunks_.back()->used < bytes) {
        if (must_give_way(owner) || !open_chunk(bytes, owner)) {
          result.code = Code::kFull;
          break;
        }
      }
      Chunk& chunk = *chunks_.back();
      write_frame(chunk.memory.get() + chunk.used, event, ++last_sequence_, now_us, bytes);
      chunk.used += bytes;
      chunk.last = last_sequence_;
      grow_to(chunk.bytes_by_owner, owner) += bytes;
      *owner_bytes += bytes;
      ++*accepted;
      ++result.accepted;
    }
    if (result.accepted != 0) result.last = last_sequence_;
    if (result.code == Code::kFull) ++full_refusals_;
    if (result.code == Code::kFull || result.code == Code::kOk) {
      grow_to(is_waiting_, owner) = result.code == Code::kFull ? 1 : 0;
    }
    must_wake = result.accepted != 0 && waiting_readers_ != 0;
  }
  if (must_wake) appended_.notify_all();
  return result;
}

bool MemoryJournal::open_chunk(std::size_t frame_bytes, std::uint32_t owner) {
  const std::size_t capacity = std::max(options_.chunk_bytes, frame_bytes);
  const std::size_t limit = options_.budget_bytes + (owner == 0 ? options_.reserve_bytes : 0);
  while (held_bytes_ + capacity > limit) {
    if (!drop_front()) return false;
  }
  auto chunk = std::make_shared<Chunk>();
  if (capacity == options_.chunk_bytes && spare_) {
    chunk->memory = std::move(spare_);
  } else {
    chunk->memory.reset(new (std::nothrow) char[capacity]);
    if (!chunk->memory) return false;
  }
  chunk->capacity = capacity;
  chunk->first = last_sequence_ + 1;
  chunk->last = last_sequence_;
  held_bytes_ += capacity;
  chunks_.push_back(std::move(chunk));
  return true;
}

/// Gives up the oldest chunk if no pinning reader needs it.
bool MemoryJournal::drop_front() {
  if (chunks_.empty() || lowest_released() < chunks_.front()->last) return false;
  const std::shared_ptr<Chunk> chunk = std::move(chunks_.front());
  chunks_.pop_front();
  ++front_ordinal_;
  held_bytes_ -= chunk->capacity;
  for (std::size_t owner = 0; owner < chunk->bytes_by_owner.size(); ++owner) {
    bytes_by_owner_[owner] -= chunk->bytes_by_owner[owner];
  }
  // Readers take and give back chunks under the lock only, so a count of one is final.
  if (chunk.use_count() == 1 && chunk->capacity == options_.chunk_bytes && !spare_) spare_ = std::move(chunk->memory);
  return true;
}

/// Gives up every chunk but the newest that no reader of either kind needs.
void MemoryJournal::drop_passed() {
  while (chunks_.size() > 1) {
    const Sequence last = chunks_.front()->last;
    const bool is_needed =
        readers_.empty() ||
        std::any_of(readers_.begin(), readers_.end(), [last](const Reader* reader) { return reader->passed() < last; });
    if (is_needed || !drop_front()) return;
  }
}

/// Without a pinning reader nothing is held back.
Sequence MemoryJournal::lowest_released() const {
  Sequence lowest = last_sequence_;
  for (const Reader* reader : readers_) {
    if (reader->hold() == Hold::kPins) lowest = std::min(lowest, reader->passed());
  }
  return lowest;
}

Status MemoryJournal::wait_durable(Sequence, std::chrono::milliseconds) { return {}; }

std::unique_ptr<JournalReader> MemoryJournal::open_reader(std::string_view, Hold hold) {
  return std::make_unique<Reader>(*this, hold);
}

void MemoryJournal::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  appended_.notify_all();
}

JournalStats MemoryJournal::stats(std::vector<std::uint64_t>* accepted_by_stream) const {
  const std::lock_guard lock(mutex_);
  JournalStats stats;
  stats.bytes = held_bytes_;
  stats.capacity_bytes = options_.budget_bytes;
  stats.segments = chunks_.size();
  stats.appended_events = last_sequence_;
  stats.released_events = lowest_released();
  stats.full_refusals = full_refusals_;
  stats.last_sequence = last_sequence_;
  for (const auto& chunk : chunks_) {
    if (chunk->last <= stats.released_events) continue;
    JournalRecord record;
    std::size_t at = 0;
    do {
      at += read_frame(chunk->memory.get() + at, record);
    } while (record.sequence <= stats.released_events);
    stats.oldest_received_us = record.received_us;
    break;
  }
  if (accepted_by_stream != nullptr) *accepted_by_stream = accepted_by_stream_;
  return stats;
}

}  // namespace sluice::journal
