#include "pipeline/intake.hpp"

#include <utility>

#include "pipeline/arena_text.hpp"

namespace sluice::pipeline {
namespace {

/// Events converted before they are appended; after BUSY at most so many are converted again.
constexpr std::size_t kBlockEvents = 256;

}  // namespace

EmitOutcome Intake::emit(std::span<const EmittedEvent> events) {
  EmitOutcome outcome;
  if (events.empty()) return outcome;
  const std::int64_t now_us = clock_.wall_us();
  const std::lock_guard lock(mutex_);
  Refusal refusal;
  while (outcome.accepted < events.size() && refusal.reason == nullptr) {
    staged_.clear();
    made_.clear();
    scratch_.clear();
    has_made_ = false;
    const EmittedEvent& first = events[outcome.accepted];
    if (first.stream < streams_.size() && streams_[first.stream].table != nullptr) {
      if (stage(first, now_us, refusal) && put_row(now_us, first.is_delete, *streams_[first.stream].table, refusal)) {
        ++outcome.accepted;
      }
      continue;
    }
    for (std::size_t at = outcome.accepted; at < events.size() && staged_.size() < kBlockEvents; ++at) {
      const bool is_row = events[at].stream < streams_.size() && streams_[events[at].stream].table != nullptr;
      if (is_row || !stage(events[at], now_us, refusal)) break;
    }
    if (staged_.empty()) continue;
    set_made_views();
    const Admission admission = journal_.append(staged_);
    outcome.accepted += admission.accepted;
    accepted_.fetch_add(admission.accepted, std::memory_order_relaxed);
    if (admission.last != 0) {
      outcome.ticket = admission.last;
      last_ticket_.store(admission.last, std::memory_order_relaxed);
    }
    if (admission.code == Code::kOk) continue;
    if (admission.code != Code::kInvalid) {
      if (admission.code == Code::kFull) busy_.fetch_add(1, std::memory_order_relaxed);
      outcome.code = admission.code;
      return outcome;
    }
    refusal.reason = "too_large";
    refusal.text = "key and payload exceed " + std::to_string(journal_.event_max_bytes()) + " bytes";
  }
  if (refusal.reason != nullptr) {
    rejected_.add(refusal.reason);
    outcome.code = Code::kInvalid;
    outcome.error = std::move(refusal.text);
  }
  return outcome;
}

/// Appends the event to staged_; false with the refusal set when it can never be taken.
bool Intake::stage(const EmittedEvent& given, std::int64_t now_us, Refusal& refusal) {
  if (given.stream >= streams_.size() || streams_[given.stream].stream == nullptr) {
    refusal = {"no_such_stream", "stream " + std::to_string(given.stream) + " is none of the instance's out streams"};
    return false;
  }
  const InstanceStream& own = streams_[given.stream];
  const Stream& stream = *own.stream;
  if (given.key.size() + given.payload.size() > journal_.event_max_bytes()) {
    refusal = {"too_large", own.name + ": " + std::to_string(given.key.size() + given.payload.size()) +
                                " bytes, at most " + std::to_string(journal_.event_max_bytes()) + " are taken"};
    return false;
  }
  if (given.is_delete && (own.table == nullptr || given.key.empty())) {
    refusal = {"bad_delete", own.name + ": only a table's row can be deleted, by its key"};
    return false;
  }
  if (!given.is_delete && (given.encoding == Encoding::kRaw) != (stream.schema == nullptr)) {
    refusal = {"encoding", own.name + (stream.schema == nullptr ? ": has no schema, only raw bytes are taken"
                                                                : ": has a schema, raw bytes are not taken")};
    return false;
  }

  Event event;
  event.stream = stream.id;
  event.event_time_us = given.event_time_us;
  event.key = given.key;
  event.payload = given.payload;
  const bool needs_key = given.key.empty() && !stream.key_field.empty();
  if (given.encoding == Encoding::kProtobuf && !needs_key && !given.is_time_now) {
    staged_.push_back(event);
    made_.emplace_back();
    return true;
  }

  Made made;
  facts_.clear();
  if (given.encoding == Encoding::kJson && !given.is_delete) {
    made.payload_at = scratch_.size();
    if (const Status status = own.codec->from_json(given.payload, scratch_, facts_); !status.ok()) {
      refusal = {"bad_json", own.name + ": " + status.text()};
      return false;
    }
    event.payload = scratch_.view(made.payload_at);
    has_made_ = true;
  } else if (given.encoding == Encoding::kProtobuf && !given.is_delete &&
             (needs_key || (given.is_time_now && !stream.time_field.empty()))) {
    if (const Status status = own.codec->inspect(given.payload, facts_); !status.ok()) {
      refusal = {"malformed", own.name + ": " + status.text()};
      return false;
    }
  }
  if (given.is_time_now) event.event_time_us = facts_.has_time ? facts_.event_time_us : now_us;
  if (needs_key && facts_.has_key) {
    // In the caller's payload, in scratch_, or digits in facts_, which the next event overwrites.
    made.key_at = keep_in(scratch_, facts_.key);
    event.key = {scratch_.data() + made.key_at, facts_.key.size()};
    has_made_ = true;
  }
  staged_.push_back(event);
  made_.push_back(made);
  return true;
}

void Intake::set_made_views() {
  if (!has_made_) return;
  for (std::size_t i = 0; i < staged_.size(); ++i) {
    if (made_[i].payload_at != kNowhere) {
      staged_[i].payload = {scratch_.data() + made_[i].payload_at, staged_[i].payload.size()};
    }
    if (made_[i].key_at != kNowhere) staged_[i].key = {scratch_.data() + made_[i].key_at, staged_[i].key.size()};
  }
}

bool Intake::put_row(std::int64_t now_us, bool is_delete, Table& table, Refusal& refusal) {
  set_made_views();
  const Event& row = staged_.front();
  if (is_delete) {
    table.remove(row.key);
  } else if (const Status status = table.put(row.key, row.payload, now_us); !status.ok()) {
    refusal = {"bad_row", status.text()};
    return false;
  }
  rows_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

}  // namespace sluice::pipeline
