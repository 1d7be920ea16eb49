#include "codec/json_decode.hpp"

#include <algorithm>
#include <array>

#include "codec/appender.hpp"
#include "codec/base64.hpp"
#include "codec/json_reader.hpp"
#include "codec/number_text.hpp"
#include "codec/time_text.hpp"

namespace sluice::codec {
namespace {

/// Where a field's records lie in what has been written; empty: it has none. Good until the enclosing object moves,
/// which is after the last use.
struct Slot {
  std::uint32_t begin;
  std::uint32_t end;
};
constexpr std::size_t kSlotsOnStack = 64;
/// Slots are 32 bits wide.
constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 31;
constexpr std::size_t kCopyStep = 16;
/// Tag, length and a fixed-width value.
constexpr std::size_t kRecordRoom = 2 * kMaxVarintBytes + 8;

std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 48;
  std::string result;
  for (const char c : text.substr(0, kShown)) result += c >= 0x20 && c < 0x7f ? c : '?';
  if (text.size() > kShown) result += "...";
  return result;
}

class Decoder {
 public:
  Decoder(const SchemaPlan& plan, const FactFinder& finder, std::string_view json, Buffer& out)
      : plan_(plan), finder_(finder), zone_(*plan.zone), json_(json), writer_(out) {}

  Status run(EventFacts& facts) {
    const Path root;
    json_.skip_space();
    if (!object(*plan_.root, root, 1) || !json_.finish(root)) return std::move(json_.failure.status);
    FactFinder::Found found;
    std::string_view* const into[] = {&found.key, &found.time, &found.partition};
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      if (wanted_[i].begin == wanted_[i].end) continue;
      const std::size_t tag_bytes = varint_bytes(plan_.root->fields[static_cast<std::size_t>(finder_.fields()[i])].tag);
      const std::size_t value = wanted_[i].begin + tag_bytes;
      *into[i] = {writer_.place(value), wanted_[i].end - value};
    }
    if (Status status = finder_.finish(found, facts); !status.ok()) return status;
    facts.unknown_fields = unknown_fields_;
    writer_.finish();
    return {};
  }

 private:
  /// Appends the records of one message.
  bool object(const MessagePlan& plan, const Path& path, int depth) {
    if (json_.peek() != '{') return json_.unexpected(path, "object");
    if (depth > kMaxDepth) return json_.malformed(path, "nested deeper than 32 messages");
    ++json_.at;
    const std::size_t count = plan.fields.size();
    std::array<Slot, kSlotsOnStack> few;  // NOLINT(cppcoreguidelines-pro-type-member-init): only `count` are used
    std::vector<Slot> many;
    Slot* slots = few.data();
    if (count > kSlotsOnStack) {
      many.resize(count);
      slots = many.data();
    } else {
      std::memset(slots, 0, count * sizeof(Slot));
    }
    const std::size_t start = writer_.size();
    const FieldPlan* const fields = plan.fields.data();
    const FieldPlan* const last = fields + count;
    const FieldPlan* expected = fields;
    bool is_in_order = true;

    json_.skip_space();
    if (json_.peek() == '}') {
      ++json_.at;
      return true;
    }
    for (;;) {
      take_expected_strings(fields, expected, last, slots);
      const FieldPlan* field = nullptr;
      if (expected != last && take_key(*expected)) [[likely]] {
        field = expected;
      } else if (!read_key(plan, field, path)) {
        return false;
      }
      json_.skip_space();
      if (field == nullptr) {
        ++unknown_fields_;
        if (!json_.skip(path, depth)) return false;
      } else {
        if (field < expected) is_in_order = false;
        expected = std::max(expected, field + 1);
        const auto begin = static_cast<std::uint32_t>(writer_.size());
        if (!member(*field, path, depth)) return false;
        const auto end = static_cast<std::uint32_t>(writer_.size());
        slots[field - fields] = {begin, end};
        if (field->oneof >= 0 && begin != end && drop_siblings(plan, *field, slots)) is_in_order = false;
      }
      char next = json_.peek();
      if (next != ',' && next != '}') {
        json_.skip_space();
        next = json_.peek();
      }
      if (next != ',') {
        if (next != '}') return json_.malformed(path, "expected ',' or '}'");
        ++json_.at;
        break;
      }
      ++json_.at;
      json_.skip_space();
    }
    if (!is_in_order) put_in_order(start, slots, count);
    if (depth == 1) {
      for (std::size_t i = 0; i < wanted_.size(); ++i) {
        if (finder_.fields()[i] >= 0) wanted_[i] = slots[finder_.fields()[i]];
      }
    }
    return true;
  }

  /// The common case in one tight loop: short ASCII strings in the order of the plan, without white space, each
  /// followed by another key. Stops in front of the first key that is anything else.
  void take_expected_strings([[maybe_unused]] const FieldPlan* fields, [[maybe_unused]] const FieldPlan*& expected,
                             [[maybe_unused]] const FieldPlan* last, [[maybe_unused]] Slot* slots) {
#if defined(__SSE2__)
    constexpr std::size_t kMaxKey = 16;
    constexpr std::size_t kMaxText = 127;
    const char* at = json_.at;
    const char* const end = json_.end;
    for (; expected != last && expected->is_plain_string; ++expected) {
      const std::size_t key_size = expected->prefix.size - 1;
      if (key_size > kMaxKey || end - at < static_cast<std::ptrdiff_t>(kMaxKey + 1) ||
          !starts_with_key(at, *expected)) {
        break;
      }
      const char* open = at + key_size;
      if (*open++ != '"') break;
      const char* const close = find_special(open, end);
      // The bytes behind serve both as the next key and as slack for the copy.
      if (end - close < static_cast<std::ptrdiff_t>(kCopyStep + 2) || close[0] != '"' || close[1] != ',' ||
          close[2] != '"') {
        break;
      }
      const auto size = static_cast<std::size_t>(close - open);
      if (size > kMaxText || writer_.left() < kMaxText + kRecordRoom + kCopyStep) break;
      const auto begin = static_cast<std::uint32_t>(writer_.size());
      if (size != 0 || expected->has_presence) {
        char* to = write_varint(writer_.at, expected->tag);
        *to++ = static_cast<char>(size);
        for (std::size_t done = 0; done < size; done += kCopyStep) std::memcpy(to + done, open + done, kCopyStep);
        writer_.at = to + size;
      }
      slots[expected - fields] = {begin, static_cast<std::uint32_t>(writer_.size())};
      at = close + 2;
    }
    json_.at = at;
#endif
  }

#if defined(__SSE2__)
  /// `"name":` of at most 16 bytes, where 16 can be read.
  static bool starts_with_key(const char* at, const FieldPlan& field) {
    const __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)),
                                        _mm_loadu_si128(reinterpret_cast<const __m128i*>(field.prefix.data + 1)));
    const auto differs = static_cast<unsigned>(_mm_movemask_epi8(same)) ^ 0xffffU;
    return (differs & ((1U << (field.prefix.size - 1)) - 1)) == 0;
  }
#endif

  /// Moves behind `"name":` if that is what comes, byte for byte.
  bool take_key(const FieldPlan& field) {
    const std::size_t size = field.prefix.size - 1;
    const char* const wanted = field.prefix.data + 1;
    const auto left = static_cast<std::size_t>(json_.end - json_.at);
#if defined(__SSE2__)
    if (left >= 16 && size <= 16) [[likely]] {
      if (!starts_with_key(json_.at, field)) return false;
      json_.at += size;
      return true;
    }
#endif
    if (left < size || std::memcmp(json_.at, wanted, size) != 0) return false;
    json_.at += size;
    return true;
  }

  bool read_key(const MessagePlan& plan, const FieldPlan*& field, const Path& path) {
    if (json_.peek() != '"') return json_.malformed(path, "expected a key");
    std::string_view key;
    if (!json_.string(key, path)) return false;
    const int index = plan.find(key);
    if (index >= 0) field = plan.fields.data() + index;
    json_.skip_space();
    if (json_.peek() != ':') return json_.malformed(path, "expected ':'");
    ++json_.at;
    return true;
  }

  static bool drop_siblings(const MessagePlan& plan, const FieldPlan& member, Slot* slots) {
    bool has_dropped = false;
    for (std::size_t i = 0; i < plan.fields.size(); ++i) {
      const FieldPlan& other = plan.fields[i];
      if (other.oneof != member.oneof || &other == &member || slots[i].begin == slots[i].end) continue;
      slots[i] = {0, 0};
      has_dropped = true;
    }
    return has_dropped;
  }

  /// Lays the records out again by field, and the slots with them.
  void put_in_order(std::size_t start, Slot* slots, std::size_t count) {
    const std::string written(writer_.place(start), writer_.size() - start);
    writer_.cut(start);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t size = slots[i].end - slots[i].begin;
      const std::size_t from = slots[i].begin - start;
      slots[i].begin = static_cast<std::uint32_t>(writer_.size());
      if (size != 0) writer_.append(std::string_view(written).substr(from, size));
      slots[i].end = static_cast<std::uint32_t>(writer_.size());
    }
  }

  bool member(const FieldPlan& field, const Path& path, int depth) {
    if (json_.peek() == 'n') return null(path, field);
    if (field.is_plain_string) return string(field, !field.has_presence, path);
    if (field.is_plain && quick_number(field)) return true;
    if (field.is_plain || field.oneof >= 0) [[likely]] {
      return value(field, !field.has_presence, path, depth);
    }
    return field.kind == Kind::kMap ? map(field, path, depth) : repeated(field, path, depth);
  }

  /// The common numbers, apart from value() because that is large to enter. False, and nothing done, for all others.
  [[gnu::noinline]] bool quick_number(const FieldPlan& field) {
    const char* at = json_.at;
    SimpleNumber number;
    std::uint64_t bits = 0;
    if (field.kind == Kind::kDouble) {
      double real = 0;
      if (!read_simple_number(at, json_.end, number) || !to_double(number, real)) return false;
      bits = std::bit_cast<std::uint64_t>(real);
    } else if (field.kind == Kind::kInt64 || field.kind == Kind::kInt32) {
      std::int64_t whole = 0;
      if (field.text != Text::kPlain && field.text != Text::kDecimal) return false;
      if (!read_simple_number(at, json_.end, number) || !to_decimal(number, field.scale, whole)) return false;
      if (field.kind == Kind::kInt32 && whole != static_cast<std::int32_t>(whole)) return false;
      bits = static_cast<std::uint64_t>(whole);
    } else {
      return false;
    }
    json_.at = at;
    if (bits == 0 && !field.has_presence) return true;
    writer_.room(kRecordRoom);
    tag(field);
    if (field.kind == Kind::kDouble) {
      std::memcpy(writer_.at, &bits, 8);
      writer_.at += 8;
    } else {
      writer_.at = write_varint(writer_.at, bits);
    }
    return true;
  }

  bool null(const Path& path, const FieldPlan& field) {
    if (json_.end - json_.at >= 4 && std::memcmp(json_.at, "null", 4) == 0) {
      json_.at += 4;
      return true;
    }
    return json_.malformed(Path{&path, field.name, -1});
  }

  /// One record: tag and value; with `omits_default` nothing when the value is the type's default.
  bool value(const FieldPlan& field, bool omits_default, const Path& path, int depth) {
    switch (field.kind) {
      case Kind::kString:
        return string(field, omits_default, path);
      case Kind::kBytes: {
        if (json_.peek() != '"') return unexpected(field, path, "string");
        std::string_view text;
        if (!json_.string(text, path)) return name_field(field, path);
        return (text.empty() && omits_default) || bytes(field, text, path);
      }
      case Kind::kMessage: {
        writer_.room(kRecordRoom);
        tag(field);
        const std::size_t length_at = begin_length();
        if (!object(*field.message, Path{&path, field.name, -1}, depth + 1)) return false;
        end_length(length_at);
        return true;
      }
      case Kind::kBool: {
        const auto left = json_.end - json_.at;
        const bool is_true = left >= 4 && std::memcmp(json_.at, "true", 4) == 0;
        if (!is_true && (left < 5 || std::memcmp(json_.at, "false", 5) != 0)) return unexpected(field, path, "boolean");
        json_.at += is_true ? 4 : 5;
        if (!is_true && omits_default) return true;
        writer_.room(kRecordRoom);
        tag(field);
        writer_.put(is_true ? 1 : 0);
        return true;
      }
      case Kind::kDouble:
      case Kind::kFloat: {
        NumberText number;
        if (!read_number(json_.at, json_.end, number)) return unexpected(field, path, "number");
        return floating(field, number, omits_default, path);
      }
      case Kind::kEnum:
        return enumeration(field, omits_default, path);
      case Kind::kMap:
        return false;
      default: {
        std::int64_t bits = 0;
        if (!integer(field, bits, path)) return false;
        if (bits == 0 && omits_default) return true;
        writer_.room(kRecordRoom);
        tag(field);
        integer_bytes(field.kind, static_cast<std::uint64_t>(bits));
        return true;
      }
    }
  }

  /// In line where most fields are read: a call per field would cost as much as the work.
  [[gnu::always_inline]] bool string(const FieldPlan& field, bool omits_default, const Path& path) {
    if (json_.peek() != '"') return unexpected(field, path, "string");
    std::string_view text;
    if (!json_.string(text, path)) return name_field(field, path);
    if (text.empty() && omits_default) return true;
    writer_.room(kRecordRoom + text.size() + kCopyStep);
    tag(field);
    writer_.at = write_varint(writer_.at, text.size());
    copy(text);
    return true;
  }

  /// Appends by fixed-size moves where there is something to read behind the text; the caller has made the room.
  void copy(std::string_view text) {
    if (text.size() <= 4 * kCopyStep && json_.can_read(text.data(), text.size() + kCopyStep)) [[likely]] {
      std::size_t done = 0;
      do {
        std::memcpy(writer_.at + done, text.data() + done, kCopyStep);
        done += kCopyStep;
      } while (done < text.size());
    } else {
      std::memcpy(writer_.at, text.data(), text.size());
    }
    writer_.at += text.size();
  }

  void tag(const FieldPlan& field) { writer_.at = write_varint(writer_.at, field.tag); }

  /// Leaves one byte for a length, which most submessages need; end_length makes room for a longer one.
  std::size_t begin_length() {
    const std::size_t position = writer_.size();
    writer_.put(0);
    return position;
  }
  void end_length(std::size_t position) {
    const std::size_t size = writer_.size() - position - 1;
    const std::size_t more = varint_bytes(size) - 1;
    if (more != 0) {
      writer_.room(more);
      std::memmove(writer_.place(position + 1 + more), writer_.place(position + 1), size);
      writer_.at += more;
    }
    (void)write_varint(writer_.place(position), size);
  }

  bool bytes(const FieldPlan& field, std::string_view text, const Path& path) {
    std::string raw(text.size(), '\0');
    const char* behind = read_base64(raw.data(), text);
    if (behind == nullptr) return fail(field, path, "expected base64, got \"" + shown(text) + "\"");
    raw.resize(static_cast<std::size_t>(behind - raw.data()));
    writer_.room(kRecordRoom);
    tag(field);
    writer_.at = write_varint(writer_.at, raw.size());
    writer_.append(raw);
    return true;
  }

  bool floating(const FieldPlan& field, const NumberText& number, bool omits_default, const Path& path) {
    std::uint64_t bits = 0;
    std::size_t width = 8;
    if (field.kind == Kind::kDouble) {
      double real = 0;
      if (!to_double(number, real)) return too_large(field, number.text, path);
      bits = std::bit_cast<std::uint64_t>(real);
    } else {
      float real = 0;
      if (!to_float(number, real)) return too_large(field, number.text, path);
      bits = std::bit_cast<std::uint32_t>(real);
      width = 4;
    }
    fixed(field, bits, width, omits_default);
    return true;
  }

  /// -0.0 is not the default: its bits are not zero.
  void fixed(const FieldPlan& field, std::uint64_t bits, std::size_t width, bool omits_default) {
    if (bits == 0 && omits_default) return;
    writer_.room(kRecordRoom);
    tag(field);
    std::memcpy(writer_.at, &bits, 8);
    writer_.at += width;
  }

  bool enumeration(const FieldPlan& field, bool omits_default, const Path& path) {
    std::int64_t number = 0;
    if (json_.peek() == '"') {
      std::string_view name;
      if (!json_.string(name, path)) return name_field(field, path);
      const std::int32_t* known = field.enumeration->number_of(name);
      if (known == nullptr) {
        return fail(field, path, "\"" + shown(name) + "\" is not a value of enum " + field.enumeration->name);
      }
      number = *known;
    } else if (!plain_integer(field, "string or number", number, path)) {
      return false;
    }
    if (number == 0 && omits_default) return true;
    writer_.room(kRecordRoom);
    tag(field);
    writer_.at = write_varint(writer_.at, static_cast<std::uint64_t>(number));
    return true;
  }

  /// The value of an integer field, as the 64 bits that integer_bytes takes.
  bool integer(const FieldPlan& field, std::int64_t& bits, const Path& path) {
    switch (field.text) {
      case Text::kPlain:
        return plain_integer(field, "number", bits, path);
      case Text::kQuoted: {
        if (json_.peek() != '"') return plain_integer(field, "string or number", bits, path);
        std::string_view text;
        if (!json_.string(text, path)) return name_field(field, path);
        return quoted_integer(field, text, bits, path);
      }
      case Text::kDecimal: {
        NumberText number;
        if (!read_number(json_.at, json_.end, number)) return unexpected(field, path, "number");
        return to_decimal(number, field.scale, bits) ||
               fail(field, path,
                    shown(number.text) + " is not a number of at most " + std::to_string(field.scale) +
                        " decimals that fits int64");
      }
      case Text::kTimeUtc:
      case Text::kTimeNaive: {
        if (json_.peek() != '"') return unexpected(field, path, "time as string");
        std::string_view text;
        if (!json_.string(text, path)) return name_field(field, path);
        return read_time(text, field.units_per_second, zone_, bits) ||
               fail(field, path, "expected a time such as 2025-11-04T10:30:00.5Z, got \"" + shown(text) + "\"");
      }
    }
    return false;
  }

  bool plain_integer(const FieldPlan& field, std::string_view expected, std::int64_t& bits, const Path& path) {
    NumberText number;
    if (!read_number(json_.at, json_.end, number)) return unexpected(field, path, expected);
    return exact_integer(field, number, bits, path);
  }

  bool exact_integer(const FieldPlan& field, const NumberText& number, std::int64_t& bits, const Path& path) {
    if (field.kind == Kind::kUint64 || field.kind == Kind::kFixed64) {
      std::uint64_t value = 0;
      if (!to_unsigned(number, value)) return does_not_fit(field, number.text, path);
      bits = static_cast<std::int64_t>(value);
      return true;
    }
    return (to_signed(number, bits) && fits(field.kind, bits)) || does_not_fit(field, number.text, path);
  }

  bool quoted_integer(const FieldPlan& field, std::string_view text, std::int64_t& bits, const Path& path) {
    NumberText number;
    const char* p = text.data();
    const char* const end = p + text.size();
    if (!read_number(p, end, number) || p != end) {
      return fail(field, path, "expected a number, got \"" + shown(text) + "\"");
    }
    return exact_integer(field, number, bits, path);
  }

  static bool fits(Kind kind, std::int64_t value) {
    switch (kind) {
      case Kind::kInt32:
      case Kind::kSint32:
      case Kind::kSfixed32:
      case Kind::kEnum:
        return value >= INT32_MIN && value <= INT32_MAX;
      case Kind::kUint32:
      case Kind::kFixed32:
        return value >= 0 && value <= UINT32_MAX;
      case Kind::kUint64:
      case Kind::kFixed64:
        return value >= 0;
      default:
        return true;
    }
  }

  /// The caller has made room.
  void integer_bytes(Kind kind, std::uint64_t bits) {
    switch (kind) {
      case Kind::kSint32:
      case Kind::kSint64:
        writer_.at = write_varint(writer_.at, zigzag(static_cast<std::int64_t>(bits)));
        return;
      case Kind::kFixed32:
      case Kind::kSfixed32:
        std::memcpy(writer_.at, &bits, 4);
        writer_.at += 4;
        return;
      case Kind::kFixed64:
      case Kind::kSfixed64:
        std::memcpy(writer_.at, &bits, 8);
        writer_.at += 8;
        return;
      default:
        writer_.at = write_varint(writer_.at, bits);
    }
  }

  bool repeated(const FieldPlan& field, const Path& path, int depth) {
    if (json_.peek() != '[') return unexpected(field, path, "array");
    ++json_.at;
    json_.skip_space();
    if (json_.peek() == ']') {
      ++json_.at;
      return true;
    }
    const Path here{&path, field.name, -1};
    Path element{&here, {}, 0};
    // Elements are written with a tag each; of packed ones the tags are cut off again, as all have the same size.
    const std::size_t tag_bytes = varint_bytes(field.tag);
    std::size_t length_at = 0;
    if (field.is_packed) {
      writer_.room(kRecordRoom);
      writer_.at = write_varint(writer_.at, make_tag(field.number, WireType::kBytes));
      length_at = begin_length();
    }
    for (;;) {
      const std::size_t record = writer_.size();
      if (!item_value(field, element, depth)) return false;
      if (field.is_packed) {
        const std::size_t size = writer_.size() - record - tag_bytes;
        std::memmove(writer_.place(record), writer_.place(record + tag_bytes), size);
        writer_.cut(record + size);
      }
      ++element.element;
      json_.skip_space();
      const char next = json_.peek();
      if (next != ',' && next != ']') return json_.malformed(here, "expected ',' or ']'");
      ++json_.at;
      if (next == ']') break;
      json_.skip_space();
    }
    if (field.is_packed) end_length(length_at);
    return true;
  }

  bool map(const FieldPlan& field, const Path& path, int depth) {
    if (json_.peek() != '{') return unexpected(field, path, "object");
    ++json_.at;
    json_.skip_space();
    if (json_.peek() == '}') {
      ++json_.at;
      return true;
    }
    const Path here{&path, field.name, -1};
    const FieldPlan& key = field.message->fields[0];
    const FieldPlan& inner = field.message->fields[1];
    for (;;) {
      if (json_.peek() != '"') return json_.malformed(here, "expected a key");
      std::string_view text;
      if (!json_.string(text, here)) return false;
      const std::string key_text(text);
      writer_.room(kRecordRoom);
      tag(field);
      const std::size_t length_at = begin_length();
      if (!map_key(key, key_text, here)) return false;
      json_.skip_space();
      if (json_.peek() != ':') return json_.malformed(here, "expected ':'");
      ++json_.at;
      json_.skip_space();
      if (!item_value(inner, Path{&here, key_text, -1}, depth)) return false;
      end_length(length_at);
      json_.skip_space();
      const char next = json_.peek();
      if (next != ',' && next != '}') return json_.malformed(here, "expected ',' or '}'");
      ++json_.at;
      if (next == '}') return true;
      json_.skip_space();
    }
  }

  bool map_key(const FieldPlan& key, const std::string& text, const Path& path) {
    writer_.room(kRecordRoom);
    tag(key);
    if (key.kind == Kind::kString) {
      writer_.at = write_varint(writer_.at, text.size());
      writer_.append(text);
      return true;
    }
    const Path here{&path, text, -1};
    if (key.kind == Kind::kBool) {
      if (text != "true" && text != "false") return json_.failure.at(here, "expected true or false as key");
      writer_.put(text == "true" ? 1 : 0);
      return true;
    }
    NumberText number;
    const char* p = text.data();
    std::int64_t bits = 0;
    std::uint64_t large = 0;
    bool is_good = read_number(p, text.data() + text.size(), number) && p == text.data() + text.size();
    if (is_good && (key.kind == Kind::kUint64 || key.kind == Kind::kFixed64)) {
      is_good = to_unsigned(number, large);
      bits = static_cast<std::int64_t>(large);
    } else if (is_good) {
      is_good = to_signed(number, bits) && fits(key.kind, bits);
    }
    if (!is_good) return json_.failure.at(here, "the key is not a number that fits the key's type");
    integer_bytes(key.kind, static_cast<std::uint64_t>(bits));
    return true;
  }

  /// An element or map value: `place` is its own path, where value() would add the field's name to its parent's.
  bool item_value(const FieldPlan& field, const Path& place, int depth) {
    if (field.kind == Kind::kMessage) {
      writer_.room(kRecordRoom);
      tag(field);
      const std::size_t length_at = begin_length();
      if (!object(*field.message, place, depth + 1)) return false;
      end_length(length_at);
      return true;
    }
    is_item_ = true;
    const bool is_good = value(field, false, place, depth);
    is_item_ = false;
    return is_good;
  }

  [[gnu::cold, gnu::noinline]] bool fail(const FieldPlan& field, const Path& path, const std::string& text) {
    return json_.failure.at(is_item_ ? path : Path{&path, field.name, -1}, text);
  }
  bool unexpected(const FieldPlan& field, const Path& path, std::string_view expected) {
    return json_.unexpected(is_item_ ? path : Path{&path, field.name, -1}, expected);
  }
  /// The reader failed inside the field's string and knows only the path of the object: say it again with the field.
  bool name_field(const FieldPlan& field, const Path& path) {
    if (is_item_) return false;
    const std::string& text = json_.failure.status.text();
    const std::string around = to_string(path);
    json_.failure.status = Status(Code::kInvalid, to_string(Path{&path, field.name, -1}) + text.substr(around.size()));
    return false;
  }
  bool too_large(const FieldPlan& field, std::string_view number, const Path& path) {
    return fail(field, path, shown(number) + " does not fit " + (field.kind == Kind::kDouble ? "double" : "float"));
  }
  bool does_not_fit(const FieldPlan& field, std::string_view number, const Path& path) {
    return fail(field, path, shown(number) + " is not an integer that fits " + std::string(to_string(field.kind)));
  }

  const SchemaPlan& plan_;
  const FactFinder& finder_;
  const TimeZone& zone_;
  JsonReader json_;
  Appender writer_;
  std::array<Slot, 3> wanted_{};  ///< of the root, as finder_.fields()
  std::uint32_t unknown_fields_ = 0;
  bool is_item_ = false;
};

}  // namespace

Status decode_json(const SchemaPlan& plan, const FactFinder& finder, std::string_view json, Buffer& out,
                   EventFacts& facts) {
  if (json.size() > kMaxJsonBytes) return {Code::kInvalid, "$: larger than 2 GiB"};
  return Decoder(plan, finder, json, out).run(facts);
}

Status check_json(std::string_view text) {
  JsonReader reader(text);
  const Path root;
  reader.skip_space();
  if (!reader.skip(root, 0) || !reader.finish(root)) return std::move(reader.failure.status);
  return {};
}

}  // namespace sluice::codec
