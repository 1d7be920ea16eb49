/// What becomes of records handed over: reports, retries, dead letters, a dead client.

#include <algorithm>
#include <string>
#include <utility>

#include "pipeline/forwarder.hpp"

namespace sluice::pipeline {
namespace {

constexpr std::int64_t kFirstRetryUs = 100'000;
constexpr std::int64_t kLongestRetryUs = 10'000'000;
constexpr std::int64_t kLogPaceUs = 5'000'000;

}  // namespace

void Forwarder::on_delivered(std::uint32_t tag) {
  if (!flights_.is_known(tag) || flights_.item_of(tag).is_resolved) {
    ++account_.stray_reports;
    return;
  }
  const FlightItem& item = flights_.item_of(tag);
  Bucket& bucket = buckets_[item.bucket];
  --bucket.in_flight;
  bucket.attempts = 0;
  if (item.sequence != 0) {
    ++account_.streams[item.stream].delivered;
  } else {
    tables_.find(item.stream)->count_published();
  }
  resolve(tag);
}

void Forwarder::on_failed(std::uint32_t tag, std::string_view reason, bool is_permanent) {
  if (!flights_.is_known(tag) || flights_.item_of(tag).is_resolved) {
    ++account_.stray_reports;
    return;
  }
  const FlightItem& item = flights_.item_of(tag);
  Bucket& bucket = buckets_[item.bucket];
  --bucket.in_flight;
  must_check_client_ = true;
  if (is_permanent && !is_purging_) {
    drop(tag, reason, "Kafka refused it");
    return;
  }
  if (!bucket.is_held) {
    bucket.is_held = true;
    const std::int64_t wait_us = std::min(kLongestRetryUs, kFirstRetryUs << std::min(bucket.attempts, 10U));
    ++bucket.attempts;
    bucket.retry_at_us = is_purging_ ? now_us_ : now_us_ + wait_us;
    if (now_us_ - last_log_us_ >= kLogPaceUs) {
      last_log_us_ = now_us_;
      log_.warning(kName, routes_[item.stream].stream->topic + " partition " + std::to_string(bucket.partition) +
                              ": not delivered (" + std::string(reason) + "), trying again");
    }
  }
  if (item.sequence != 0) {
    bucket.failed.push_back(tag);
    return;
  }
  tables_.find(item.stream)->retry(item.key, item.is_tombstone);
  resolve(tag);
}

/// Lets held partitions go on whose failed records can be sent again in order: nothing of theirs is in flight any more.
void Forwarder::release_held() {
  for (std::uint32_t index = 0; index < buckets_.size(); ++index) {
    Bucket& bucket = buckets_[index];
    if (!bucket.is_held || bucket.in_flight != 0 || now_us_ < bucket.retry_at_us) continue;
    bucket.is_held = false;
    if (bucket.failed.empty()) continue;
    std::sort(bucket.failed.begin(), bucket.failed.end(), [this](std::uint32_t a, std::uint32_t b) {
      return flights_.item_of(a).sequence < flights_.item_of(b).sequence;
    });
    std::vector<ProduceRecord> again;
    again.reserve(bucket.failed.size() + bucket.queue.size() - bucket.head);
    for (const std::uint32_t tag : bucket.failed) again.push_back(record_of(tag));
    again.insert(again.end(), bucket.queue.begin() + static_cast<std::ptrdiff_t>(bucket.head), bucket.queue.end());
    bucket.failed.clear();
    bucket.queue = std::move(again);
    bucket.head = 0;
    if (!bucket.is_active) {
      bucket.is_active = true;
      active_.push_back(index);
    }
  }
}

/// The record will never be delivered: counted with its reason, the event kept as a dead letter.
void Forwarder::drop(std::uint32_t tag, std::string_view reason, std::string_view detail) {
  const FlightItem& item = flights_.item_of(tag);
  const Stream& stream = *routes_[item.stream].stream;
  if (item.sequence == 0) {
    tables_.find(item.stream)->count_dropped(reason);
  } else {
    ++account_.streams[item.stream].dropped;
    add_reason(account_.dropped[item.stream], reason);
    has_new_drops_ = true;
  }
  // A dead letter that cannot be sent must not make another one.
  if (item.stream != dead_letters_.stream() && reason != kNotDelivered) {
    DeadLetter letter;
    letter.instance = kName;
    letter.stream = stream.name;
    letter.topic = stream.topic;
    letter.offset = static_cast<std::int64_t>(item.sequence);
    letter.reason = reason;
    letter.detail = detail;
    letter.key = item.key;
    letter.payload = item.payload;
    (void)dead_letters_.write(letter);
  }
  resolve(tag);
}

void Forwarder::resolve(std::uint32_t tag) {
  FlightItem& item = flights_.item_of(tag);
  item.is_resolved = true;
  --flights_.flight_of(tag).unresolved;
  if (item.sequence != 0) {
    --account_.streams[item.stream].in_flight;
    --events_in_flight_;
  } else {
    --rows_in_flight_;
  }
}

/// Replaces a dead client: what it held is reported as failed by purge and goes again, per partition and in order.
void Forwarder::recover() {
  if (now_us_ < recover_at_us_) return;
  log_.warning(kName, "the Kafka producer died and is replaced: " + producer_.fatal_error().text());
  is_purging_ = true;
  producer_.purge();
  is_purging_ = false;
  must_check_client_ = false;
  const Status made = producer_.recreate();
  ++account_.producer_restarts;
  recover_at_us_ = now_us_ + recovery_backoff_.next_us(now_us_);
  if (!made.ok()) {
    log_.error(kName, "no new Kafka producer yet: " + made.text());
    return;
  }
  must_recover_ = false;
}

}  // namespace sluice::pipeline
