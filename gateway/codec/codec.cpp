#include "codec/codec.hpp"

#include "codec/base64.hpp"
#include "codec/json_decode.hpp"
#include "codec/json_encode.hpp"
#include "codec/json_writer.hpp"
#include "codec/plan_builder.hpp"
#include "codec/wire_check.hpp"

namespace sluice::codec {
namespace {

/// A JSON string of UTF-8 text, or of the base64 of other bytes.
void append_json_string(std::string_view bytes, Buffer& out) {
  JsonWriter writer(out);
  if (writer.string(bytes) != nullptr) {
    writer.cut(0);
    writer.room(base64_bytes(bytes.size()) + 2);
    writer.put('"');
    writer.at = write_base64(writer.at, bytes);
    writer.put('"');
  }
  writer.finish();
}

class RawCodec final : public StreamCodec {
 public:
  [[nodiscard]] bool is_passthrough() const override { return true; }
  Status encode(std::string_view wire, Buffer& out) const override {
    out.append(wire);
    return {};
  }
  Status from_json(std::string_view json, Buffer& out, EventFacts& facts) const override {
    facts.clear();
    if (Status status = check_json(json); !status.ok()) return status;
    out.append(json);
    return {};
  }
  Status to_json(std::string_view wire, Buffer& out) const override {
    append_json_string(wire, out);
    return {};
  }
  Status inspect(std::string_view, EventFacts& facts) const override {
    facts.clear();
    return {};
  }
};

class PlanCodec final : public StreamCodec {
 public:
  PlanCodec(std::shared_ptr<const SchemaPlan> plan, FactFinder facts, Format format)
      : plan_(std::move(plan)), facts_(std::move(facts)), is_json_(format == Format::kJson) {}

  [[nodiscard]] bool is_passthrough() const override { return !is_json_; }
  Status encode(std::string_view wire, Buffer& out) const override {
    if (is_json_) return encode_json(*plan_, wire, out);
    out.append(wire);
    return {};
  }
  Status from_json(std::string_view json, Buffer& out, EventFacts& facts) const override {
    facts.clear();
    return decode_json(*plan_, facts_, json, out, facts);
  }
  Status to_json(std::string_view wire, Buffer& out) const override { return encode_json(*plan_, wire, out); }
  Status inspect(std::string_view wire, EventFacts& facts) const override {
    facts.clear();
    return facts_.find(wire, facts);
  }

 private:
  const std::shared_ptr<const SchemaPlan> plan_;
  const FactFinder facts_;
  const bool is_json_;
};

class RawDecoder final : public RecordDecoder {
 public:
  explicit RawDecoder(bool wants_json) : wants_json_(wants_json) {}

  Status decode(std::string_view value, Buffer& out, EventFacts& facts) const override {
    facts.clear();
    if (wants_json_ && !check_json(value).ok()) {
      append_json_string(value, out);
    } else {
      out.append(value);
    }
    return {};
  }

 private:
  const bool wants_json_;
};

constexpr std::size_t kConfluentHeaderBytes = 5;

/// Takes the Confluent header off: magic 0, schema id (4 bytes), and before Protobuf the path of message indexes as
/// zigzag varints, their count first (a single 0 stands for the first message). Before JSON there are none: '{' would
/// be a negative count.
Status strip_confluent(std::string_view& value) {
  if (value.size() <= kConfluentHeaderBytes) return {Code::kInvalid, "$: Confluent header is cut off at byte 0"};
  const char* at = value.data() + kConfluentHeaderBytes;
  const char* const end = value.data() + value.size();
  if (*at != '{') {
    std::uint64_t count = 0;
    bool is_good = read_varint(at, end, count) && unzigzag(count) >= 0 && unzigzag(count) <= kMaxDepth;
    for (std::int64_t left = is_good ? unzigzag(count) : 0; is_good && left > 0; --left) {
      std::uint64_t ignored = 0;
      is_good = read_varint(at, end, ignored);
    }
    if (!is_good) return {Code::kInvalid, "$: Confluent message indexes are malformed at byte 5"};
  }
  value = {at, static_cast<std::size_t>(end - at)};
  return {};
}

class PlanDecoder final : public RecordDecoder {
 public:
  PlanDecoder(std::shared_ptr<const SchemaPlan> plan, FactFinder facts, bool wants_json)
      : plan_(std::move(plan)), facts_(std::move(facts)), wants_json_(wants_json) {}

  Status decode(std::string_view value, Buffer& out, EventFacts& facts) const override {
    facts.clear();
    if (value.starts_with('\0')) {
      if (Status status = strip_confluent(value); !status.ok()) return status;
    }
    if (value.starts_with('{')) return decode_text(value, out, facts);
    if (Status status = check_wire(*plan_, facts_, value, facts); !status.ok()) {
      // White space before an object could be Protobuf as well; it was not.
      const std::size_t first = value.find_first_not_of(" \t\r\n");
      const bool is_text = first != std::string_view::npos && first != 0 && value[first] == '{';
      return is_text ? decode_text(value, out, facts) : status;
    }
    if (wants_json_) return encode_json(*plan_, value, out);
    out.append(value);
    return {};
  }

 private:
  Status decode_text(std::string_view json, Buffer& out, EventFacts& facts) const {
    if (!wants_json_) return decode_json(*plan_, facts_, json, out, facts);
    // Kept per thread, so that a record costs no allocation.
    static thread_local Buffer wire;
    wire.clear();
    if (Status status = decode_json(*plan_, facts_, json, wire, facts); !status.ok()) return status;
    const std::size_t start = out.size();
    const Status status = encode_json(*plan_, wire.view(), out);
    if (status.ok()) keep_key(json, out.view(start), facts);
    return status;
  }

  /// A view is its bytes: any place that holds the same ones will do.
  static void keep_key(std::string_view json, std::string_view text, EventFacts& facts) {
    if (!facts.has_key) return;
    const std::string_view key = facts.key;
    if (key.size() <= facts.key_digits.size()) {
      // An integer key lies there already.
      std::memmove(facts.key_digits.data(), key.data(), key.size());
      facts.key = {facts.key_digits.data(), key.size()};
      return;
    }
    for (const std::string_view place : {json, text}) {
      const std::size_t at = place.find(key);
      if (at == std::string_view::npos) continue;
      facts.key = place.substr(at, key.size());
      return;
    }
    facts.has_key = false;
    facts.key = {};
  }

  const std::shared_ptr<const SchemaPlan> plan_;
  const FactFinder facts_;
  const bool wants_json_;
};

}  // namespace

Result<std::unique_ptr<StreamCodec>> make_stream_codec(const Stream& stream) {
  if (stream.format == Format::kAvro) {
    return Status(Code::kInvalid, "stream " + stream.name + ": format avro is not available in this version");
  }
  if (stream.schema == nullptr || stream.format == Format::kRaw) {
    if (stream.schema == nullptr && stream.format != Format::kRaw) {
      return Status(Code::kInvalid, "stream " + stream.name + ": without a schema only format raw is possible");
    }
    return std::unique_ptr<StreamCodec>(std::make_unique<RawCodec>());
  }
  auto plan = build_plan(*stream.schema, stream.timezone);
  if (!plan) return plan.status().with_context("stream " + stream.name);
  auto facts = FactFinder::create(*(*plan)->root, stream.key_field, stream.time_field, stream.partition_field);
  if (!facts) return facts.status().with_context("stream " + stream.name);
  return std::unique_ptr<StreamCodec>(std::make_unique<PlanCodec>(std::move(*plan), std::move(*facts), stream.format));
}

Result<std::unique_ptr<RecordDecoder>> make_record_decoder(const DecoderSpec& spec) {
  if (spec.schema == nullptr) return std::unique_ptr<RecordDecoder>(std::make_unique<RawDecoder>(spec.wants_json));
  auto plan = build_plan(*spec.schema, spec.timezone);
  if (!plan) return plan.status();
  auto facts = FactFinder::create(*(*plan)->root, spec.key_field, spec.time_field, {});
  if (!facts) return facts.status();
  return std::unique_ptr<RecordDecoder>(
      std::make_unique<PlanDecoder>(std::move(*plan), std::move(*facts), spec.wants_json));
}

}  // namespace sluice::codec
