#include "codec/plan.hpp"

#include <algorithm>

namespace sluice::codec {
namespace {

std::uint32_t hash_of(std::string_view name) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const std::size_t take = std::min<std::size_t>(name.size(), 8);
  std::memcpy(&first, name.data(), take);
  std::memcpy(&last, name.data() + name.size() - take, take);
  const std::uint64_t mixed = (first ^ (last * 0x9e3779b97f4a7c15U) ^ name.size()) * 0xff51afd7ed558ccdU;
  return static_cast<std::uint32_t>(mixed >> 32);
}

bool is_identifier(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void append(const Path& path, std::string& text) {
  if (path.up == nullptr) {
    text += '$';
    return;
  }
  append(*path.up, text);
  if (path.element >= 0) {
    text += '[' + std::to_string(path.element) + ']';
  } else if (is_identifier(path.name)) {
    text += '.';
    text += path.name;
  } else {
    constexpr std::size_t kShown = 64;
    text += "[\"";
    for (const char c : path.name.substr(0, kShown)) text += c >= 0x20 && c < 0x7f && c != '"' ? c : '?';
    text += path.name.size() > kShown ? "...\"]" : "\"]";
  }
}

}  // namespace

std::string_view to_string(Kind kind) {
  constexpr std::string_view kNames[] = {"bool",   "int32",   "int64",   "uint32",   "uint64",   "sint32",
                                         "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64", "float",
                                         "double", "enum",    "string",  "bytes",    "message",  "map"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string to_string(const Path& path) {
  std::string text;
  append(path, text);
  return text;
}

const std::string* EnumPlan::name_of(std::int32_t number) const {
  const auto at = std::lower_bound(values.begin(), values.end(), number,
                                   [](const auto& value, std::int32_t wanted) { return value.first < wanted; });
  return at != values.end() && at->first == number ? &at->second : nullptr;
}

const std::int32_t* EnumPlan::number_of(std::string_view name_wanted) const {
  const auto at = std::lower_bound(names.begin(), names.end(), name_wanted,
                                   [](const auto& value, std::string_view wanted) { return value.first < wanted; });
  return at != names.end() && at->first == name_wanted ? &at->second : nullptr;
}

int MessagePlan::find_high(std::uint32_t number) const {
  const auto at = std::lower_bound(fields.begin(), fields.end(), number,
                                   [](const FieldPlan& field, std::uint32_t wanted) { return field.number < wanted; });
  return at != fields.end() && at->number == number ? static_cast<int>(at - fields.begin()) : -1;
}

int MessagePlan::find(std::string_view json_name) const {
  const std::size_t mask = name_table.size() - 1;
  for (std::size_t slot = hash_of(json_name) & mask;; slot = (slot + 1) & mask) {
    const int index = name_table[slot];
    if (index < 0 || fields[static_cast<std::size_t>(index)].name == json_name) return index;
  }
}

void MessagePlan::index() {
  low_numbers.fill(-1);
  name_table.assign(std::bit_ceil(fields.size() * 2 + 1), -1);
  const std::size_t mask = name_table.size() - 1;
  std::uint32_t always = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    FieldPlan& field = fields[i];
    if (field.number < low_numbers.size()) low_numbers[field.number] = static_cast<std::int16_t>(i);
    field.always_before = always;
    if (field.absent != Absent::kNothing) ++always;
    std::size_t slot = hash_of(field.name) & mask;
    while (name_table[slot] >= 0) slot = (slot + 1) & mask;
    name_table[slot] = static_cast<std::int16_t>(i);
  }
}

}  // namespace sluice::codec
