// Any text as JSON: what is taken can be written, and reads back as the same bytes.

#include <cstddef>
#include <cstdint>

#include "codec/codec.hpp"
#include "fuzz/codec_schema.hpp"

namespace {

std::unique_ptr<sluice::StreamCodec> make() {
  sluice::Stream stream;
  stream.name = "fuzz";
  stream.schema = sluice::fuzz::every_kind();
  stream.timezone = "Europe/Berlin";
  stream.key_field = "text";
  stream.time_field = "utc";
  auto codec = sluice::codec::make_stream_codec(stream);
  sluice::fuzz::require(codec.ok());
  return std::move(*codec);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto& codec = *make().release();
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  sluice::Buffer wire;
  sluice::EventFacts facts;
  if (!codec.from_json(json, wire, facts).ok()) return 0;

  sluice::Buffer text;
  // Only a time may lack a text: an offset can push it out of the four-digit years.
  const sluice::Status written = codec.to_json(wire.view(), text);
  if (!written.ok()) {
    sluice::fuzz::require(written.text().find("time outside the years") != std::string::npos);
    return 0;
  }
  sluice::Buffer again;
  sluice::fuzz::require(codec.from_json(text.view(), again, facts).ok());
  sluice::Buffer text_again;
  sluice::fuzz::require(codec.to_json(again.view(), text_again).ok());
  sluice::fuzz::require(text_again.view() == text.view());
  return 0;
}
