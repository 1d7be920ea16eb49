#include "codec/map_entries.hpp"

#include <algorithm>
#include <cstdint>

namespace sluice::codec {

std::string MapEntry::key_text() const {
  const char* at = key.data();
  std::string_view text;
  if (at == nullptr || !read_bytes(at, at + key.size(), text)) return {};
  return std::string(text);
}

const char* MapEntries::read(const FieldPlan& field, const char*& at, const char* end) {
  const std::uint32_t key_tag = field.message->fields[0].tag;
  const std::uint32_t value_tag = field.message->fields[1].tag;
  while (at != end) {
    const char* const start = at;
    std::uint32_t tag = 0;
    if (!read_tag(at, end, tag)) return start;
    if (tag != field.tag) {
      if (tag >> 3 == field.number) return start;
      at = start;
      return nullptr;
    }
    std::string_view bytes;
    if (!read_bytes(at, end, bytes)) return start;
    MapEntry& entry = entries_.emplace_back();
    const char* inner = bytes.data();
    const char* const stop = inner + bytes.size();
    while (inner != stop) {
      const char* const record = inner;
      if (!read_tag(inner, stop, tag)) return record;
      const char* const value = inner;
      if (!skip_value(inner, stop, tag)) return record;
      const std::string_view content(value, static_cast<std::size_t>(inner - value));
      if (tag == key_tag) {
        entry.key = content;
      } else if (tag == value_tag) {
        entry.value = content;
      } else if (tag >> 3 <= 2) {
        return record;
      }
    }
  }
  return nullptr;
}

std::span<const MapEntry> MapEntries::latest() {
  if (entries_.size() < 2) return entries_;
  std::vector<std::size_t> order(entries_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  // A missing key is the default one, and writers may spell that out: compare both as empty. Values follow varint or
  // length bytes, of which there is only one sensible spelling, so equal keys are equal bytes.
  const auto key_of = [this](std::size_t i) {
    const std::string_view key = entries_[i].key;
    return key == std::string_view("\0", 1) ? std::string_view() : key;
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key_of(a) < key_of(b); });
  std::vector<bool> is_old(entries_.size());
  bool has_old = false;
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    if (key_of(order[i]) != key_of(order[i + 1])) continue;
    is_old[order[i]] = true;
    has_old = true;
  }
  if (has_old) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!is_old[i]) entries_[kept++] = entries_[i];
    }
    entries_.resize(kept);
  }
  return entries_;
}

}  // namespace sluice::codec
