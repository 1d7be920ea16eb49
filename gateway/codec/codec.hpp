#pragma once

#include <memory>
#include <string>

#include "core/ports.hpp"
#include "core/status.hpp"
#include "core/stream.hpp"

namespace sluice::codec {

/// The codec of an out stream, for its format, schema, key, time and partition fields and time zone. Copies what it
/// needs: the Stream may go. kInvalid: a message, field or format that is not supported; kNotFound: message or time
/// zone.
Result<std::unique_ptr<StreamCodec>> make_stream_codec(const Stream& stream);

/// What a consumer's input is and what it wants of it.
struct DecoderSpec {
  std::shared_ptr<const SchemaSource> schema;  ///< null: raw bytes
  std::string key_field;                       ///< proto name; empty: none
  std::string time_field;                      ///< proto name; empty: none
  std::string timezone = "UTC";                ///< of naive times, read and written
  bool wants_json = false;                     ///< payloads as JSON text; else wire bytes, or raw bytes as they are
};

/// The decoder of records of such a topic. It reads JSON objects, Protobuf, and both behind a Confluent header (magic
/// 0, schema id, for Protobuf the message indexes; the id is not looked at). JSON output is always our own encoding of
/// the decoded message. Raw input with `wants_json`: JSON stays as it is, other UTF-8 becomes a JSON string, other
/// bytes a JSON string of base64. A key longer than 24 bytes that only occurs with escapes in JSON input and JSON
/// output is reported as absent, because no view of it would outlive the call.
Result<std::unique_ptr<RecordDecoder>> make_record_decoder(const DecoderSpec& spec);

}  // namespace sluice::codec
