#pragma once

/// What a plugin says of itself: option table, streams, and the rest. All of it is constexpr data.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

#include "sluice/barrier.hpp"
#include "sluice/plugin_abi.h"

namespace sluice::inline sdk {

enum class OptionType : std::uint32_t {
  kString = SLUICE_OPTION_STRING,
  kInteger = SLUICE_OPTION_INTEGER,
  kNumber = SLUICE_OPTION_NUMBER,
  kBoolean = SLUICE_OPTION_BOOLEAN,
  kDuration = SLUICE_OPTION_DURATION,
  kBytes = SLUICE_OPTION_BYTES,
  kEnum = SLUICE_OPTION_ENUM,
  kList = SLUICE_OPTION_LIST,
};

/// A default as a user would write it, or kRequired, or kNoDefault.
struct OptionDefault {
  constexpr OptionDefault(const char* written) : text(to_abi(written)) {}  // NOLINT(google-explicit-constructor)
  constexpr OptionDefault(std::nullptr_t, bool required) : is_required(required) {}
  sluice_str text{nullptr, 0};
  bool is_required = false;
};
inline constexpr OptionDefault kRequired{nullptr, true};    ///< the configuration must give it
inline constexpr OptionDefault kNoDefault{nullptr, false};  ///< may stay unset: ask Context::is_set

/// One row of an option table:
///   constexpr sluice::Option kOptions[] = {
///       {"rate", sluice::OptionType::kNumber, "5.0", "0..", "Events per second."},
///   };
/// The layout is the ABI's, so that a table is handed over as it is.
struct Option : sluice_option_v1 {
  constexpr Option(std::string_view name_, OptionType type_, OptionDefault default_, std::string_view bounds_,
                   std::string_view help_)
      : sluice_option_v1{.struct_size = sizeof(sluice_option_v1),
                         .type = static_cast<std::uint32_t>(type_),
                         .name = to_abi(name_),
                         .default_value = default_.text,
                         .bounds = to_abi(bounds_),
                         .help = to_abi(help_),
                         .is_required = default_.is_required ? 1U : 0U,
                         .reserved = 0} {}
};
static_assert(sizeof(Option) == sizeof(sluice_option_v1));

/// Two tables as one: `constexpr auto kOptions = sluice::join(sluice::kSimulatorOptions, kOwnOptions);`
template <std::size_t n, std::size_t m>
[[nodiscard]] constexpr std::array<Option, n + m> join(std::span<const Option, n> first,
                                                       std::span<const Option, m> second) {
  return [&]<std::size_t... i, std::size_t... j>(std::index_sequence<i...>, std::index_sequence<j...>) {
    return std::array<Option, n + m>{first[i]..., second[j]...};
  }
  (std::make_index_sequence<n>(), std::make_index_sequence<m>());
}
template <class First, class Second>
[[nodiscard]] constexpr auto join(const First& first, const Second& second) {
  return join(std::span(first), std::span(second));
}

enum class Cleanup : std::uint32_t {
  kDelete = SLUICE_CLEANUP_DELETE,
  kCompact = SLUICE_CLEANUP_COMPACT,
  kCompactDelete = SLUICE_CLEANUP_COMPACT_DELETE,
};
enum class Order : std::uint32_t { kArrival = SLUICE_ORDER_ARRIVAL, kEventTime = SLUICE_ORDER_EVENT_TIME };
enum class Direction : std::uint32_t { kIn = SLUICE_DIRECTION_IN, kOut = SLUICE_DIRECTION_OUT };
enum class StreamKind : std::uint32_t { kEvents = SLUICE_STREAM_EVENTS, kTable = SLUICE_STREAM_TABLE };
enum class Encoding : std::uint32_t {
  kProtobuf = SLUICE_ENCODING_PROTOBUF,
  kJson = SLUICE_ENCODING_JSON,
  kRaw = SLUICE_ENCODING_RAW,
};

/// A stream as its author writes it; everything on the topic's side is a default that the configuration may change.
struct StreamSpec {
  std::string_view name;  ///< [a-z0-9_]{1,64}
  std::string_view topic;
  std::string_view key{};   ///< proto name of a string or integer field; empty: none, or given with each event
  std::string_view time{};  ///< proto name of the int64 event time; empty: given with each event, else the host's clock
  std::uint32_t partitions = 1;
  std::chrono::milliseconds retention{0};  ///< 0: the broker's default
  Cleanup cleanup = Cleanup::kDelete;
};

namespace detail {
[[nodiscard]] constexpr sluice_stream_v1 make_stream(const StreamSpec& spec, std::string_view message,
                                                     Direction direction, StreamKind kind) {
  if (spec.name.empty()) throw std::logic_error("a stream needs a name");
  if (spec.topic.empty()) throw std::logic_error("a stream needs a default topic");
  return {.struct_size = sizeof(sluice_stream_v1),
          .direction = static_cast<std::uint32_t>(direction),
          .kind = static_cast<std::uint32_t>(kind),
          .cleanup = static_cast<std::uint32_t>(spec.cleanup),
          .name = to_abi(spec.name),
          .message = to_abi(message),
          .topic = to_abi(spec.topic),
          .key_field = to_abi(spec.key),
          .time_field = to_abi(spec.time),
          .partitions = spec.partitions,
          .reserved = 0,
          .retention_ms = spec.retention.count()};
}
}  // namespace detail

/// The streams of a plugin, each with its event type; constexpr objects, listed in SLUICE_PLUGIN. The types keep an
/// emit to the wrong stream from compiling.
template <class T>
struct Out {
  using Event = T;
  sluice_stream_v1 abi;
};
template <class T>
struct Table {
  using Event = T;
  sluice_stream_v1 abi;
};
template <class T>
struct In {
  using Event = T;
  sluice_stream_v1 abi;
};

/// An out stream of events.
template <class T>
[[nodiscard]] constexpr Out<T> out(const StreamSpec& spec) {
  return {detail::make_stream(spec, T::kMessage, Direction::kOut, StreamKind::kEvents)};
}
/// An out stream of rows, of which the latest per key counts. Its topic is compacted unless the spec says otherwise.
template <class T>
[[nodiscard]] constexpr Table<T> table(StreamSpec spec) {
  if (spec.cleanup == Cleanup::kDelete) spec.cleanup = Cleanup::kCompact;
  return {detail::make_stream(spec, T::kMessage, Direction::kOut, StreamKind::kTable)};
}
/// An in stream; name, topic, key and time count.
template <class T>
[[nodiscard]] constexpr In<T> in(const StreamSpec& spec) {
  return {detail::make_stream(spec, T::kMessage, Direction::kIn, StreamKind::kEvents)};
}

struct Description {
  std::string_view version;
  std::string_view description;  ///< one sentence
  std::span<const Option> options{};
  bool streams_from_config = false;  ///< the configuration may add streams to the table

  // Consumers only.
  bool input_as_json = false;  ///< inputs of streams with a schema come as JSON text
  std::chrono::milliseconds tick_interval{1000};
  Order order = Order::kArrival;
  std::uint32_t state_version = 1;  ///< raised when the bytes of save change meaning
};

}  // namespace sluice::inline sdk
