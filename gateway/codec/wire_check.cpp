#include "codec/wire_check.hpp"

#include <algorithm>

#include "codec/calendar.hpp"
#include "codec/failure.hpp"
#include "codec/number_text.hpp"
#include "codec/utf8.hpp"

namespace sluice::codec {
namespace {

constexpr std::string_view kMalformed = "malformed protobuf bytes";

bool is_varint(Kind kind) { return kind <= Kind::kSint64 || kind == Kind::kEnum; }

class Checker {
 public:
  Checker(const FactFinder& finder, const char* begin) : finder_(finder), begin_(begin) {}

  template <bool kIsRoot>
  bool message(const MessagePlan& plan, std::string_view wire, const Path& path, int depth) {
    if (depth > kMaxDepth) return fail(path, "nested deeper than 32 messages", wire.data());
    const char* at = wire.data();
    const char* const end = at + wire.size();
    const FieldPlan* const fields = plan.fields.data();
    const FieldPlan* const last = fields + plan.fields.size();
    const FieldPlan* expected = fields;
    while (at != end) {
      const char* const record = at;
      std::uint32_t tag = static_cast<std::uint8_t>(*at);
      // The common case: the string that is expected next, of less than 128 bytes, all ASCII. Only a tag of one byte
      // can be compared like this.
      if (tag < 0x80 && expected != last && expected->is_plain_string && tag == expected->tag && end - at >= 2) {
        const auto size = static_cast<std::uint8_t>(at[1]);
        if (size < 0x80 && size <= end - at - 2 && is_surely_ascii(at + 2, size, end)) {
          at += 2 + size;
          ++expected;
          if constexpr (kIsRoot) finder_.take(tag, record + 1, at, found);
          continue;
        }
      }
      if (tag < 0x80 && expected != last && tag == expected->tag) [[likely]] {
        ++at;
      } else if (!read_tag(at, end, tag)) {
        return fail(path, kMalformed, record);
      }
      const FieldPlan* field = expected;
      if (field == last || field->tag != tag) {
        const int index = plan.find(tag >> 3);
        if (index < 0) {
          if (!skip_value(at, end, tag)) return fail(path, kMalformed, record);
          ++unknown_fields;
          continue;
        }
        field = fields + index;
      }
      const char* const value = at;
      expected = field + 1;
      if (field->kind == Kind::kString && tag == field->tag) {
        std::string_view text;
        if (!read_bytes(at, end, text)) return fail(path, kMalformed, record);
        const char* bad = find_bad_utf8(text.data(), at);
        if (bad != at) [[unlikely]]
          return fail(Path{&path, field->name, -1}, "invalid UTF-8", bad);
      } else {
        if (!skip_value(at, end, tag)) return fail(path, kMalformed, record);
        if (tag != field->tag) [[unlikely]] {
          if (!packed(*field, tag, path, record, value, at)) return false;
        } else if (field->message != nullptr) {
          if (!submessage(*field, value, at, path, depth)) return false;
        }
      }
      if constexpr (kIsRoot) finder_.take(tag, value, at, found);
    }
    return true;
  }

  Failure failure;
  FactFinder::Found found;
  std::uint32_t unknown_fields = 0;

 private:
  bool submessage(const FieldPlan& field, const char* at, const char* end, const Path& path, int depth) {
    std::string_view bytes;
    (void)read_bytes(at, end, bytes);
    // The entry of a map is no level of nesting.
    const int inner_depth = field.kind == Kind::kMap ? depth : depth + 1;
    return message<false>(*field.message, bytes, Path{&path, field.name, -1}, inner_depth);
  }

  /// A known field with another wire type than its own: only the packed form of a repeated number is right.
  bool packed(const FieldPlan& field, std::uint32_t tag, const Path& path, const char* record, const char* at,
              const char* end) {
    const Path here{&path, field.name, -1};
    if (!field.is_repeated || (tag & 7) != static_cast<std::uint32_t>(WireType::kBytes)) {
      return fail(here, "wire type " + std::to_string(tag & 7) + " does not fit the field", record);
    }
    std::string_view values;
    (void)read_bytes(at, end, values);
    const char* p = values.data();
    const char* const stop = p + values.size();
    if (is_varint(field.kind)) {
      std::uint64_t ignored = 0;
      while (p != stop) {
        if (!read_varint(p, stop, ignored)) return fail(here, kMalformed, values.data());
      }
      return true;
    }
    const std::size_t width = (field.tag & 7) == static_cast<std::uint32_t>(WireType::kFixed64) ? 8 : 4;
    return values.size() % width == 0 || fail(here, kMalformed, values.data());
  }

  bool fail(const Path& path, std::string_view text, const char* at) { return failure.at(path, text, at - begin_); }

  const FactFinder& finder_;
  const char* const begin_;
};

Result<const FieldPlan*> field_for(const MessagePlan& message, std::string_view role, std::string_view name,
                                   bool is_json_name_allowed) {
  for (const FieldPlan& field : message.fields) {
    if (field.proto_name != name && !(is_json_name_allowed && field.name == name)) continue;
    if (field.is_repeated || field.kind == Kind::kMap) {
      return Status(Code::kInvalid,
                    std::string(role) + " field \"" + std::string(name) + "\" of " + message.name + " is repeated");
    }
    return &field;
  }
  std::string known;
  for (const FieldPlan& field : message.fields) known += (known.empty() ? "" : ", ") + field.proto_name;
  return Status(Code::kInvalid, std::string(role) + " field \"" + std::string(name) + "\" is not in " + message.name +
                                    ", which has: " + known);
}

Status wrong_type(std::string_view role, const FieldPlan& field, const MessagePlan& message,
                  std::string_view expected) {
  return {Code::kInvalid, std::string(role) + " field \"" + field.proto_name + "\" of " + message.name + ": expected " +
                              std::string(expected)};
}

}  // namespace

Status check_wire(const SchemaPlan& plan, const FactFinder& finder, std::string_view wire, EventFacts& facts) {
  Checker checker(finder, wire.data());
  if (!checker.message<true>(*plan.root, wire, Path{}, 1)) return std::move(checker.failure.status);
  facts.unknown_fields = checker.unknown_fields;
  return finder.finish(checker.found, facts);
}

Result<FactFinder> FactFinder::create(const MessagePlan& message, std::string_view key_field,
                                      std::string_view time_field, std::string_view partition_field) {
  FactFinder finder;
  if (!key_field.empty()) {
    auto field = field_for(message, "key", key_field, false);
    if (!field) return field.status();
    const Kind kind = (*field)->kind;
    if (kind == Kind::kBool || (kind > Kind::kSfixed64 && kind != Kind::kString)) {
      return wrong_type("key", **field, message, "a string or an integer");
    }
    finder.key_tag_ = (*field)->tag;
    finder.fields_[0] = static_cast<int>(*field - message.fields.data());
    finder.key_kind_ = kind;
    finder.key_has_presence_ = (*field)->has_presence;
  }
  if (!time_field.empty()) {
    auto field = field_for(message, "time", time_field, false);
    if (!field) return field.status();
    const Kind kind = (*field)->kind;
    if (kind != Kind::kInt64 && kind != Kind::kSint64 && kind != Kind::kSfixed64) {
      return wrong_type("time", **field, message, "an int64");
    }
    if ((*field)->text == Text::kDecimal) return wrong_type("time", **field, message, "a time, not a decimal");
    finder.time_tag_ = (*field)->tag;
    finder.fields_[1] = static_cast<int>(*field - message.fields.data());
    finder.time_kind_ = kind;
    finder.time_units_per_second_ = (*field)->units_per_second;
    finder.time_name_ = (*field)->name;
  }
  if (!partition_field.empty()) {
    auto field = field_for(message, "partition", partition_field, true);
    if (!field) return field.status();
    if ((*field)->kind != Kind::kString) return wrong_type("partition", **field, message, "a string");
    finder.partition_tag_ = (*field)->tag;
    finder.fields_[2] = static_cast<int>(*field - message.fields.data());
  }
  finder.last_tag_ = std::max({finder.key_tag_, finder.time_tag_, finder.partition_tag_});
  return finder;
}

void FactFinder::set_integer_key(std::string_view value, EventFacts& facts) const {
  const char* at = value.data();
  const char* const end = at + value.size();
  std::uint64_t bits = 0;
  if (value.size() == 4 && (key_kind_ == Kind::kFixed32 || key_kind_ == Kind::kSfixed32)) {
    std::memcpy(&bits, at, 4);
  } else if (key_kind_ == Kind::kFixed64 || key_kind_ == Kind::kSfixed64) {
    (void)read_fixed(at, end, bits);
  } else {
    (void)read_varint(at, end, bits);
  }
  char* const digits = facts.key_digits.data();
  char* behind = digits;
  switch (key_kind_) {
    case Kind::kUint32:
    case Kind::kFixed32:
      behind = write_unsigned(digits, static_cast<std::uint32_t>(bits));
      break;
    case Kind::kUint64:
    case Kind::kFixed64:
      behind = write_unsigned(digits, bits);
      break;
    case Kind::kInt32:
    case Kind::kSfixed32:
      behind = write_signed(digits, static_cast<std::int32_t>(bits));
      break;
    case Kind::kSint32:
      behind = write_signed(digits, unzigzag(static_cast<std::uint32_t>(bits)));
      break;
    case Kind::kSint64:
      behind = write_signed(digits, unzigzag(bits));
      break;
    default:
      behind = write_signed(digits, static_cast<std::int64_t>(bits));
  }
  facts.key = {digits, static_cast<std::size_t>(behind - digits)};
  facts.has_key = true;
}

Status FactFinder::find(std::string_view wire, EventFacts& facts) const {
  const char* at = wire.data();
  const char* const end = at + wire.size();
  Found found;
  while (at != end) {
    const char* const record = at;
    std::uint32_t tag = 0;
    const bool has_tag = read_tag(at, end, tag);
    const char* const value = at;
    if (!has_tag || !skip_value(at, end, tag)) {
      Failure failure;
      failure.at(Path{}, kMalformed, record - wire.data());
      return failure.status;
    }
    take(tag, value, at, found);
  }
  return finish(found, facts);
}

Status FactFinder::finish(const Found& found, EventFacts& facts) const {
  if (found.partition.data() != nullptr) {
    const char* at = found.partition.data();
    (void)read_bytes(at, at + found.partition.size(), facts.partition_value);
  }
  if (key_tag_ != kNoTag) {
    if (key_kind_ == Kind::kString) {
      const char* at = found.key.data();
      if (at != nullptr) (void)read_bytes(at, at + found.key.size(), facts.key);
      facts.has_key = !facts.key.empty();
    } else if (found.key.data() != nullptr) {
      set_integer_key(found.key, facts);
    } else if (!key_has_presence_) {
      facts.key_digits[0] = '0';
      facts.key = {facts.key_digits.data(), 1};
      facts.has_key = true;
    }
  }
  if (found.time.data() == nullptr) return {};
  const char* at = found.time.data();
  const char* const end = at + found.time.size();
  std::uint64_t bits = 0;
  if (time_kind_ == Kind::kSfixed64) {
    (void)read_fixed(at, end, bits);
  } else {
    (void)read_varint(at, end, bits);
  }
  const auto units = time_kind_ == Kind::kSint64 ? unzigzag(bits) : static_cast<std::int64_t>(bits);
  bool fits = true;
  switch (time_units_per_second_) {
    case 1'000'000:
      facts.event_time_us = units;
      break;
    case 1'000'000'000:
      facts.event_time_us = floor_div(units, 1000);
      break;
    default:
      fits = !__builtin_mul_overflow(units, 1'000'000 / time_units_per_second_, &facts.event_time_us);
  }
  if (!fits) {
    Failure failure;
    const Path root;
    failure.at(Path{&root, time_name_, -1}, "time " + std::to_string(units) + " is out of range");
    return failure.status;
  }
  facts.has_time = true;
  return {};
}

}  // namespace sluice::codec
