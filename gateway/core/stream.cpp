#include "core/stream.hpp"

namespace sluice {

std::string_view to_string(Format format) {
  switch (format) {
    case Format::kJson:
      return "json";
    case Format::kProtobuf:
      return "protobuf";
    case Format::kAvro:
      return "avro";
    case Format::kRaw:
      return "raw";
  }
  return "?";
}

std::string_view to_string(StreamKind kind) { return kind == StreamKind::kTable ? "table" : "events"; }

std::string_view to_string(Cleanup cleanup) {
  switch (cleanup) {
    case Cleanup::kDelete:
      return "delete";
    case Cleanup::kCompact:
      return "compact";
    case Cleanup::kCompactDelete:
      return "compact,delete";
  }
  return "?";
}

}  // namespace sluice
