#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "codec/codec.hpp"
#include "codec/schema.hpp"

namespace sluice::codec {

/// A message of one of the .proto files beside this header.
inline std::shared_ptr<const SchemaSource> test_schema(const std::string& file, std::string_view message) {
  auto schema = compile_schema(std::string(CODEC_TEST_DIR) + "/" + file, message);
  EXPECT_TRUE(schema.ok()) << schema.status().text();
  return schema.ok() ? *schema : nullptr;
}

struct StreamSettings {
  std::string key_field;
  std::string time_field;
  std::string partition_field;
  std::string timezone = "UTC";
  Format format = Format::kJson;
};

inline Stream test_stream(std::shared_ptr<const SchemaSource> schema, const StreamSettings& settings = {}) {
  Stream stream;
  stream.name = "readings";
  stream.schema = std::move(schema);
  stream.format = settings.format;
  stream.key_field = settings.key_field;
  stream.time_field = settings.time_field;
  stream.partition_field = settings.partition_field;
  stream.timezone = settings.timezone;
  return stream;
}

inline std::unique_ptr<StreamCodec> test_codec(std::shared_ptr<const SchemaSource> schema,
                                               const StreamSettings& settings = {}) {
  auto codec = make_stream_codec(test_stream(std::move(schema), settings));
  EXPECT_TRUE(codec.ok()) << codec.status().text();
  return codec.ok() ? std::move(*codec) : nullptr;
}

/// The JSON, or "error: TEXT".
inline std::string json_of(const StreamCodec& codec, std::string_view wire) {
  Buffer out;
  out.append("kept");
  const Status status = codec.to_json(wire, out);
  EXPECT_TRUE(out.view().starts_with("kept"));
  EXPECT_TRUE(status.ok() || out.view() == "kept");
  return status.ok() ? std::string(out.view(4)) : "error: " + status.text();
}

/// The wire bytes, or "error: TEXT".
inline std::string wire_of(const StreamCodec& codec, std::string_view json) {
  Buffer out;
  out.append("kept");
  EventFacts facts;
  const Status status = codec.from_json(json, out, facts);
  EXPECT_TRUE(out.view().starts_with("kept"));
  EXPECT_TRUE(status.ok() || out.view() == "kept");
  return status.ok() ? std::string(out.view(4)) : "error: " + status.text();
}

/// JSON read and written again, or "error: TEXT".
inline std::string json_again(const StreamCodec& codec, std::string_view json) {
  const std::string wire = wire_of(codec, json);
  return wire.starts_with("error: ") ? wire : json_of(codec, wire);
}

}  // namespace sluice::codec
