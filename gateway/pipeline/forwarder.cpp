#include "pipeline/forwarder.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "pipeline/partitioner.hpp"

namespace sluice::pipeline {
namespace {

using std::chrono::milliseconds;

/// While something is in flight the round turns at this pace, so that reports are served.
constexpr milliseconds kReportPace{2};
constexpr milliseconds kFullPace{5};
constexpr std::size_t kFlightSlots = 256;

std::string_view not_null(std::string_view bytes) { return bytes.data() == nullptr ? std::string_view("") : bytes; }

}  // namespace

Forwarder::Forwarder(const Options& options, Journal& journal, Producer& producer, const StreamSet& streams,
                     std::span<const StreamCodec* const> codecs, TableStore& tables, DeadLetters& dead_letters,
                     const Clock& clock, Log& log)
    : options_(options),
      journal_(journal),
      producer_(producer),
      tables_(tables),
      dead_letters_(dead_letters),
      clock_(clock),
      log_(log),
      flights_(kFlightSlots),
      recovery_backoff_(static_cast<std::uint64_t>(clock.monotonic_us())) {
  for (const Stream& stream : streams) {
    Route route;
    route.stream = &stream;
    route.codec = codecs[stream.id];
    route.is_passthrough = route.codec->is_passthrough();
    routes_.push_back(route);
  }
  account_.streams.resize(routes_.size());
  account_.dropped.resize(routes_.size());
  block_.resize(std::min<std::size_t>(options_.block_events, Flights::kMaxItems));
  reader_ = journal_.open_reader(kName, Hold::kPins);
  producer_.set_sink(this);
  has_new_drops_ = true;
  now_us_ = clock_.monotonic_us();
  finish_round();
}

Forwarder::~Forwarder() { producer_.set_sink(nullptr); }

Status Forwarder::open() {
  std::vector<std::string_view> names;
  for (Route& route : routes_) {
    const auto known = std::find(names.begin(), names.end(), route.stream->topic);
    route.topic = static_cast<std::uint32_t>(known - names.begin());
    if (known != names.end()) continue;
    Result<TopicId> id = producer_.open_topic(route.stream->topic, route.stream->partitions);
    if (!id) return id.status().with_context("topic " + route.stream->topic);
    names.push_back(route.stream->topic);
    topics_.push_back({*id, std::max(1U, producer_.partition_count(*id)), {}});
  }
  return {};
}

void Forwarder::step(milliseconds idle_wait) {
  now_us_ = clock_.monotonic_us();
  producer_.poll(milliseconds(0));
  if (must_check_client_) {
    must_check_client_ = false;
    must_recover_ = must_recover_ || !producer_.fatal_error().ok();
  }
  if (must_recover_) {
    recover();
    if (must_recover_) producer_.poll(std::min(idle_wait, kFullPace));
    finish_round();
    return;
  }
  release_held();
  is_queue_full_ = false;
  bool is_busy = send_all();
  if (!is_queue_full_) {
    is_busy = take_rows() || is_busy;
    const bool has_room = flights_.has_room() && events_in_flight_ < options_.max_in_flight_events &&
                          flights_.bytes() < options_.max_in_flight_bytes;
    if (has_room) {
      const bool is_quiet = flights_.is_empty() && !is_busy;
      take_block(is_busy ? milliseconds(0) : is_quiet ? idle_wait : std::min(idle_wait, kReportPace));
    } else if (!is_busy) {
      producer_.poll(std::min(idle_wait, kFullPace));
    }
  } else {
    producer_.poll(std::min(idle_wait, kFullPace));
  }
  finish_round();
}

/// Releases what is resolved at the front and shows the account.
void Forwarder::finish_round() {
  if (const Sequence through = flights_.end_resolved(); through != 0) reader_->release(through);
  ledger_.publish(account_, std::exchange(has_new_drops_, false));
  advances_.fetch_add(1, std::memory_order_relaxed);
}

bool Forwarder::take_block(milliseconds wait) {
  if (block_at_ == block_end_) {
    block_at_ = 0;
    block_end_ = reader_->read(block_, wait);
    if (block_end_ == 0) return false;
    for (Topic& topic : topics_) topic.partitions = std::max(1U, producer_.partition_count(topic.id));
  }
  const std::uint32_t slot = flights_.begin();
  Flight& flight = flights_.at_slot(slot);
  const std::size_t room = options_.max_in_flight_events - events_in_flight_;
  while (block_at_ < block_end_ && flight.items.size() < room && flight.bytes < options_.block_bytes) {
    take_event(slot, block_[block_at_++]);
  }
  flight.last_sequence = flight.items.back().sequence;
  // Only now does the arena no longer move.
  for (std::size_t i = 0; i < flight.items.size(); ++i) {
    if (!flight.items[i].is_resolved) enqueue(flight.items[i].bucket, Flights::tag_of(slot, i));
  }
  (void)send_all();
  return true;
}

/// Adds one event to the flight, encoded; what cannot be encoded is dropped here.
void Forwarder::take_event(std::uint32_t slot, const JournalRecord& record) {
  Flight& flight = flights_.at_slot(slot);
  const StreamId stream = record.event.stream;
  FlightItem& item = flight.items.emplace_back();
  item.sequence = record.sequence;
  item.stream = stream;
  item.key = record.event.key;
  item.payload = record.event.payload;
  account_.taken_through = record.sequence;
  StreamTally& tally = account_.streams[stream];
  ++tally.taken;
  ++tally.in_flight;
  ++events_in_flight_;
  ++flight.unresolved;

  const Route& route = routes_[stream];
  const std::uint32_t tag = Flights::tag_of(slot, flight.items.size() - 1);
  if (route.is_passthrough) {
    flights_.add_bytes(flight, item.payload.size());
  } else {
    item.is_in_arena = true;
    item.value_offset = flight.arena.size();
    if (const Status status = route.codec->encode(record.event.payload, flight.arena); !status.ok()) {
      drop(tag, "encode", status.text());
      return;
    }
    item.value_bytes = flight.arena.size() - item.value_offset;
    flights_.add_bytes(flight, item.value_bytes);
  }
  std::string_view field;
  if (route.stream->partitioning == Partitioning::kField) {
    facts_.clear();
    if (route.codec->inspect(record.event.payload, facts_).ok()) field = facts_.partition_value;
  }
  const std::uint32_t partitions = topics_[route.topic].partitions;
  item.bucket = bucket_of(route.topic, choose_partition(*route.stream, item.key, field, item.sequence, partitions));
}

/// Hands dirty rows over, one block at a time: what changes meanwhile coalesces in its table.
bool Forwarder::take_rows() {
  const auto tables = tables_.all();
  if (rows_in_flight_ != 0 || tables.empty() || !flights_.has_room()) return false;
  rows_.clear();
  row_bytes_.clear();
  Table* table = nullptr;
  for (std::size_t tried = 0; tried < tables.size() && rows_.empty(); ++tried) {
    table = tables[next_table_++ % tables.size()].get();
    table->take_dirty(std::min<std::size_t>(options_.block_rows, Flights::kMaxItems), row_bytes_, rows_);
  }
  if (rows_.empty()) return false;

  const StreamId stream = table->stream().id;
  const Route& route = routes_[stream];
  const std::uint32_t slot = flights_.begin();
  Flight& flight = flights_.at_slot(slot);
  Buffer& arena = flight.arena;
  for (DirtyRow& row : rows_) {
    const std::string_view key = row_bytes_.view().substr(row.key_offset, row.key_bytes);
    FlightItem& item = flight.items.emplace_back();
    item.stream = stream;
    item.is_tombstone = row.is_removed;
    item.is_in_arena = true;
    ++flight.unresolved;
    ++rows_in_flight_;
    row.key_offset = arena.size();
    arena.append(key);
    item.value_offset = arena.size();
    if (!row.is_removed) {
      const Status status = route.codec->encode(row_bytes_.view().substr(row.wire_offset, row.wire_bytes), arena);
      if (!status.ok()) {
        drop(Flights::tag_of(slot, flight.items.size() - 1), "encode", status.text());
        continue;
      }
    }
    item.value_bytes = arena.size() - item.value_offset;
    const std::uint32_t partitions = topics_[route.topic].partitions;
    item.bucket = bucket_of(route.topic, choose_partition(*route.stream, key, {}, 0, partitions));
  }
  flights_.add_bytes(flight, arena.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    FlightItem& item = flight.items[i];
    item.key = arena.view().substr(rows_[i].key_offset, rows_[i].key_bytes);
    if (!item.is_resolved) enqueue(item.bucket, Flights::tag_of(slot, i));
  }
  (void)send_all();
  return true;
}

std::uint32_t Forwarder::bucket_of(std::uint32_t topic, std::int32_t partition) {
  std::vector<std::uint32_t>& by_partition = topics_[topic].buckets;
  const auto index = static_cast<std::size_t>(partition);
  if (index >= by_partition.size()) by_partition.resize(index + 1, kNoBucket);
  if (by_partition[index] == kNoBucket) {
    by_partition[index] = static_cast<std::uint32_t>(buckets_.size());
    Bucket& bucket = buckets_.emplace_back();
    bucket.topic = topic;
    bucket.partition = partition;
  }
  return by_partition[index];
}

ProduceRecord Forwarder::record_of(std::uint32_t tag) {
  const Flight& flight = flights_.flight_of(tag);
  const FlightItem& item = flights_.item_of(tag);
  ProduceRecord record;
  record.key = item.key;
  record.tag = tag;
  if (item.is_tombstone) return record;
  record.value = item.is_in_arena ? not_null(flight.arena.view().substr(item.value_offset, item.value_bytes))
                                  : not_null(item.payload);
  return record;
}

void Forwarder::enqueue(std::uint32_t bucket_index, std::uint32_t tag) {
  Bucket& bucket = buckets_[bucket_index];
  bucket.queue.push_back(record_of(tag));
  if (!bucket.is_active) {
    bucket.is_active = true;
    active_.push_back(bucket_index);
  }
}

/// Sends what can be sent; true when the producer took anything.
bool Forwarder::send_all() {
  bool did_send = false;
  for (std::size_t i = 0; i < active_.size() && !is_queue_full_ && !must_recover_;) {
    Bucket& bucket = buckets_[active_[i]];
    if (!bucket.is_held) did_send = send(bucket) || did_send;
    if (bucket.head == bucket.queue.size()) {
      bucket.queue.clear();
      bucket.head = 0;
      bucket.is_active = false;
      active_[i] = active_.back();
      active_.pop_back();
    } else {
      ++i;
    }
  }
  return did_send;
}

bool Forwarder::send(Bucket& bucket) {
  bool did_send = false;
  while (bucket.head < bucket.queue.size()) {
    const std::span<const ProduceRecord> rest = std::span(bucket.queue).subspan(bucket.head);
    const Producer::Produced produced = producer_.produce(topics_[bucket.topic].id, bucket.partition, rest);
    bucket.head += produced.taken;
    bucket.in_flight += static_cast<std::uint32_t>(produced.taken);
    did_send = did_send || produced.taken != 0;
    if (produced.taken == rest.size()) break;
    if (produced.is_first_refused) {
      const std::uint32_t tag = bucket.queue[bucket.head++].tag;
      drop(tag, produced.reason, "the producer refused it");
      did_send = true;
    } else if (produced.is_queue_full) {
      is_queue_full_ = true;
      break;
    } else {
      must_recover_ = true;
      break;
    }
  }
  return did_send;
}

bool Forwarder::is_drained() const {
  if (!flights_.is_empty() || block_at_ != block_end_ || !reader_->is_at_end()) return false;
  const auto tables = tables_.all();
  return std::none_of(tables.begin(), tables.end(), [](const auto& table) { return table->has_dirty(); });
}

void Forwarder::abandon() {
  is_purging_ = true;
  producer_.purge();
  is_purging_ = false;
  flights_.for_each([this](Flight& flight, std::uint32_t slot) {
    for (std::size_t i = 0; i < flight.items.size(); ++i) {
      if (!flight.items[i].is_resolved) drop(Flights::tag_of(slot, i), kNotDelivered, {});
    }
  });
  for (Bucket& bucket : buckets_) {
    bucket.queue.clear();
    bucket.head = 0;
    bucket.failed.clear();
    bucket.is_active = false;
  }
  active_.clear();
  while (true) {
    for (; block_at_ < block_end_; ++block_at_) {
      const JournalRecord& record = block_[block_at_];
      account_.taken_through = record.sequence;
      StreamTally& tally = account_.streams[record.event.stream];
      ++tally.taken;
      ++tally.dropped;
      add_reason(account_.dropped[record.event.stream], kNotDelivered);
      has_new_drops_ = true;
    }
    if (account_.taken_through != 0) reader_->release(account_.taken_through);
    block_at_ = 0;
    block_end_ = reader_->read(block_, milliseconds(0));
    if (block_end_ == 0) break;
  }
  finish_round();
}

std::uint64_t Forwarder::count_unresolved() {
  std::uint64_t count = 0;
  flights_.for_each([&count](const Flight& flight, std::uint32_t) {
    for (const FlightItem& item : flight.items) count += item.is_resolved || item.sequence == 0 ? 0 : 1;
  });
  return count;
}

}  // namespace sluice::pipeline
