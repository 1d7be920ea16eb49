#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "core/ports.hpp"
#include "core/stream.hpp"
#include "pipeline/reason_counts.hpp"
#include "pipeline/table_store.hpp"

namespace sluice::pipeline {

/// One row of an instance's own stream table, as the pipeline sees it.
struct InstanceStream {
  std::string name;
  const Stream* stream = nullptr;      ///< null: an in stream, nothing can be emitted to it
  const StreamCodec* codec = nullptr;  ///< of `stream`
  Table* table = nullptr;              ///< set when `stream` is a table
};

/// Where an instance's events and rows enter the gateway: checks them, turns JSON into wire bytes, finds key and time
/// where they are asked for, appends to the journal in blocks, puts rows into tables. Thread: any; one lock per call,
/// uncontended unless a plugin emits from several threads.
class Intake {
 public:
  Intake(std::vector<InstanceStream> streams, Journal& journal, const Clock& clock)
      : streams_(std::move(streams)), journal_(journal), clock_(clock) {}

  EmitOutcome emit(std::span<const EmittedEvent> events);

  [[nodiscard]] std::uint64_t accepted() const { return accepted_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t rows() const { return rows_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t busy() const { return busy_.load(std::memory_order_relaxed); }
  [[nodiscard]] Sequence last_ticket() const { return last_ticket_.load(std::memory_order_relaxed); }
  [[nodiscard]] ReasonCounts& rejected() { return rejected_; }
  [[nodiscard]] const ReasonCounts& rejected() const { return rejected_; }
  [[nodiscard]] const std::vector<InstanceStream>& streams() const { return streams_; }

 private:
  static constexpr std::size_t kNowhere = ~std::size_t{0};
  /// Where in scratch_ the parts of a staged event lie that had to be made; its views are set when scratch_ is
  /// complete.
  struct Made {
    std::size_t payload_at = kNowhere;
    std::size_t key_at = kNowhere;
  };
  struct Refusal {
    const char* reason = nullptr;
    std::string text;
  };

  bool stage(const EmittedEvent& given, std::int64_t now_us, Refusal& refusal);
  void set_made_views();
  bool put_row(std::int64_t now_us, bool is_delete, Table& table, Refusal& refusal);

  const std::vector<InstanceStream> streams_;
  Journal& journal_;
  const Clock& clock_;
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> rows_{0};
  std::atomic<std::uint64_t> busy_{0};
  std::atomic<Sequence> last_ticket_{0};
  ReasonCounts rejected_;

  // Guarded by mutex_.
  std::mutex mutex_;
  std::vector<Event> staged_;
  std::vector<Made> made_;
  bool has_made_ = false;
  Buffer scratch_;
  EventFacts facts_;
};

}  // namespace sluice::pipeline
