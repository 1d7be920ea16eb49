// Any bytes as Protobuf: what the decoder takes can be written as JSON, and that reads back.

#include <cstddef>
#include <cstdint>

#include "codec/codec.hpp"
#include "fuzz/codec_schema.hpp"

namespace {

struct Subject {
  std::unique_ptr<sluice::StreamCodec> codec;
  std::unique_ptr<sluice::RecordDecoder> decoder;
};

Subject* make() {
  sluice::Stream stream;
  stream.name = "fuzz";
  stream.schema = sluice::fuzz::every_kind();
  auto codec = sluice::codec::make_stream_codec(stream);
  auto decoder = sluice::codec::make_record_decoder({stream.schema, "text", "utc", "UTC", false});
  sluice::fuzz::require(codec.ok() && decoder.ok());
  return new Subject{std::move(*codec), std::move(*decoder)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Subject& subject = *make();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  sluice::Buffer wire;
  sluice::EventFacts facts;
  const bool is_taken = subject.decoder->decode(bytes, wire, facts).ok();
  // Also what was refused: it must be refused here as well or be written, never crash.
  sluice::Buffer text;
  const sluice::Status written = subject.codec->to_json(is_taken ? wire.view() : bytes, text);
  if (is_taken && !written.ok()) {
    sluice::fuzz::require(written.text().find("time outside the years") != std::string::npos);
  }
  if (!written.ok()) return 0;
  sluice::Buffer again;
  sluice::fuzz::require(subject.codec->from_json(text.view(), again, facts).ok());
  return 0;
}
