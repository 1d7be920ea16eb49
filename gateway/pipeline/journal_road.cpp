#include <array>
#include <utility>

#include "pipeline/input_road.hpp"

namespace sluice::pipeline {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kReadRecords = 512;

class JournalRoad final : public InputRoad {
 public:
  JournalRoad(Journal& journal, std::vector<JournalInput> streams, Host& host, Sequence after)
      : host_(host), handled_(after), read_through_(after), reader_(journal.open_reader(host.name(), Hold::kYields)) {
    records_.resize(kReadRecords);
    for (const JournalInput& input : streams) {
      if (input.id >= by_id_.size()) by_id_.resize(input.id + 1, {0, kNotRead, nullptr});
      by_id_[input.id] = input;
    }
  }

  Result<Batch> read(milliseconds wait) override {
    inputs_.clear();
    payload_at_.clear();
    arena_.clear();
    const std::size_t count = reader_->read(records_, wait);
    std::uint64_t gap = reader_->take_gap();
    for (std::size_t i = 0; i < count; ++i) {
      const JournalRecord& record = records_[i];
      if (record.sequence <= handled_) continue;
      if (is_first_ && handled_ != 0) gap += record.sequence - handled_ - 1;
      is_first_ = false;
      read_through_ = record.sequence;
      if (record.event.stream < by_id_.size() && by_id_[record.event.stream].stream != kNotRead) add(record);
    }
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (payload_at_[i] != kNowhere) {
        inputs_[i].payload = {arena_.data() + payload_at_[i], inputs_[i].payload.size()};
      }
    }
    return Batch{inputs_, gap};
  }

  void handled() override { handled_ = read_through_; }
  void put_position(Snapshot& snapshot) const override { snapshot.journal_position = handled_; }
  void commit(bool) override {}
  [[nodiscard]] std::uint64_t lag_records() override { return reader_->lag_records(); }
  [[nodiscard]] bool is_drained() override { return reader_->lag_records() == 0; }

 private:
  void add(const JournalRecord& record) {
    const JournalInput& from = by_id_[record.event.stream];
    ConsumerInput input;
    input.stream = from.stream;
    input.offset = static_cast<std::int64_t>(record.sequence);
    input.event_time_us = record.event.event_time_us;
    input.arrival_time_us = record.received_us;
    input.key = record.event.key;
    input.payload = record.event.payload;
    std::size_t at = kNowhere;
    if (from.as_json != nullptr) {
      at = arena_.size();
      if (const Status status = from.as_json->to_json(record.event.payload, arena_); !status.ok()) {
        host_.refuse("decode", status.text(), &input, record.event.payload);
        return;
      }
      input.payload = arena_.view(at);
    }
    inputs_.push_back(input);
    payload_at_.push_back(at);
  }

  static constexpr std::uint32_t kNotRead = ~0U;
  static constexpr std::size_t kNowhere = ~std::size_t{0};

  Host& host_;
  Sequence handled_;
  Sequence read_through_;
  bool is_first_ = true;
  const std::unique_ptr<JournalReader> reader_;
  std::vector<JournalInput> by_id_;
  std::vector<JournalRecord> records_;
  std::vector<ConsumerInput> inputs_;
  std::vector<std::size_t> payload_at_;
  Buffer arena_;
};

}  // namespace

std::unique_ptr<InputRoad> make_journal_road(Journal& journal, std::vector<JournalInput> streams, Host& host,
                                             Sequence after) {
  return std::make_unique<JournalRoad>(journal, std::move(streams), host, after);
}

}  // namespace sluice::pipeline
