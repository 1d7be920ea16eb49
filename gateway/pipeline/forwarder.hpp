#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/ports.hpp"
#include "core/stream.hpp"
#include "pipeline/backoff.hpp"
#include "pipeline/dead_letters.hpp"
#include "pipeline/flights.hpp"
#include "pipeline/ledger.hpp"
#include "pipeline/table_store.hpp"

namespace sluice::pipeline {

/// The reason of what a stop could not deliver.
inline constexpr std::string_view kNotDelivered = "not_delivered_at_stop";

/// Reads the journal in order, encodes, chooses partitions, produces, and releases what Kafka acknowledged; publishes
/// the dirty rows of tables beside it. At least once; in order within a partition.
///
/// What becomes of a failure:
///   a retry may help   the partition is held until nothing of it is in flight, then what failed goes again, in order
///   and
///                      before anything new, with back-off. Events are never dropped for it
///   it cannot help     the event goes to the dead-letter stream and counts as dropped(reason)
///   cannot be encoded  the same, reason "encode"
///   the client dies    purge, a new client, everything unresolved again per partition, back-off 1…60 s if it recurs
///
/// Memory: at most max_in_flight_events records and about max_in_flight_bytes of values are unresolved; encoded values
/// lie in their flight's arena, values that pass through are sent from the journal's memory. Thread: one for
/// everything, except ledger() and advances().
class Forwarder final : private DeliverySink {
 public:
  struct Options {
    std::size_t max_in_flight_events = 10'000;
    std::size_t max_in_flight_bytes = 16U << 20U;
    std::size_t block_events = 512;         ///< read, encoded and handed over together
    std::size_t block_bytes = 512U << 10U;  ///< a block ends earlier when its values reach this
    std::size_t block_rows = 2048;          ///< table rows, one block under way at a time
  };

  /// `codecs` by StreamId. Everything outlives the forwarder. Sets itself as the producer's sink until destroyed.
  Forwarder(const Options& options, Journal& journal, Producer& producer, const StreamSet& streams,
            std::span<const StreamCodec* const> codecs, TableStore& tables, DeadLetters& dead_letters,
            const Clock& clock, Log& log);
  ~Forwarder() override;
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  /// Registers the topics; before the first step.
  Status open();

  /// One round; waits up to `idle_wait` for events when there is nothing else to do.
  void step(std::chrono::milliseconds idle_wait);

  /// The journal is closed, read to its end and delivered; no row is waiting.
  [[nodiscard]] bool is_drained() const;

  /// Gives up whatever is not delivered, counted as dropped("not_delivered_at_stop"). For a stop whose time is over.
  void abandon();

  [[nodiscard]] const Ledger& ledger() const { return ledger_; }                          ///< any thread
  [[nodiscard]] const std::atomic<std::uint64_t>& advances() const { return advances_; }  ///< any thread

  /// Unresolved events found by walking the flights; equals the sum of in_flight. For tests. Forwarder thread.
  [[nodiscard]] std::uint64_t count_unresolved();

 private:
  struct Route {
    const Stream* stream = nullptr;
    const StreamCodec* codec = nullptr;
    std::uint32_t topic = 0;  ///< place in topics_
    bool is_passthrough = false;
  };
  struct Topic {
    TopicId id = 0;
    std::uint32_t partitions = 1;
    std::vector<std::uint32_t> buckets;  ///< by partition, kNoBucket where none was needed yet
  };
  /// What is to be sent to one partition.
  struct Bucket {
    std::uint32_t topic = 0;
    std::int32_t partition = 0;
    std::vector<ProduceRecord> queue;
    std::size_t head = 0;  ///< queue before here was taken by the producer
    std::uint32_t in_flight = 0;
    std::vector<std::uint32_t> failed;  ///< tags to send again
    std::int64_t retry_at_us = 0;
    std::uint32_t attempts = 0;
    bool is_held = false;
    bool is_active = false;  ///< in active_
  };

  void on_delivered(std::uint32_t tag) override;
  void on_failed(std::uint32_t tag, std::string_view reason, bool is_permanent) override;

  bool take_block(std::chrono::milliseconds wait);
  bool take_rows();
  void take_event(std::uint32_t slot, const JournalRecord& record);
  std::uint32_t bucket_of(std::uint32_t topic, std::int32_t partition);
  void enqueue(std::uint32_t bucket, std::uint32_t tag);
  bool send_all();
  bool send(Bucket& bucket);
  void release_held();
  void drop(std::uint32_t tag, std::string_view reason, std::string_view detail);
  void resolve(std::uint32_t tag);
  void recover();
  void finish_round();
  [[nodiscard]] ProduceRecord record_of(std::uint32_t tag);

  static constexpr std::uint32_t kNoBucket = ~0U;
  static constexpr std::string_view kName = "forwarder";

  // Set by the constructor, then constant.
  const Options options_;
  Journal& journal_;
  Producer& producer_;
  TableStore& tables_;
  DeadLetters& dead_letters_;
  const Clock& clock_;
  Log& log_;

  // Any thread.
  Ledger ledger_;
  std::atomic<std::uint64_t> advances_{0};

  // Forwarder thread only.
  std::unique_ptr<JournalReader> reader_;
  std::vector<Route> routes_;
  std::vector<Topic> topics_;
  std::vector<Bucket> buckets_;
  std::vector<std::uint32_t> active_;  ///< buckets with something unsent
  Flights flights_;
  std::vector<JournalRecord> block_;
  std::size_t block_at_ = 0;
  std::size_t block_end_ = 0;
  std::vector<DirtyRow> rows_;
  Buffer row_bytes_;
  std::size_t next_table_ = 0;
  std::size_t rows_in_flight_ = 0;
  std::size_t events_in_flight_ = 0;
  ForwarderAccount account_;
  bool has_new_drops_ = false;
  bool is_queue_full_ = false;
  bool is_purging_ = false;
  bool must_recover_ = false;
  bool must_check_client_ = false;
  std::int64_t recover_at_us_ = 0;
  std::int64_t now_us_ = 0;
  std::int64_t last_log_us_ = 0;
  Backoff recovery_backoff_;
  EventFacts facts_;
};

}  // namespace sluice::pipeline
