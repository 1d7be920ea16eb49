#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/event.hpp"

namespace sluice {

enum class Format : std::uint8_t { kJson = 1, kProtobuf, kAvro, kRaw };
enum class StreamKind : std::uint8_t { kEvents = 1, kTable };
enum class Cleanup : std::uint8_t { kDelete = 1, kCompact, kCompactDelete };
enum class Partitioning : std::uint8_t { kKey = 1, kRoundRobin, kField };

[[nodiscard]] std::string_view to_string(Format format);
[[nodiscard]] std::string_view to_string(StreamKind kind);
[[nodiscard]] std::string_view to_string(Cleanup cleanup);

/// The message type of a stream, as bytes so that no folder but codec needs protobuf. Shared between the streams of one
/// plugin; immutable.
struct SchemaSource {
  std::string descriptor_set;  ///< serialized google.protobuf.FileDescriptorSet with all imports
  std::string message;         ///< full protobuf name
};

/// One out stream of one instance, after plugin declaration and configuration were merged. Immutable after start.
struct Stream {
  StreamId id = 0;
  std::string owner;  ///< instance name; "sluice" for the host's own
  std::string name;   ///< as declared, such as "device_readings"
  StreamKind kind = StreamKind::kEvents;
  std::shared_ptr<const SchemaSource> schema;  ///< null: raw bytes
  Format format = Format::kJson;
  std::string topic;
  std::uint32_t partitions = 1;
  std::int64_t retention_ms = 0;  ///< 0: the broker's default
  Cleanup cleanup = Cleanup::kDelete;
  std::string key_field;   ///< proto name; empty: events bring their key or have none
  std::string time_field;  ///< proto name; empty: events bring their time
  Partitioning partitioning = Partitioning::kKey;
  std::string partition_field;                        ///< with kField: the proto or JSON name of a string field
  std::map<std::string, std::int32_t> partition_map;  ///< with kField: value -> partition, taken modulo the count
  std::string timezone = "UTC";                       ///< zone of naive times in this stream's JSON
};

/// All out streams of a running gateway. Thread: any, once built.
class StreamSet {
 public:
  /// Numbers the stream. References stay valid.
  Stream& add(Stream stream) {
    stream.id = static_cast<StreamId>(streams_.size());
    return streams_.emplace_back(std::move(stream));
  }
  [[nodiscard]] const Stream& operator[](StreamId id) const { return streams_[id]; }
  [[nodiscard]] std::size_t size() const { return streams_.size(); }
  [[nodiscard]] auto begin() const { return streams_.begin(); }
  [[nodiscard]] auto end() const { return streams_.end(); }

 private:
  std::deque<Stream> streams_;
};

}  // namespace sluice
