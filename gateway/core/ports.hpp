#pragma once

/// The interfaces through which sibling folders meet. Who implements and who calls each is named on top of it; tests
/// put fakes in their place. Nothing here knows Kafka's, protobuf's or the plugin ABI's types.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/buffer.hpp"
#include "core/clock.hpp"
#include "core/event.hpp"
#include "core/log.hpp"
#include "core/status.hpp"

namespace sluice {

// ---- journal: implemented by journal/, called by pipeline/ -------------------------------------------------------

struct JournalRecord {
  Sequence sequence = 0;
  std::int64_t received_us = 0;  ///< wall clock of the append that took it
  Event event;
};

/// What append did: events [0, accepted) are owned by the journal, the rest was not touched.
struct Admission {
  std::size_t accepted = 0;
  Sequence last = 0;      ///< sequence of the last accepted event: the ticket for wait_durable; 0 if none
  Code code = Code::kOk;  ///< kOk all; kFull no room now; kClosed; kInvalid events[accepted] is larger than the limit
};

struct JournalStats {
  std::uint64_t bytes = 0;
  std::uint64_t capacity_bytes = 0;
  std::uint64_t segments = 0;
  std::uint64_t appended_events = 0;    ///< since start, all streams
  std::uint64_t recovered_events = 0;   ///< found at start
  std::uint64_t released_events = 0;    ///< passed by the pinning reader, in sequence order
  std::uint64_t full_refusals = 0;      ///< append calls that ended in kFull
  std::int64_t oldest_received_us = 0;  ///< of the oldest event not released; 0 when none is pending
  Sequence last_sequence = 0;           ///< of the newest event, as of the same moment; 0 before the first
};

/// One reader's place in the journal. Thread: one thread at a time, its owner's.
class JournalReader {
 public:
  virtual ~JournalReader() = default;

  /// Fills `out` with the next records in sequence order and waits up to `wait` for the first; returns how many.
  /// The views live until release() passes them (pinning reader) or until the next read() (yielding reader).
  /// Returns 0 early when the journal is closed and read to its end.
  virtual std::size_t read(std::span<JournalRecord> out, std::chrono::milliseconds wait) = 0;

  /// Everything up to and including `through` is no longer needed by this reader.
  virtual void release(Sequence through) = 0;

  /// Records this yielding reader lost because it was overtaken, since the last call. A pinning reader: always 0.
  virtual std::uint64_t take_gap() = 0;

  /// Appended, but not yet read by this reader.
  [[nodiscard]] virtual std::uint64_t lag_records() const = 0;

  /// True when the journal is closed and everything in it was read.
  [[nodiscard]] virtual bool is_at_end() const = 0;
};

enum class Hold : std::uint8_t {
  kPins = 1,  ///< what it has not released stays; append runs full instead (the forwarder)
  kYields,    ///< gives way when room is needed, and is told so by take_gap (journal consumers)
};

class Journal {
 public:
  virtual ~Journal() = default;

  /// Copies the events in order. Never waits. Thread: any.
  virtual Admission append(std::span<const Event> events) = 0;

  /// Waits until the sequence survives a crash (memory mode: at once). kTimeout, kIo.  Thread: any.
  virtual Status wait_durable(Sequence ticket, std::chrono::milliseconds timeout) = 0;

  /// A reader that starts at the oldest event present. The journal outlives it. Thread: any.
  virtual std::unique_ptr<JournalReader> open_reader(std::string_view name, Hold hold) = 0;

  /// From now on append gives kClosed; readers drain what is there. Wakes waiting readers. Thread: any.
  virtual void close() = 0;

  /// Accepted per stream since start, indexed by StreamId, and the totals, as of one moment. Thread: any.
  virtual JournalStats stats(std::vector<std::uint64_t>* accepted_by_stream = nullptr) const = 0;

  [[nodiscard]] virtual bool is_durable() const = 0;
  /// Largest key + payload of one event.
  [[nodiscard]] virtual std::size_t event_max_bytes() const = 0;
};

// ---- codec: implemented by codec/, called by pipeline/, admin/ and cli/ through app/ ------------------------------

/// What a codec found in an event besides its bytes. Views point into the wire bytes given, or into this object.
struct EventFacts {
  bool has_time = false;
  bool has_key = false;
  std::int64_t event_time_us = 0;     ///< of the stream's time field
  std::string_view key;               ///< of the stream's key field
  std::string_view partition_value;   ///< of the stream's partition field
  std::uint32_t unknown_fields = 0;   ///< JSON: keys the schema lacks, skipped
  std::array<char, 24> key_digits{};  ///< backs `key` when the key field is an integer

  EventFacts() = default;
  EventFacts(const EventFacts&) = delete;
  EventFacts& operator=(const EventFacts&) = delete;
  void clear() {
    has_time = has_key = false;
    event_time_us = 0;
    key = partition_value = {};
    unknown_fields = 0;
  }
};

/// Writes and checks the events of one out stream. Immutable. Thread: any.
class StreamCodec {
 public:
  virtual ~StreamCodec() = default;

  /// True when the payload is the record's value as it is (Protobuf without a frame, raw): encode need not be called.
  [[nodiscard]] virtual bool is_passthrough() const = 0;
  /// Appends the value in the stream's format. kInvalid with a path on bad wire bytes; `out` is then as before.
  virtual Status encode(std::string_view wire, Buffer& out) const = 0;
  /// Appends wire bytes for JSON text, and fills `facts` (views into `out`). kInvalid names the path; `out` as before.
  virtual Status from_json(std::string_view json, Buffer& out, EventFacts& facts) const = 0;
  /// Appends JSON whatever the stream's format is. Raw streams: a JSON string, bytes that are not UTF-8 as base64.
  virtual Status to_json(std::string_view wire, Buffer& out) const = 0;
  /// Finds key, time and partition field at the top level of wire bytes; kInvalid on malformed bytes.
  virtual Status inspect(std::string_view wire, EventFacts& facts) const = 0;
};

/// Reads records of a topic as events of one message. Immutable. Thread: any.
/// JSON, Protobuf and Confluent-framed Protobuf are told apart by the first byte: no proto3 record starts with '{' (an
/// obsolete group) or 0x00 (field number 0).
class RecordDecoder {
 public:
  virtual ~RecordDecoder() = default;

  /// Appends the payload the consumer asked for (wire bytes, or JSON text) and fills `facts` (views into `out` or
  /// `value`). kInvalid with a path on bad input; `out` is then as before.
  virtual Status decode(std::string_view value, Buffer& out, EventFacts& facts) const = 0;
};

// ---- Kafka, writing: implemented by kafka/, called by pipeline/ ----------------------------------------------------

using TopicId = std::uint32_t;

struct ProduceRecord {
  std::string_view key;    ///< copied by produce; empty: no key
  std::string_view value;  ///< borrowed until the delivery report; null data: a tombstone
  std::uint32_t tag = 0;   ///< the caller's; comes back with the report
};

/// Receives the outcome of each record, inside Producer::poll, purge or flush, on the calling thread.
class DeliverySink {
 public:
  virtual ~DeliverySink() = default;
  virtual void on_delivered(std::uint32_t tag) = 0;
  /// `reason` is a short name for counters ("msg_size_too_large"), `is_permanent` that a retry cannot help.
  virtual void on_failed(std::uint32_t tag, std::string_view reason, bool is_permanent) = 0;
};

/// Thread: one, its owner's (the forwarder), for everything.
class Producer {
 public:
  virtual ~Producer() = default;

  /// Who hears of outcomes; set before the first produce. Null: nobody, later reports are discarded.
  virtual void set_sink(DeliverySink* sink) = 0;

  /// Registers a topic; its partition count is what the gateway was configured with until the cluster answers.
  virtual Result<TopicId> open_topic(std::string_view name, std::uint32_t partitions) = 0;
  [[nodiscard]] virtual std::uint32_t partition_count(TopicId topic) const = 0;

  struct Produced {
    std::size_t taken = 0;          ///< records [0, taken) will be reported
    bool is_queue_full = false;     ///< poll and go on with records[taken]
    bool is_first_refused = false;  ///< records[taken] can never be sent (too large): skip it
    std::string_view reason;        ///< static text, for the counter, when is_first_refused
  };
  /// Hands records over for one partition, in order. Less than all taken with neither flag set: the client is dead, see
  /// fatal_error().
  virtual Produced produce(TopicId topic, std::int32_t partition, std::span<const ProduceRecord> records) = 0;

  /// Serves delivery reports, waiting up to `wait` for the first.
  virtual void poll(std::chrono::milliseconds wait) = 0;
  /// Waits until everything handed over is reported. kTimeout leaves the rest in flight.
  virtual Status flush(std::chrono::milliseconds timeout) = 0;
  /// Gives up what is queued or in flight: each is reported as failed.
  virtual void purge() = 0;
  /// Not ok once the client is dead for good; its text says why. recreate() makes a new one.
  [[nodiscard]] virtual Status fatal_error() const = 0;
  /// Call after purge(). TopicIds and the sink stay valid; on failure call it again later.
  virtual Status recreate() = 0;
};

/// murmur2 over the key, as Java clients choose partitions: in core because producer tests, forwarder and CLI agree on
/// it.
[[nodiscard]] std::int32_t partition_of_key(std::string_view key, std::uint32_t partitions);

// ---- Kafka, reading: implemented by kafka/, called by pipeline/ and cli/ -------------------------------------------

struct TopicRecord {
  std::uint32_t topic = 0;  ///< place in the list given to subscribe
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_us = 0;
  std::string_view key;
  std::string_view value;
  bool is_tombstone = false;
};

struct PartitionPosition {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t next_offset = 0;
  std::int64_t lag_records = -1;  ///< -1: not known yet
};

/// A membership of one group in some topics. Thread: one, its owner's, except positions().
class Subscription {
 public:
  virtual ~Subscription() = default;

  /// Fills `out`, waiting up to `wait` for the first; views live until the next poll. kUnavailable is for the log: the
  /// client goes on by itself. Any other code: this subscription is dead, make a new one.
  virtual Result<std::size_t> poll(std::span<TopicRecord> out, std::chrono::milliseconds wait) = 0;
  /// Commits these next offsets (what was handled; poll may have returned more) for the group. Partitions no longer
  /// assigned are left out. Asynchronous unless `is_final`, then bounded by a few seconds.
  virtual void commit(std::span<const PartitionPosition> handled, bool is_final) = 0;
  /// Assigned partitions and the next offset of each. Thread: any.
  [[nodiscard]] virtual std::vector<PartitionPosition> positions() const = 0;
};

// ---- plugin instances: implemented by plugin/, called by pipeline/ -------------------------------------------------

enum class Encoding : std::uint8_t { kProtobuf = 1, kJson, kRaw };

struct EmittedEvent {
  std::uint32_t stream = 0;  ///< number in the instance's own stream table
  Encoding encoding = Encoding::kProtobuf;
  bool is_delete = false;
  bool is_time_now = false;
  std::int64_t event_time_us = 0;
  std::string_view key;
  std::string_view payload;
};

struct EmitOutcome {
  std::size_t accepted = 0;
  Sequence ticket = 0;
  Code code = Code::kOk;  ///< kOk, kFull, kInvalid (error says why events[accepted] is refused), kClosed (stopping)
  std::string error;
};

struct ConsumerInput {
  std::uint32_t stream = 0;  ///< number in the instance's own stream table
  std::int32_t partition = -1;
  std::int64_t offset = 0;
  std::int64_t event_time_us = 0;
  std::int64_t arrival_time_us = 0;
  std::string_view key;
  std::string_view payload;
  bool is_delete = false;  ///< a tombstone: the payload is empty
};

/// What an instance may ask of the gateway. Implemented by pipeline/, called by plugin/. Thread: any thread of the
/// plugin.
class InstanceHost {
 public:
  virtual ~InstanceHost() = default;
  virtual EmitOutcome emit(std::span<const EmittedEvent> events) = 0;
  virtual Status wait_durable(Sequence ticket, std::chrono::milliseconds timeout) = 0;
  /// Waits; true as soon as the instance is asked to stop.
  virtual bool wait(std::chrono::microseconds duration) = 0;
  [[nodiscard]] virtual bool is_stopping() const = 0;
  [[nodiscard]] virtual const Clock& clock() const = 0;
  virtual void log(LogLevel level, std::string_view text) = 0;
  virtual void refuse(std::string_view reason, std::string_view detail, const ConsumerInput* input,
                      std::string_view payload) = 0;
  virtual Status save_state(std::string_view state) = 0;
};

/// A created source. Thread: run() on the instance thread; request_stop() any; the destructor after run returned.
class SourceInstance {
 public:
  virtual ~SourceInstance() = default;
  virtual Status run() = 0;
  virtual void request_stop() = 0;
};

/// A created consumer. Thread: the instance thread only.
class ConsumerInstance {
 public:
  virtual ~ConsumerInstance() = default;
  virtual Status on_batch(std::span<const ConsumerInput> inputs, std::int64_t wall_us, std::uint64_t gap_events) = 0;
  virtual Status on_tick(std::int64_t wall_us, std::int64_t monotonic_us) = 0;
  [[nodiscard]] virtual bool can_save() const = 0;
  virtual Status save(std::string& state) = 0;
  virtual Status load(std::string_view state) = 0;
  [[nodiscard]] virtual std::uint32_t state_version() const = 0;
  [[nodiscard]] virtual std::chrono::milliseconds tick_interval() const = 0;
  [[nodiscard]] virtual bool wants_event_time_order() const = 0;
};

// ---- admin: implemented by app/, called by admin/ -------------------------------------------------------------------

enum class MetricType : std::uint8_t { kCounter = 1, kGauge };

struct Metric {
  std::string name;  ///< with unit: sluice_journal_bytes
  std::string help;
  MetricType type = MetricType::kGauge;
  std::vector<std::pair<std::string, std::string>> labels;  ///< values from the configuration only
  double value = 0;
};

/// What the HTTP interface shows. Thread: any; each call takes its own consistent picture.
class AdminView {
 public:
  virtual ~AdminView() = default;
  virtual std::string status_json() = 0;
  virtual std::string tables_json() = 0;
  virtual Result<std::string> table_json(std::string_view name) = 0;  ///< kNotFound
  virtual std::string plugins_json() = 0;
  virtual Status readiness() = 0;  ///< ok: events can be taken and kept
  [[nodiscard]] virtual bool is_durable() const = 0;
  virtual std::vector<Metric> metrics() = 0;
};

}  // namespace sluice
