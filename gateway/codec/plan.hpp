#pragma once

/// A plan is a message type turned into tables: everything the encoders and decoders need per field, copied out of the
/// descriptors, which are gone once it is built. No protobuf header is needed to use one.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/time_zone.hpp"
#include "codec/wire.hpp"

namespace sluice::codec {

/// Messages nested deeper than this are refused, in either direction. The root is level 1.
constexpr int kMaxDepth = 32;
/// Distinct fields that null_when rules of one message may refer to.
constexpr std::size_t kMaxWatched = 4;
/// JSON literals are stored with this much slack behind them, so that short ones are copied by fixed-size moves.
constexpr std::size_t kLiteralSlack = 32;

/// How a value lies on the wire.
enum class Kind : std::uint8_t {
  kBool,
  kInt32,
  kInt64,
  kUint32,
  kUint64,
  kSint32,
  kSint64,
  kFixed32,
  kFixed64,
  kSfixed32,
  kSfixed64,
  kFloat,
  kDouble,
  kEnum,
  kString,
  kBytes,
  kMessage,
  kMap,
};

/// "int32" and so on, for error texts.
[[nodiscard]] std::string_view to_string(Kind kind);

/// How an integer is written in JSON; kPlain for everything else.
enum class Text : std::uint8_t { kPlain = 0, kQuoted, kTimeUtc, kTimeNaive, kDecimal };

/// What an absent field prints.
enum class Absent : std::uint8_t { kNothing = 0, kLiteral, kNullWhen };

struct MessagePlan;

struct EnumPlan {
  std::string name;
  std::vector<std::pair<std::int32_t, std::string>> values;  ///< by number; of aliases the first name
  std::vector<std::pair<std::string, std::int32_t>> names;   ///< by name, aliases too
  [[nodiscard]] const std::string* name_of(std::int32_t number) const;
  [[nodiscard]] const std::int32_t* number_of(std::string_view name_wanted) const;
};

/// A view of text that has kLiteralSlack readable bytes behind it.
struct Literal {
  const char* data = nullptr;
  std::uint32_t size = 0;
};

struct FieldPlan {
  std::uint32_t number = 0;
  std::uint32_t tag = 0;  ///< of one value, not packed
  Kind kind = Kind::kBool;
  Text text = Text::kPlain;
  Absent absent = Absent::kNothing;
  bool is_repeated = false;  ///< false for maps
  bool is_packed = false;    ///< as we write it; both forms are read
  bool has_presence = false;
  bool is_plain = false;  ///< singular, neither map nor oneof member: the encoder's short way
  bool is_plain_string = false;
  std::uint8_t time_digits = 6;
  std::uint8_t scale = 0;
  std::int8_t watch = -1;       ///< slot that remembers this field's value for null_when rules of later fields
  std::int8_t null_watch = -1;  ///< kNullWhen: slot to compare with `null_value`
  std::int16_t oneof = -1;
  std::uint32_t always_before = 0;  ///< fields before this one in the message that print something when absent
  std::int64_t units_per_second = 1'000'000;
  Literal prefix;       ///< `,"name":`
  Literal absent_text;  ///< `,"name":default` or `,"name":null`
  std::string null_value;
  std::string name;  ///< JSON name
  std::string proto_name;
  const MessagePlan* message = nullptr;  ///< kMessage; kMap: the entry, with fields[0] the key and fields[1] the value
  const EnumPlan* enumeration = nullptr;
};

struct MessagePlan {
  std::string name;               ///< full protobuf name
  std::vector<FieldPlan> fields;  ///< by number
  std::uint16_t oneofs = 0;

  /// Index in `fields`, or -1.
  [[nodiscard]] int find(std::uint32_t number) const {
    if (number < low_numbers.size()) [[likely]]
      return low_numbers[number];
    return find_high(number);
  }
  [[nodiscard]] int find(std::string_view json_name) const;

  // Set by index().
  std::array<std::int16_t, 64> low_numbers{};
  std::vector<std::int16_t> name_table;  ///< open addressing, power of two, -1 is free
  /// Builds the look-up tables; `fields` is final then.
  void index();

 private:
  [[nodiscard]] int find_high(std::uint32_t number) const;
};

/// All messages that one root reaches. Immutable, and at a fixed place: plans point at each other.
struct SchemaPlan {
  SchemaPlan() = default;
  SchemaPlan(const SchemaPlan&) = delete;
  SchemaPlan& operator=(const SchemaPlan&) = delete;

  std::deque<MessagePlan> messages;
  std::deque<EnumPlan> enums;
  std::deque<std::string> literals;  ///< what Literal points into
  const MessagePlan* root = nullptr;
  std::shared_ptr<const TimeZone> zone;  ///< of naive times
};

/// A place in a message, as a chain of stack frames: only walked to name it in an error.
struct Path {
  const Path* up = nullptr;
  std::string_view name;  ///< field, or map key
  long element = -1;      ///< in a repeated field
};

/// "$.sensor.samples[2].x"; the root is "$". A name that is no identifier is written as ["a b"].
[[nodiscard]] std::string to_string(const Path& path);

}  // namespace sluice::codec
