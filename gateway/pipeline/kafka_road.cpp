#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "pipeline/arena_text.hpp"
#include "pipeline/input_road.hpp"

namespace sluice::pipeline {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPollRecords = 1024;
constexpr std::size_t kMergedEvents = 4096;
constexpr milliseconds kMergePace{5};
/// How often partitions are looked at while merging and nothing comes; after records always, or a new one were missed.
constexpr std::int64_t kPositionsPaceUs = 5'000;

/// What one poll brought, decoded. With arrival order the views may point into the subscription's memory; merged blocks
/// own everything.
struct Block {
  Buffer arena;
  std::vector<ConsumerInput> inputs;
  std::vector<std::uint32_t> slots;  // partition slot of each input
  std::size_t left = 0;              // merged: inputs not given out and used yet
};

class KafkaRoad final : public InputRoad {
 public:
  KafkaRoad(std::unique_ptr<Subscription> subscription, std::vector<KafkaInput> topics, Host& host,
            const std::vector<PartitionPosition>& start, bool is_merged, EventTimeMerge::Options merge)
      : subscription_(std::move(subscription)),
        topics_(std::move(topics)),
        host_(host),
        is_merged_(is_merged),
        merge_(merge),
        slot_of_(topics_.size()) {
    records_.resize(kPollRecords);
    if (is_merged_) references_.resize(kMergedEvents);
    for (const PartitionPosition& position : start) {
      for (std::uint32_t topic = 0; topic < topics_.size(); ++topic) {
        if (topics_[topic].topic != position.topic) continue;
        Slot& slot = slots_[slot_of(topic, position.partition)];
        slot.next_offset = position.next_offset;
        slot.is_restored = true;
      }
    }
  }

  Result<Batch> read(milliseconds wait) override {
    if (is_merged_) return read_merged(wait);
    Result<std::size_t> count = subscription_->poll(records_, wait);
    Block& block = arrival_;
    clear(block);
    if (!count) return count.status();
    polled_ = *count;
    decode(block, std::span(records_).first(*count));
    return Batch{block.inputs, std::exchange(gap_, 0)};
  }

  void handled() override {
    if (is_merged_) {
      for (std::size_t i = 0; i < given_.size(); ++i) {
        slots_[given_slots_[i]].next_offset = given_[i].offset + 1;
      }
      return;
    }
    for (const TopicRecord& record : std::span(records_).first(std::exchange(polled_, 0))) {
      slots_[slot_of(record.topic, record.partition)].next_offset = record.offset + 1;
    }
  }

  void put_position(Snapshot& snapshot) const override { snapshot.positions = handled_positions(); }

  void commit(bool is_final) override {
    const std::vector<PartitionPosition> handled = handled_positions();
    if (!handled.empty()) subscription_->commit(handled, is_final);
  }

  [[nodiscard]] std::uint64_t lag_records() override {
    std::uint64_t lag = merge_.held_events();
    for (const PartitionPosition& position : subscription_->positions()) {
      if (position.lag_records > 0) lag += static_cast<std::uint64_t>(position.lag_records);
    }
    return lag;
  }

  [[nodiscard]] bool is_drained() override { return true; }

 private:
  struct Slot {
    std::uint32_t topic = 0;
    std::int32_t partition = 0;
    std::int64_t next_offset = -1;  // of what was handled; -1: nothing yet
    bool is_restored = false;       // next_offset comes from a snapshot, and no record was seen since
    std::int64_t assigned_us = -1;  // when it was first seen assigned, -1: it is not
  };

  std::uint32_t slot_of(std::uint32_t topic, std::int32_t partition) {
    std::vector<std::uint32_t>& by_partition = slot_of_[topic];
    const auto index = static_cast<std::size_t>(partition);
    if (index >= by_partition.size()) by_partition.resize(index + 1, kNoSlot);
    if (by_partition[index] == kNoSlot) {
      by_partition[index] = static_cast<std::uint32_t>(slots_.size());
      Slot& slot = slots_.emplace_back();
      slot.topic = topic;
      slot.partition = partition;
    }
    return by_partition[index];
  }

  [[nodiscard]] std::vector<PartitionPosition> handled_positions() const {
    std::vector<PartitionPosition> positions;
    for (const Slot& slot : slots_) {
      if (slot.next_offset >= 0) positions.push_back({topics_[slot.topic].topic, slot.partition, slot.next_offset, -1});
    }
    return positions;
  }

  static void clear(Block& block) {
    block.arena.clear();
    block.inputs.clear();
    block.slots.clear();
    block.left = 0;
  }

  void decode(Block& block, std::span<const TopicRecord> records) {
    made_.clear();
    for (const TopicRecord& record : records) {
      const KafkaInput& topic = topics_[record.topic];
      const std::uint32_t slot = slot_of(record.topic, record.partition);
      if (std::exchange(slots_[slot].is_restored, false) && record.offset > slots_[slot].next_offset) {
        gap_ += static_cast<std::uint64_t>(record.offset - slots_[slot].next_offset);
      }
      ConsumerInput input;
      input.stream = topic.stream;
      input.partition = record.partition;
      input.offset = record.offset;
      input.event_time_us = input.arrival_time_us = record.timestamp_us;
      input.key = record.key;
      input.payload = record.value;
      input.is_delete = record.is_tombstone;
      Made made;
      if (topic.decoder != nullptr && !record.is_tombstone) {
        made.payload_at = block.arena.size();
        facts_.clear();
        if (const Status status = topic.decoder->decode(record.value, block.arena, facts_); !status.ok()) {
          host_.refuse("decode", status.text(), &input, record.value);
          continue;
        }
        input.payload = block.arena.view(made.payload_at);
        if (facts_.has_time) input.event_time_us = facts_.event_time_us;
        if (input.key.empty() && facts_.has_key) {
          input.key = facts_.key;
          made.key_at = keep_in(block.arena, facts_.key);
        }
      }
      if (is_merged_) {
        if (made.payload_at == kNowhere) made.payload_at = keep_in(block.arena, input.payload);
        if (made.key_at == kNowhere) made.key_at = keep_in(block.arena, input.key);
      }
      block.inputs.push_back(input);
      block.slots.push_back(slot);
      made_.push_back(made);
    }
    // Only now does the arena no longer move.
    for (std::size_t i = 0; i < made_.size(); ++i) {
      ConsumerInput& input = block.inputs[i];
      if (made_[i].payload_at != kNowhere) {
        input.payload = {block.arena.data() + made_[i].payload_at, input.payload.size()};
      }
      if (made_[i].key_at != kNowhere) input.key = {block.arena.data() + made_[i].key_at, input.key.size()};
    }
  }

  Result<Batch> read_merged(milliseconds wait) {
    give_back();
    const milliseconds pace = merge_.held_events() == 0 ? wait : std::min(wait, kMergePace);
    Result<std::size_t> count = subscription_->poll(records_, pace);
    if (!count) return count.status();
    const std::int64_t now_us = host_.clock().monotonic_us();
    if (*count != 0) {
      const std::uint32_t index = free_block();
      Block& block = blocks_[index];
      decode(block, std::span(records_).first(*count));
      block.left = block.inputs.size();
      if (block.left == 0) free_.push_back(index);
      for (std::size_t i = 0; i < block.inputs.size(); ++i) {
        const ConsumerInput& input = block.inputs[i];
        merge_.push(block.slots[i], input.event_time_us, input.key.size() + input.payload.size() + sizeof input,
                    static_cast<std::uint64_t>(index) << 32U | i, now_us);
      }
    }
    if (*count != 0 || now_us - looked_us_ >= kPositionsPaceUs) {
      looked_us_ = now_us;
      look_at_partitions(now_us);
    }
    const std::size_t taken = merge_.pop(now_us, references_);
    if (merge_.forced() != forced_) {
      forced_ = merge_.forced();
      host_.log(LogLevel::kWarning,
                "events went out of the order of event time for lack of room, so far " + std::to_string(forced_));
    }
    for (std::size_t i = 0; i < taken; ++i) {
      const Block& block = blocks_[references_[i] >> 32U];
      given_.push_back(block.inputs[references_[i] & 0xffffffffU]);
      given_slots_.push_back(block.slots[references_[i] & 0xffffffffU]);
    }
    given_references_ = taken;
    return Batch{given_, std::exchange(gap_, 0)};
  }

  /// What was given out by the read before is no longer looked at.
  void give_back() {
    for (std::size_t i = 0; i < given_references_; ++i) {
      const auto index = static_cast<std::uint32_t>(references_[i] >> 32U);
      if (--blocks_[index].left == 0) free_.push_back(index);
    }
    given_references_ = 0;
    given_.clear();
    given_slots_.clear();
  }

  std::uint32_t free_block() {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(blocks_.size()));
      blocks_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    clear(blocks_[index]);
    return index;
  }

  void look_at_partitions(std::int64_t now_us) {
    const std::vector<PartitionPosition> positions = subscription_->positions();
    is_assigned_.assign(slots_.size(), 0);
    for (const PartitionPosition& position : positions) {
      for (std::uint32_t topic = 0; topic < topics_.size(); ++topic) {
        if (topics_[topic].topic != position.topic) continue;
        const std::uint32_t slot = slot_of(topic, position.partition);
        if (slot >= is_assigned_.size()) is_assigned_.resize(slot + 1, 0);
        is_assigned_[slot] = 1;
        if (slots_[slot].assigned_us < 0) slots_[slot].assigned_us = now_us;
        const bool is_unknown = position.lag_records < 0 && now_us - slots_[slot].assigned_us < kFirstAnswerUs;
        merge_.set_input(slot, true, position.lag_records > 0 || is_unknown, now_us);
      }
    }
    for (std::size_t slot = 0; slot < is_assigned_.size(); ++slot) {
      if (is_assigned_[slot] != 0) continue;
      slots_[slot].assigned_us = -1;
      merge_.set_input(slot, false, false, now_us);
    }
  }

  // A partition that was never heard of is not silent: its first answer may lie behind megabytes of the others.
  static constexpr std::int64_t kFirstAnswerUs = 10'000'000;
  static constexpr std::uint32_t kNoSlot = ~0U;
  static constexpr std::size_t kNowhere = ~std::size_t{0};
  struct Made {
    std::size_t payload_at = kNowhere;
    std::size_t key_at = kNowhere;
  };

  const std::unique_ptr<Subscription> subscription_;
  const std::vector<KafkaInput> topics_;
  Host& host_;
  const bool is_merged_;
  EventTimeMerge merge_;
  std::uint64_t forced_ = 0;                         // as last logged
  std::vector<std::vector<std::uint32_t>> slot_of_;  // by topic and partition
  std::vector<Slot> slots_;
  std::vector<TopicRecord> records_;
  std::size_t polled_ = 0;
  std::uint64_t gap_ = 0;
  EventFacts facts_;
  std::vector<Made> made_;
  Block arrival_;
  // Merged only.
  std::deque<Block> blocks_;
  std::vector<std::uint32_t> free_;
  std::vector<EventTimeMerge::Reference> references_;
  std::size_t given_references_ = 0;
  std::vector<ConsumerInput> given_;
  std::vector<std::uint32_t> given_slots_;
  std::vector<std::uint8_t> is_assigned_;
  std::int64_t looked_us_ = 0;
};

}  // namespace

std::unique_ptr<InputRoad> make_kafka_road(std::unique_ptr<Subscription> subscription, std::vector<KafkaInput> topics,
                                           Host& host, const std::vector<PartitionPosition>& start, bool is_merged,
                                           EventTimeMerge::Options merge) {
  return std::make_unique<KafkaRoad>(std::move(subscription), std::move(topics), host, start, is_merged, merge);
}

}  // namespace sluice::pipeline
