#include "pipeline/table_store.hpp"

#include <algorithm>
#include <utility>

#include "pipeline/json_text.hpp"

namespace sluice::pipeline {
namespace {

/// Map node, list node and row beside the bytes themselves.
constexpr std::size_t kRowOverheadBytes = 160;

}  // namespace

Table::Table(const Stream& stream, const StreamCodec& codec, std::size_t budget_bytes)
    : stream_(stream), codec_(codec), budget_bytes_(budget_bytes) {}

std::size_t Table::cost(std::string_view key, std::string_view wire) {
  return key.size() + wire.size() + kRowOverheadBytes;
}

Table::Row& Table::touch(std::string_view key) {
  auto found = rows_.find(key);
  if (found == rows_.end()) {
    found = rows_.try_emplace(std::string(key)).first;
    Row& row = found->second;
    row.key = &found->first;
    row.is_dirty = true;
    row.age = dirty_.insert(dirty_.end(), &row);
    stats_.bytes += cost(key, {});
  }
  return found->second;
}

void Table::make_dirty(Row& row) {
  if (row.is_dirty) return;
  row.is_dirty = true;
  dirty_.splice(dirty_.end(), published_, row.age);
}

void Table::erase(Row& row) {
  stats_.bytes -= cost(*row.key, row.wire);
  if (row.is_removed) --removed_rows_;
  (row.is_dirty ? dirty_ : published_).erase(row.age);
  rows_.erase(rows_.find(*row.key));
}

void Table::make_room() {
  while (stats_.bytes > budget_bytes_ && rows_.size() > 1) {
    erase(published_.empty() ? *dirty_.front() : *published_.front());
    ++stats_.evicted;
  }
}

Status Table::put(std::string_view key, std::string_view wire, std::int64_t now_us) {
  if (key.empty()) return {Code::kInvalid, "a row of table " + stream_.name + " has no key"};
  if (cost(key, wire) > budget_bytes_) {
    return {Code::kInvalid, "a row of " + std::to_string(key.size() + wire.size()) +
                                " bytes exceeds the budget of table " + stream_.name + ", " +
                                std::to_string(budget_bytes_) + " bytes"};
  }
  const std::lock_guard lock(mutex_);
  Row& row = touch(key);
  stats_.bytes += wire.size();
  stats_.bytes -= row.wire.size();
  row.wire.assign(wire);
  row.updated_us = now_us;
  if (std::exchange(row.is_removed, false)) --removed_rows_;
  make_dirty(row);
  ++stats_.changes;
  if (stats_.bytes > budget_bytes_) {
    // The row just written must not be the one that goes.
    dirty_.splice(dirty_.end(), dirty_, row.age);
    make_room();
  }
  return {};
}

void Table::remove(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(key);
  if (found == rows_.end() || found->second.is_removed) return;
  Row& row = found->second;
  stats_.bytes -= row.wire.size();
  row.wire = {};
  row.is_removed = true;
  ++removed_rows_;
  make_dirty(row);
  ++stats_.changes;
}

void Table::take_dirty(std::size_t limit, Buffer& bytes, std::vector<DirtyRow>& rows) {
  const std::lock_guard lock(mutex_);
  for (; limit != 0 && !dirty_.empty(); --limit) {
    Row& row = *dirty_.front();
    DirtyRow place;
    place.key_offset = bytes.size();
    place.key_bytes = row.key->size();
    bytes.append(*row.key);
    place.wire_offset = bytes.size();
    place.wire_bytes = row.wire.size();
    bytes.append(row.wire);
    place.is_removed = row.is_removed;
    rows.push_back(place);
    if (row.is_removed) {
      erase(row);
    } else {
      row.is_dirty = false;
      published_.splice(published_.end(), dirty_, row.age);
    }
  }
}

void Table::retry(std::string_view key, bool is_removed) {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(key);
  if (found != rows_.end()) {
    make_dirty(found->second);
  } else if (is_removed) {
    touch(key).is_removed = true;
    ++removed_rows_;
  }
}

void Table::count_published() {
  const std::lock_guard lock(mutex_);
  ++stats_.published;
}

void Table::count_dropped(std::string_view reason) {
  const std::lock_guard lock(mutex_);
  add_reason(stats_.dropped, reason);
}

bool Table::has_dirty() const {
  const std::lock_guard lock(mutex_);
  return !dirty_.empty();
}

TableStats Table::stats() const {
  const std::lock_guard lock(mutex_);
  TableStats stats = stats_;
  stats.rows = rows_.size() - removed_rows_;
  stats.dirty = dirty_.size();
  return stats;
}

std::string Table::to_json() const {
  struct Copy {
    std::string key;
    std::string wire;
    std::int64_t updated_us;
  };
  std::vector<Copy> copies;
  std::uint64_t evicted = 0;
  {
    const std::lock_guard lock(mutex_);
    copies.reserve(rows_.size());
    for (const auto& [key, row] : rows_) {
      if (!row.is_removed) copies.push_back({key, row.wire, row.updated_us});
    }
    evicted = stats_.evicted;
  }
  std::sort(copies.begin(), copies.end(), [](const Copy& a, const Copy& b) { return a.key < b.key; });
  std::string json = "{\"name\":";
  append_json_text(json, stream_.name);
  json += ",\"topic\":";
  append_json_text(json, stream_.topic);
  json += ",\"evicted\":" + std::to_string(evicted) + ",\"rows\":[";
  Buffer value;
  bool is_first = true;
  for (const Copy& row : copies) {
    value.clear();
    if (!codec_.to_json(row.wire, value).ok()) value.append("null");
    json += is_first ? "{\"key\":" : ",{\"key\":";
    is_first = false;
    append_json_text(json, row.key);
    json += ",\"updated_us\":" + std::to_string(row.updated_us) + ",\"value\":";
    json += value.view();
    json += '}';
  }
  return json += "]}";
}

TableStore::TableStore(const StreamSet& streams, std::span<const StreamCodec* const> codecs, std::size_t budget_bytes) {
  const auto count = static_cast<std::size_t>(
      std::count_if(streams.begin(), streams.end(), [](const Stream& s) { return s.kind == StreamKind::kTable; }));
  for (const Stream& stream : streams) {
    if (stream.kind != StreamKind::kTable) continue;
    tables_.push_back(std::make_unique<Table>(stream, *codecs[stream.id], budget_bytes / count));
  }
}

Table* TableStore::find(StreamId stream) const {
  for (const auto& table : tables_) {
    if (table->stream().id == stream) return table.get();
  }
  return nullptr;
}

Table* TableStore::find(std::string_view stream_name) const {
  for (const auto& table : tables_) {
    if (table->stream().name == stream_name) return table.get();
  }
  return nullptr;
}

}  // namespace sluice::pipeline
