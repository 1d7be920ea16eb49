#include "codec_fixture.hpp"

namespace sluice::codec {
namespace {

std::shared_ptr<const SchemaSource> reading() { return test_schema("reading.proto", "reading.DeviceReading"); }

constexpr std::string_view kReading =
    R"({"Arrival_Time":1424686735175,"Device":"nexus4_1","Index":35,"Model":"nexus4"})";

/// Decoded payload, or "error: TEXT".
std::string decoded(const RecordDecoder& decoder, std::string_view value, EventFacts& facts, Buffer& out) {
  const std::size_t start = out.size();
  const Status status = decoder.decode(value, out, facts);
  EXPECT_TRUE(status.ok() || out.size() == start);
  return status.ok() ? std::string(out.view(start)) : "error: " + status.text();
}

std::unique_ptr<RecordDecoder> reading_decoder(bool wants_json) {
  auto decoder = make_record_decoder({reading(), "device", "arrival_time", "UTC", wants_json});
  EXPECT_TRUE(decoder.ok()) << decoder.status().text();
  return std::move(*decoder);
}

TEST(StreamCodecs, FindKeyTimeAndPartitionField) {
  const auto codec = test_codec(reading(), {"device", "arrival_time", "Model"});
  Buffer out;
  EventFacts facts;
  ASSERT_TRUE(codec->from_json(kReading, out, facts).ok());
  EXPECT_EQ(facts.key, "nexus4_1");
  EXPECT_EQ(facts.event_time_us, 1424686735175000);
  EXPECT_EQ(facts.partition_value, "nexus4");

  EventFacts inspected;
  ASSERT_TRUE(codec->inspect(out.view(), inspected).ok());
  EXPECT_EQ(inspected.key, "nexus4_1");
  EXPECT_TRUE(inspected.has_time);
  EXPECT_EQ(inspected.partition_value, "nexus4");
}

TEST(StreamCodecs, RoundNanosecondsDownAndRefuseTimesPastTheEnd) {
  const auto nanos = test_codec(reading(), {"", "creation_time", ""});
  Buffer out;
  EventFacts facts;
  ASSERT_TRUE(nanos->from_json(R"({"Creation_Time":-1})", out, facts).ok());
  EXPECT_EQ(facts.event_time_us, -1);

  const auto millis = test_codec(reading(), {"", "arrival_time", ""});
  const Status status = millis->from_json(R"({"Arrival_Time":9223372036854775807})", out, facts);
  EXPECT_EQ(status.text(), "$.Arrival_Time: time 9223372036854775807 is out of range");
}

TEST(StreamCodecs, PrintIntegerKeysAsDigits) {
  const auto codec = test_codec(reading(), {"index", "", ""});
  Buffer out;
  EventFacts facts;
  ASSERT_TRUE(codec->from_json(R"({"Index":-2147483648})", out, facts).ok());
  EXPECT_EQ(facts.key, "-2147483648");
  ASSERT_TRUE(codec->inspect("", facts).ok());
  EXPECT_EQ(facts.key, "0");
}

TEST(StreamCodecs, AbsentKeyAndTimeAreToldApart) {
  const auto codec = test_codec(reading(), {"device", "arrival_time", ""});
  EventFacts facts;
  ASSERT_TRUE(codec->inspect("", facts).ok());
  EXPECT_FALSE(facts.has_key);
  EXPECT_FALSE(facts.has_time);
  EXPECT_EQ(codec->inspect("\x1a\x05", facts).text(), "$: malformed protobuf bytes at byte 0");
}

TEST(StreamCodecs, ProtobufPassesThroughAndJsonDoesNot) {
  EXPECT_FALSE(test_codec(reading())->is_passthrough());
  EXPECT_TRUE(test_codec(reading(), {"", "", "", "UTC", Format::kProtobuf})->is_passthrough());
}

TEST(StreamCodecs, RawStreamsCarryBytesAndShowThemAsJsonStrings) {
  const auto codec = test_codec(nullptr, {"", "", "", "UTC", Format::kRaw});
  EXPECT_TRUE(codec->is_passthrough());
  EXPECT_EQ(json_of(*codec, "a\"b"), R"("a\"b")");
  EXPECT_EQ(json_of(*codec, "a\xff"), R"("Yf8=")");
  EXPECT_EQ(wire_of(*codec, "[1, 2]"), "[1, 2]");
  EXPECT_EQ(wire_of(*codec, "[1, 2"), "error: $: malformed JSON at byte 5");
}

TEST(StreamCodecs, RefusalsSayWhichStreamAndWhatWasExpected) {
  const auto refusal = [](const Stream& stream) {
    auto codec = make_stream_codec(stream);
    return codec.ok() ? std::string("accepted") : codec.status().text();
  };
  EXPECT_EQ(refusal(test_stream(reading(), {"", "", "", "UTC", Format::kAvro})),
            "stream readings: format avro is not available in this version");
  EXPECT_EQ(refusal(test_stream(nullptr)), "stream readings: without a schema only format raw is possible");
  EXPECT_EQ(refusal(test_stream(reading(), {"x", "", ""})),
            "stream readings: key field \"x\" of reading.DeviceReading: expected a string or an integer");
  EXPECT_EQ(refusal(test_stream(reading(), {"", "device", ""})),
            "stream readings: time field \"device\" of reading.DeviceReading: expected an int64");
  EXPECT_EQ(refusal(test_stream(reading(), {"", "", "Index"})),
            "stream readings: partition field \"index\" of reading.DeviceReading: expected a string");
  EXPECT_EQ(
      refusal(test_stream(reading(), {"id", "", ""})),
      "stream readings: key field \"id\" is not in reading.DeviceReading, which has: arrival_time, creation_time, "
      "device, index, model, user, gt, x, y, z");
  EXPECT_EQ(refusal(test_stream(reading(), {"", "", "", "Mars/Olympus"})),
            "stream readings: time zone \"Mars/Olympus\": no file /usr/share/zoneinfo/Mars/Olympus");
}

TEST(RecordDecoders, ReadJsonProtobufAndBothBehindAConfluentHeader) {
  const auto decoder = reading_decoder(false);
  const std::string wire = wire_of(*test_codec(reading()), kReading);
  const std::string header("\0\0\0\0\x07", 5);
  Buffer out;
  for (const std::string& value :
       {std::string(kReading), " \n" + std::string(kReading), wire, header + std::string(1, '\0') + wire,
        header + "\x04\x02\x06" + wire, header + std::string(kReading)}) {
    EventFacts facts;
    EXPECT_EQ(decoded(*decoder, value, facts, out), wire) << testing::PrintToString(value);
    EXPECT_EQ(facts.key, "nexus4_1");
    EXPECT_EQ(facts.event_time_us, 1424686735175000);
  }
}

TEST(RecordDecoders, GiveJsonTextWhereItIsWanted) {
  const auto decoder = reading_decoder(true);
  const auto codec = test_codec(reading());
  const std::string wire = wire_of(*codec, kReading);
  Buffer out;
  for (const std::string& value : {std::string(kReading), wire}) {
    EventFacts facts;
    EXPECT_EQ(decoded(*decoder, value, facts, out), json_of(*codec, wire));
    EXPECT_EQ(facts.key, "nexus4_1");
  }
}

TEST(RecordDecoders, KeepLongKeysInJsonToJson) {
  const auto decoder = reading_decoder(true);
  const std::string key(40, 'k');
  Buffer out;
  EventFacts facts;
  const std::string value = R"({"Device":")" + key + "\"}";
  decoded(*decoder, value, facts, out);
  EXPECT_EQ(facts.key, key);
}

TEST(RecordDecoders, RefuseDamagedRecords) {
  const auto decoder = reading_decoder(false);
  Buffer out;
  EventFacts facts;
  EXPECT_EQ(decoded(*decoder, "\x1a\x7f", facts, out), "error: $: malformed protobuf bytes at byte 0");
  EXPECT_EQ(decoded(*decoder, "\x1a\x01\xff", facts, out), "error: $.Device: invalid UTF-8 at byte 2");
  EXPECT_EQ(decoded(*decoder, std::string_view("\0\0\0", 3), facts, out),
            "error: $: Confluent header is cut off at byte 0");
  EXPECT_EQ(decoded(*decoder, std::string_view("\0\0\0\0\7\xff", 6), facts, out),
            "error: $: Confluent message indexes are malformed at byte 5");
  EXPECT_EQ(decoded(*decoder, R"({"Device":1})", facts, out), "error: $.Device: expected string, got number");
}

TEST(RecordDecoders, CountFieldsTheSchemaLacks) {
  const auto decoder = reading_decoder(false);
  Buffer out;
  EventFacts facts;
  EXPECT_EQ(decoded(*decoder, "\xf8\x01\x05", facts, out), "\xf8\x01\x05");
  EXPECT_EQ(facts.unknown_fields, 1U);
}

TEST(RecordDecoders, RawRecordsStayAsTheyAreOrBecomeJson) {
  auto raw = make_record_decoder({nullptr, "", "", "UTC", false});
  auto json = make_record_decoder({nullptr, "", "", "UTC", true});
  ASSERT_TRUE(raw.ok() && json.ok());
  Buffer out;
  EventFacts facts;
  EXPECT_EQ(decoded(**raw, "\xff\x01", facts, out), "\xff\x01");
  EXPECT_EQ(decoded(**json, R"({"a": 1})", facts, out), R"({"a": 1})");
  EXPECT_EQ(decoded(**json, "plain \"text\"", facts, out), R"("plain \"text\"")");
  EXPECT_EQ(decoded(**json, "\xff\x01", facts, out), R"("/wE=")");
}

}  // namespace
}  // namespace sluice::codec
