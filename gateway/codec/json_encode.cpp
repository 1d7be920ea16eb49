#include "codec/json_encode.hpp"

#include <cassert>

#include "codec/base64.hpp"
#include "codec/failure.hpp"
#include "codec/json_writer.hpp"
#include "codec/map_entries.hpp"
#include "codec/number_text.hpp"
#include "codec/time_text.hpp"
#include "codec/wire_order.hpp"

namespace sluice::codec {
namespace {

constexpr std::string_view kMalformed = "malformed protobuf bytes";

bool is_signed(Kind kind) {
  return kind == Kind::kInt32 || kind == Kind::kInt64 || kind == Kind::kSint32 || kind == Kind::kSint64 ||
         kind == Kind::kSfixed32 || kind == Kind::kSfixed64;
}

/// Writes an integer as the field's text asks. Null when it is a time that has no text.
char* write_integer(char* to, const FieldPlan& field, std::uint64_t bits, const TimeZone& zone) {
  const auto value = static_cast<std::int64_t>(bits);
  switch (field.text) {
    case Text::kPlain:
      return is_signed(field.kind) ? write_signed(to, value) : write_unsigned(to, bits);
    case Text::kQuoted:
      *to++ = '"';
      to = is_signed(field.kind) ? write_signed(to, value) : write_unsigned(to, bits);
      *to++ = '"';
      return to;
    case Text::kDecimal:
      return write_decimal(to, value, field.scale);
    case Text::kTimeUtc:
    case Text::kTimeNaive:
      *to++ = '"';
      to = write_time(to, value, field.units_per_second, field.time_digits, field.text == Text::kTimeUtc, zone);
      if (to != nullptr) *to++ = '"';
      return to;
  }
  return nullptr;
}

class Encoder {
 public:
  Encoder(const SchemaPlan& plan, std::string_view wire, Buffer& out)
      : plan_(plan), zone_(*plan.zone), begin_(wire.data()), writer_(out) {}

  Status run(std::string_view wire) {
    Path root;
    if (!message(*plan_.root, wire, root, 1)) return std::move(failure_.status);
    writer_.finish();
    return {};
  }

 private:
  bool fail(const Path& path, std::string_view text, const char* at) {
    // Bytes that were put in order first lie elsewhere: then only the path says where.
    if (is_reordered_) return failure_.at(path, text);
    return failure_.at(path, text, at - begin_);
  }
  bool fail_in(const Path& path, const FieldPlan& field, std::string_view text, const char* at) {
    const Path here{&path, field.name, -1};
    return fail(here, text, at);
  }

  bool message(const MessagePlan& plan, std::string_view wire, const Path& path, int depth) {
    if (depth > kMaxDepth) return fail(path, "nested deeper than 32 messages", wire.data());
    const std::size_t start = writer_.size();
    // Speculating on order costs a second encoding of the submessages where it fails. So that levels cannot multiply
    // that, the first failure ends speculation for the rest of the event.
    Outcome outcome = is_careful_ && !is_in_order(plan, wire) ? Outcome::kOutOfOrder : ordered(plan, wire, path, depth);
    if (outcome == Outcome::kOutOfOrder) {
      is_careful_ = true;
      writer_.cut(start);
      std::string sorted;
      if (!put_in_order(plan, wire, sorted)) return fail(path, kMalformed, wire.data());
      const bool was_reordered = is_reordered_;
      is_reordered_ = true;
      outcome = ordered(plan, sorted, path, depth);
      assert(outcome != Outcome::kOutOfOrder);
      is_reordered_ = was_reordered;
    }
    if (outcome != Outcome::kDone) return false;
    // Every field began with a comma; the first one becomes the brace.
    writer_.room(2);
    if (writer_.size() == start) {
      writer_.put('{');
    } else {
      *writer_.place(start) = '{';
    }
    writer_.put('}');
    return true;
  }

  enum class Outcome : std::uint8_t { kDone, kFailed, kOutOfOrder };

  Outcome ordered(const MessagePlan& plan, std::string_view wire, const Path& path, int depth) {
    const char* at = wire.data();
    const char* const end = at + wire.size();
    const FieldPlan* const fields = plan.fields.data();
    const FieldPlan* const last = fields + plan.fields.size();
    const FieldPlan* next = fields;
    std::string_view watched[kMaxWatched];
    std::uint64_t oneofs_seen = 0;

    while (at != end) {
      const char* const record = at;
      std::uint32_t tag = static_cast<std::uint8_t>(*at);
      if (tag >= 8 && tag < 0x80) [[likely]] {
        ++at;
      } else if (!read_tag(at, end, tag)) {
        return failed(fail(path, kMalformed, record));
      }
      if (next == last || tag != next->tag) {
        const std::uint32_t number = tag >> 3;
        const int index = plan.find(number);
        if (index < 0) {
          if (!skip_value(at, end, tag)) return failed(fail(path, kMalformed, record));
          continue;
        }
        const FieldPlan* field = fields + index;
        if (field < next) return Outcome::kOutOfOrder;
        if (next->always_before != field->always_before) print_absent(next, field, watched);
        next = field;
        if (tag != field->tag) {
          if (!field->is_repeated || (tag & 7) != static_cast<std::uint32_t>(WireType::kBytes)) {
            return failed(fail_in(path, *field, wrong_wire_type(tag), record));
          }
          // The packed form of a repeated number.
          if (!repeated(*field, record, at, end, path, depth)) return Outcome::kFailed;
          ++next;
          continue;
        }
      }
      if (next->is_plain) [[likely]] {
        writer_.room(next->prefix.size + kLiteralSlack + kMaxNumberChars);
        writer_.literal(next->prefix);
        const char* const value_at = at;
        if (next->kind == Kind::kString) {
          // In line, as most fields are strings.
          std::string_view text;
          if (!read_bytes(at, end, text)) return failed(fail_in(path, *next, kMalformed, value_at));
          if (const char* bad = writer_.string(text)) return failed(fail_in(path, *next, "invalid UTF-8", bad));
        } else if (!value(*next, at, end, path, depth)) {
          return Outcome::kFailed;
        }
        if (next->watch >= 0) [[unlikely]]
          watch(*next, value_at, end, watched);
      } else if (next->oneof >= 0) {
        const std::uint64_t bit = std::uint64_t{1} << next->oneof;
        if ((oneofs_seen & bit) != 0) return Outcome::kOutOfOrder;
        oneofs_seen |= bit;
        writer_.room(next->prefix.size + kLiteralSlack + kMaxNumberChars);
        writer_.literal(next->prefix);
        if (!value(*next, at, end, path, depth)) return Outcome::kFailed;
      } else if (next->kind == Kind::kMap) {
        if (!map(*next, record, at, end, path, depth)) return Outcome::kFailed;
      } else {
        if (!repeated(*next, record, at, end, path, depth)) return Outcome::kFailed;
      }
      ++next;
    }
    if (next != last) print_absent(next, last, watched);
    return Outcome::kDone;
  }

  static Outcome failed(bool) { return Outcome::kFailed; }

  static std::string_view wrong_wire_type(std::uint32_t tag) {
    constexpr std::string_view kTexts[] = {
        "wire type 0 does not fit the field",   "wire type 1 does not fit the field",
        "wire type 2 does not fit the field",   "wire type 3 (group) is not supported",
        "wire type 4 (group) is not supported", "wire type 5 does not fit the field",
        "wire type 6 does not exist",           "wire type 7 does not exist"};
    return kTexts[tag & 7];
  }

  static void watch(const FieldPlan& field, const char* at, const char* end, std::string_view* watched) {
    (void)read_bytes(at, end, watched[field.watch]);
  }

  void print_absent(const FieldPlan* from, const FieldPlan* to, const std::string_view* watched) {
    for (; from != to; ++from) {
      if (from->absent == Absent::kNothing) continue;
      if (from->absent == Absent::kNullWhen && watched[from->null_watch] != from->null_value) continue;
      writer_.room(from->absent_text.size + kLiteralSlack);
      writer_.literal(from->absent_text);
    }
  }

  /// One value without its key; moves `at` behind it. The caller has made room for a number.
  bool value(const FieldPlan& field, const char*& at, const char* end, const Path& path, int depth) {
    const char* const start = at;
    std::uint64_t bits = 0;
    std::uint32_t narrow = 0;
    switch (field.kind) {
      case Kind::kString: {
        std::string_view text;
        if (!read_bytes(at, end, text)) break;
        if (const char* bad = writer_.string(text)) return fail_in(path, field, "invalid UTF-8", bad);
        return true;
      }
      case Kind::kDouble: {
        if (!read_fixed(at, end, bits)) break;
        writer_.at = write_double(writer_.at, std::bit_cast<double>(bits));
        return true;
      }
      case Kind::kInt64:
      case Kind::kUint64:
        if (!read_varint(at, end, bits)) break;
        return integer(field, bits, path, start);
      case Kind::kInt32:
        if (!read_varint(at, end, bits)) break;
        return integer(field, static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(bits))),
                       path, start);
      case Kind::kUint32:
        if (!read_varint(at, end, bits)) break;
        return integer(field, static_cast<std::uint32_t>(bits), path, start);
      case Kind::kBool:
        if (!read_varint(at, end, bits)) break;
        if (bits != 0) {
          std::memcpy(writer_.at, "true", 4);
          writer_.at += 4;
        } else {
          std::memcpy(writer_.at, "false", 5);
          writer_.at += 5;
        }
        return true;
      case Kind::kSint32:
        if (!read_varint(at, end, bits)) break;
        return integer(field, static_cast<std::uint64_t>(unzigzag(static_cast<std::uint32_t>(bits))), path, start);
      case Kind::kSint64:
        if (!read_varint(at, end, bits)) break;
        return integer(field, static_cast<std::uint64_t>(unzigzag(bits)), path, start);
      case Kind::kFixed32:
        if (!read_fixed(at, end, narrow)) break;
        return integer(field, narrow, path, start);
      case Kind::kSfixed32:
        if (!read_fixed(at, end, narrow)) break;
        return integer(field, static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(narrow))),
                       path, start);
      case Kind::kFixed64:
      case Kind::kSfixed64:
        if (!read_fixed(at, end, bits)) break;
        return integer(field, bits, path, start);
      case Kind::kFloat:
        if (!read_fixed(at, end, narrow)) break;
        writer_.at = write_float(writer_.at, std::bit_cast<float>(narrow));
        return true;
      case Kind::kEnum: {
        if (!read_varint(at, end, bits)) break;
        const auto number = static_cast<std::int32_t>(bits);
        if (const std::string* name = field.enumeration->name_of(number)) {
          writer_.room(name->size() + kLiteralSlack);
          writer_.put('"');
          writer_.append(*name);
          writer_.room(kLiteralSlack);
          writer_.put('"');
        } else {
          writer_.at = write_signed(writer_.at, number);
        }
        return true;
      }
      case Kind::kBytes: {
        std::string_view raw;
        if (!read_bytes(at, end, raw)) break;
        writer_.room(base64_bytes(raw.size()) + kLiteralSlack);
        writer_.put('"');
        writer_.at = write_base64(writer_.at, raw);
        writer_.put('"');
        return true;
      }
      case Kind::kMessage: {
        std::string_view inner;
        if (!read_bytes(at, end, inner)) break;
        const Path here{&path, field.name, -1};
        return message(*field.message, inner, here, depth + 1);
      }
      case Kind::kMap:
        break;
    }
    return fail_in(path, field, kMalformed, start);
  }

  bool integer(const FieldPlan& field, std::uint64_t bits, const Path& path, const char* start) {
    if (field.text == Text::kPlain) [[likely]] {
      writer_.at = is_signed(field.kind) ? write_signed(writer_.at, static_cast<std::int64_t>(bits))
                                         : write_unsigned(writer_.at, bits);
      return true;
    }
    char* behind = write_integer(writer_.at, field, bits, zone_);
    if (behind == nullptr) return fail_in(path, field, "time outside the years 1 to 9999", start);
    writer_.at = behind;
    return true;
  }

  /// All records of a repeated field that follow each other, packed or not, as one array. `record` is the first tag.
  bool repeated(const FieldPlan& field, const char* record, const char*& at, const char* end, const Path& path,
                int depth) {
    writer_.room(field.prefix.size + kLiteralSlack + 1);
    writer_.literal(field.prefix);
    writer_.put('[');
    Path here{&path, field.name, -1};
    Path element{&here, {}, 0};
    const auto one = [&](const char* stop) {
      if (element.element != 0) {
        writer_.room(1);
        writer_.put(',');
      }
      writer_.room(kMaxNumberChars);
      // A message's own frame names the field again; here the element stands for it.
      if (field.kind == Kind::kMessage) {
        std::string_view inner;
        if (!read_bytes(at, stop, inner)) return fail(element, kMalformed, at);
        if (!message(*field.message, inner, element, depth + 1)) return false;
      } else if (!value(field, at, stop, path, depth)) {
        return false;
      }
      ++element.element;
      return true;
    };
    at = record;
    while (at != end) {
      const char* const start = at;
      std::uint32_t tag = 0;
      if (!read_tag(at, end, tag)) return fail(here, kMalformed, start);
      if (tag == field.tag) {
        if (!one(end)) return false;
      } else if (tag >> 3 == field.number) {
        std::string_view packed;
        if ((tag & 7) != static_cast<std::uint32_t>(WireType::kBytes)) return fail(here, wrong_wire_type(tag), start);
        if (!read_bytes(at, end, packed)) return fail(here, kMalformed, start);
        at = packed.data();
        const char* stop = at + packed.size();
        while (at != stop) {
          if (!one(stop)) return false;
        }
      } else {
        at = start;
        break;
      }
    }
    writer_.room(1);
    writer_.put(']');
    return true;
  }

  bool map(const FieldPlan& field, const char* record, const char*& at, const char* end, const Path& path, int depth) {
    const Path here{&path, field.name, -1};
    MapEntries entries;
    at = record;
    const char* const bad = entries.read(field, at, end);
    if (bad != nullptr) return fail(here, kMalformed, bad);
    writer_.room(field.prefix.size + kLiteralSlack + 2);
    writer_.literal(field.prefix);
    writer_.put('{');
    const FieldPlan& key = field.message->fields[0];
    const FieldPlan& inner = field.message->fields[1];
    bool is_first = true;
    for (const MapEntry& entry : entries.latest()) {
      writer_.room(kMaxNumberChars + 4);
      if (!is_first) writer_.put(',');
      is_first = false;
      // Keys are strings in JSON whatever their type.
      const bool is_text = key.kind == Kind::kString;
      if (!is_text) writer_.put('"');
      if (!entry_value(key, entry.key, here, depth)) return false;
      writer_.room(2);
      if (!is_text) writer_.put('"');
      writer_.put(':');
      const std::string key_text = is_text && inner.kind == Kind::kMessage ? entry.key_text() : std::string();
      const Path value_path{&here, key_text, -1};
      if (!entry_value(inner, entry.value, inner.kind == Kind::kMessage ? value_path : here, depth)) return false;
    }
    writer_.room(1);
    writer_.put('}');
    return true;
  }

  /// The value of an entry's record, or the default when the entry lacks it.
  bool entry_value(const FieldPlan& field, std::string_view record, const Path& path, int depth) {
    writer_.room(kMaxNumberChars);
    if (record.data() == nullptr) {
      if (field.kind == Kind::kMessage) return message(*field.message, {}, path, depth + 1);
      writer_.append(default_text(field, zone_));
      return true;
    }
    const char* at = record.data();
    const char* const end = at + record.size();
    if (field.kind == Kind::kMessage) {
      std::string_view inner;
      if (!read_bytes(at, end, inner)) return fail(path, kMalformed, record.data());
      return message(*field.message, inner, path, depth + 1);
    }
    return value(field, at, end, path, depth);
  }

  const SchemaPlan& plan_;
  const TimeZone& zone_;
  const char* const begin_;
  JsonWriter writer_;
  Failure failure_;
  bool is_reordered_ = false;
  bool is_careful_ = false;
};

}  // namespace

Status encode_json(const SchemaPlan& plan, std::string_view wire, Buffer& out) {
  return Encoder(plan, wire, out).run(wire);
}

std::string default_text(const FieldPlan& field, const TimeZone& zone) {
  if (field.kind == Kind::kMap) return "{}";
  if (field.is_repeated) return "[]";
  switch (field.kind) {
    case Kind::kBool:
      return "false";
    case Kind::kFloat:
    case Kind::kDouble:
      return "0.0";
    case Kind::kString:
    case Kind::kBytes:
      return "\"\"";
    case Kind::kEnum: {
      const std::string* name = field.enumeration->name_of(0);
      return name == nullptr ? "0" : '"' + *name + '"';
    }
    case Kind::kMessage:
    case Kind::kMap:
      return "{}";
    default:
      break;
  }
  char text[kMaxNumberChars];
  return {text, write_integer(text, field, 0, zone)};
}

}  // namespace sluice::codec
