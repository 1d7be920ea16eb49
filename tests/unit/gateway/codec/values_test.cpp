// How single values look, both ways, and how each refusal reads.

#include <charconv>
#include <cmath>
#include <random>

#include "codec/number_text.hpp"
#include "codec/wire.hpp"
#include "codec_fixture.hpp"

namespace sluice::codec {
namespace {

std::string double_text(double value) {
  char text[kMaxNumberChars];
  return {text, write_double(text, value)};
}
std::string float_text(float value) {
  char text[kMaxNumberChars];
  return {text, write_float(text, value)};
}

TEST(DoubleText, IsLaidOutAsPythonDoes) {
  EXPECT_EQ(double_text(90), "90.0");
  EXPECT_EQ(double_text(91.67), "91.67");
  EXPECT_EQ(double_text(0.00050354), "0.00050354");
  EXPECT_EQ(double_text(-0.0124053955), "-0.0124053955");
  EXPECT_EQ(double_text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(double_text(100000), "100000.0");
  EXPECT_EQ(double_text(0.0001), "0.0001");
  EXPECT_EQ(double_text(0.00001), "1e-05");
  EXPECT_EQ(double_text(9999999999999998), "9999999999999998.0");
  EXPECT_EQ(double_text(1e16), "1e+16");
  EXPECT_EQ(double_text(1.5e300), "1.5e+300");
  EXPECT_EQ(double_text(5e-324), "5e-324");
  EXPECT_EQ(double_text(0), "0.0");
  EXPECT_EQ(double_text(-0.0), "-0.0");
  EXPECT_EQ(float_text(0.1F), "0.1");
  EXPECT_EQ(float_text(16777216), "16777216.0");
}

TEST(DoubleText, IsNullWhereJsonHasNoNumber) {
  EXPECT_EQ(double_text(std::nan("")), "null");
  EXPECT_EQ(double_text(-std::numeric_limits<double>::infinity()), "null");
}

TEST(DoubleText, ReadsBackAsTheSameValueInFewestDigits) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 200'000; ++i) {
    double value = std::bit_cast<double>(random());
    if (i % 2 == 0)
      value = static_cast<double>(static_cast<std::int64_t>(random() % 2'000'000'000)) / std::pow(10, i % 13);
    if (!std::isfinite(value)) continue;
    const std::string text = double_text(value);
    char shortest[64];
    const auto end = std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific).ptr;
    const auto digits = [](std::string_view number) {
      std::string kept;
      for (const char c : number.substr(0, number.find('e'))) {
        if (c >= '0' && c <= '9' && (c != '0' || !kept.empty())) kept += c;
      }
      while (kept.ends_with('0')) kept.pop_back();
      return kept;
    };
    double again = 0;
    NumberText number;
    const char* at = text.data();
    ASSERT_TRUE(read_number(at, text.data() + text.size(), number) && to_double(number, again)) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(again), std::bit_cast<std::uint64_t>(value)) << text;
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    ASSERT_EQ(digits(text), digits({shortest, static_cast<std::size_t>(end - shortest)})) << text;
  }
}

class Values : public testing::Test {
 protected:
  std::string again(std::string_view json) const { return json_again(*codec_, json); }
  /// The text printed for one key when `json` is read and written again.
  std::string value_of(const std::string& key, std::string_view json) const {
    const std::string text = again(json);
    const std::size_t at = text.find("\"" + key + "\":");
    if (at == std::string::npos) return text.starts_with("error") ? text : "no such key";
    const std::size_t from = at + key.size() + 3;
    return text.substr(from, text.find_first_of(",}]", from) - from);
  }

  const std::unique_ptr<StreamCodec> codec_ = test_codec(test_schema("formats.proto", "formats.Formats"));
};

TEST_F(Values, AnEmptyMessagePrintsEveryImplicitField) {
  EXPECT_EQ(
      json_of(*codec_, ""),
      R"({"utcTime":"1970-01-01T00:00:00Z","naiveTime":"1970-01-01T00:00:00","secondTime":"1970-01-01T00:00:00Z",)"
      R"("nanoTime":"1970-01-01T00:00:00Z","price":0.0,"fine":0.0,"big":"0","note":null,"kind":"","Given Name":"",)"
      R"("ratio":0.0,"narrow":0.0,"list":[],"named":{},"count":0,"blob":"","small":0,"words":[]})");
  EXPECT_EQ(wire_of(*codec_, json_of(*codec_, "")), "");
}

TEST_F(Values, TimesAreReadInAllFormsAndWrittenInOne) {
  for (const char* form : {"2024-06-18T10:30:45Z", "2024-06-18T10:30:45", "2024-06-18T10:30:45+00:00",
                           "2024-06-18T17:30:45+07:00", "2024-06-18T17:30:45+0700", "2024-06-18T17:30:45+07",
                           "2024-06-18 10:30:45.000000000z", "2024-06-18t03:30:45.0-07:00"}) {
    EXPECT_EQ(value_of("utcTime", std::string(R"({"utcTime":")") + form + "\"}"), "\"2024-06-18T10:30:45Z\"") << form;
  }
  EXPECT_EQ(value_of("utcTime", R"({"utcTime":"2024-06-18T10:30:45.1Z"})"), "\"2024-06-18T10:30:45.100000Z\"");
  EXPECT_EQ(value_of("utcTime", R"({"utcTime":"2024-06-18T10:30:45.123456789Z"})"), "\"2024-06-18T10:30:45.123456Z\"");
  EXPECT_EQ(value_of("nanoTime", R"({"nanoTime":"2024-06-18T10:30:45.123456789Z"})"),
            "\"2024-06-18T10:30:45.123456789Z\"");
  EXPECT_EQ(value_of("naiveTime", R"({"naiveTime":"1969-12-31T23:59:59.9996"})"), "\"1969-12-31T23:59:59.999\"");
  EXPECT_EQ(value_of("secondTime", R"({"secondTime":"0001-01-01T00:00:00Z"})"), "\"0001-01-01T00:00:00Z\"");
  EXPECT_EQ(value_of("utcTime", R"({"utcTime":"9999-12-31T23:59:59.999999Z"})"), "\"9999-12-31T23:59:59.999999Z\"");
  EXPECT_EQ(value_of("utcTime", R"({"utcTime":"2024-02-29T00:00:00Z"})"), "\"2024-02-29T00:00:00Z\"");
}

TEST_F(Values, WhatIsNoTimeIsRefused) {
  for (const char* text :
       {"2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-06-18T24:00:00Z", "2024-06-18", "2024-06-18T10:30:45.Z",
        "2024-06-18T10:30:45.1234567891Z", "2024-06-18T10:30:45+25:00", "2024-06-18T10:30:45Zx", "0000-01-01T00:00:00Z",
        "2024-06-18T10:30", "/024-06-18T10:30:45Z"}) {
    EXPECT_EQ(again(std::string(R"({"utcTime":")") + text + "\"}"),
              std::string("error: $.utcTime: expected a time such as 2025-11-04T10:30:00.5Z, got \"") + text + "\"");
  }
}

TEST_F(Values, ATimeWithoutAYearOfFourDigitsCannotBePrinted) {
  const std::string wire = "\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
  EXPECT_EQ(json_of(*codec_, wire), "error: $.utcTime: time outside the years 1 to 9999 at byte 1");
}

TEST_F(Values, DecimalsAreExactToMinorUnits) {
  EXPECT_EQ(value_of("price", R"({"price":12.5})"), "12.5");
  EXPECT_EQ(value_of("price", R"({"price":12})"), "12.0");
  EXPECT_EQ(value_of("price", R"({"price":1.25e1})"), "12.5");
  EXPECT_EQ(value_of("price", R"({"price":-0.010})"), "-0.01");
  EXPECT_EQ(value_of("price", R"({"price":149.97000000000003})"), "149.97");
  EXPECT_EQ(value_of("price", R"({"price":92233720368547758.07})"), "92233720368547758.07");
  EXPECT_EQ(value_of("price", R"({"price":-92233720368547758.08})"), "-92233720368547758.08");
  EXPECT_EQ(value_of("fine", R"({"fine":9.223372036854775807})"), "9.223372036854775807");
  EXPECT_EQ(again(R"({"price":12.505})"),
            "error: $.price: 12.505 is not a number of at most 2 decimals that fits int64");
  EXPECT_EQ(again(R"({"price":92233720368547758.08})"),
            "error: $.price: 92233720368547758.08 is not a number of at most 2 decimals that fits int64");
}

TEST_F(Values, IntegersAreExactAndBounded) {
  EXPECT_EQ(value_of("big", R"({"big":"18446744073709551615"})"), "\"18446744073709551615\"");
  EXPECT_EQ(value_of("big", R"({"big":18446744073709551615})"), "\"18446744073709551615\"");
  EXPECT_EQ(value_of("count", R"({"count":-2147483648})"), "-2147483648");
  EXPECT_EQ(value_of("count", R"({"count":1e3})"), "1000");
  EXPECT_EQ(value_of("count", R"({"count":-0})"), "0");
  EXPECT_EQ(again(R"({"count":2147483648})"), "error: $.count: 2147483648 is not an integer that fits int32");
  EXPECT_EQ(again(R"({"count":1.5})"), "error: $.count: 1.5 is not an integer that fits int32");
  EXPECT_EQ(again(R"({"small":-1})"), "error: $.small: -1 is not an integer that fits uint32");
  EXPECT_EQ(again(R"({"big":18446744073709551616})"),
            "error: $.big: 18446744073709551616 is not an integer that fits uint64");
  EXPECT_EQ(again(R"({"big":"1x"})"), "error: $.big: expected a number, got \"1x\"");
}

TEST_F(Values, DoublesRefuseWhatIsNoFiniteNumber) {
  EXPECT_EQ(value_of("ratio", R"({"ratio":1e-999})"), "0.0");
  EXPECT_EQ(value_of("ratio", R"({"ratio":4.9e-324})"), "5e-324");
  EXPECT_EQ(value_of("ratio", R"({"ratio":-0.0})"), "-0.0");
  EXPECT_EQ(value_of("ratio", R"({"ratio":0.1000000000000000055511151231257827})"), "0.1");
  EXPECT_EQ(value_of("ratio", R"({"ratio":123456789012345678901234567890})"), "1.2345678901234568e+29");
  EXPECT_EQ(again(R"({"ratio":1e999})"), "error: $.ratio: 1e999 does not fit double");
  EXPECT_EQ(again(R"({"narrow":1e39})"), "error: $.narrow: 1e39 does not fit float");
  EXPECT_EQ(again(R"({"ratio":NaN})"), "error: $.ratio: malformed JSON at byte 9");
  EXPECT_EQ(again(R"({"ratio":-Infinity})"), "error: $.ratio: malformed JSON at byte 9");
}

TEST_F(Values, TypeErrorsNameTheirPath) {
  EXPECT_EQ(again(R"({"ratio":"1"})"), "error: $.ratio: expected number, got string");
  EXPECT_EQ(again(R"({"kind":1})"), "error: $.kind: expected string, got number");
  EXPECT_EQ(again(R"({"helpful":"yes"})"), "error: $.helpful: expected boolean, got string");
  EXPECT_EQ(again(R"({"utcTime":5})"), "error: $.utcTime: expected time as string, got number");
  EXPECT_EQ(again(R"({"inner":{"inner":{"count":true}}})"), "error: $.inner.inner.count: expected number, got boolean");
  EXPECT_EQ(again(R"({"inner":[]})"), "error: $.inner: expected object, got array");
  EXPECT_EQ(again(R"({"list":[{},{"Given Name":{}}]})"),
            R"(error: $.list[1]["Given Name"]: expected string, got object)");
  EXPECT_EQ(again(R"({"list":{}})"), "error: $.list: expected array, got object");
  EXPECT_EQ(again(R"({"words":["a",null]})"), "error: $.words[1]: expected string, got null");
  EXPECT_EQ(again(R"({"named":{"a b":{"count":""}}})"), R"(error: $.named["a b"].count: expected number, got string)");
  EXPECT_EQ(again(R"({"blob":"a*b="})"), "error: $.blob: expected base64, got \"a*b=\"");
  EXPECT_EQ(again("[]"), "error: $: expected object, got array");
  EXPECT_EQ(again(""), "error: $: malformed JSON at byte 0");
}

TEST_F(Values, BrokenTextIsRefusedWithItsPlace) {
  EXPECT_EQ(again(R"({"kind":"a)"), "error: $.kind: string without its closing quote at byte 10");
  EXPECT_EQ(again("{\"kind\":\"a\nb\"}"), "error: $.kind: control character in a string at byte 10");
  EXPECT_EQ(again("{\"kind\":\"\xff\"}"), "error: $.kind: invalid UTF-8 at byte 9");
  EXPECT_EQ(again(R"({"kind":"\ud83d"})"), "error: $.kind: half of a surrogate pair at byte 9");
  EXPECT_EQ(again(R"({"kind":"\u12g4"})"), "error: $.kind: \\u without four hex digits at byte 9");
  EXPECT_EQ(again(R"({"kind":"\x"})"), "error: $.kind: unknown escape in a string at byte 9");
  EXPECT_EQ(again(R"({"kind":"a"} x)"), "error: $: something follows the JSON value at byte 13");
  EXPECT_EQ(again(R"({"kind":"a",})"), "error: $: expected a key at byte 12");
  EXPECT_EQ(again(R"({"kind" "a"})"), "error: $: expected ':' at byte 8");
  EXPECT_EQ(again(R"({"kind":"a" "count":1})"), "error: $: expected ',' or '}' at byte 12");
  EXPECT_EQ(again(R"({"count":01})"), "error: $.count: malformed JSON at byte 9");
  EXPECT_EQ(again(R"({"other":[1,2})"), "error: $: malformed JSON at byte 13");
}

TEST_F(Values, DuplicateKeysAndNullsFollowTheLast) {
  EXPECT_EQ(value_of("count", R"({"count":1,"kind":"x","count":2})"), "2");
  EXPECT_EQ(value_of("count", R"({"count":1,"count":0})"), "0");
  EXPECT_EQ(value_of("helpful", R"({"helpful":true,"count":1,"helpful":null})"), "no such key");
  EXPECT_EQ(value_of("note", R"({"note":"x","note":null})"), "null");
  EXPECT_EQ(value_of("words", R"({"words":["a","b"],"words":["c"]})"), R"(["c")");
}

TEST_F(Values, UnknownKeysAreSkippedAndCounted) {
  Buffer out;
  EventFacts facts;
  const Status status =
      codec_->from_json(R"({"x":{"y":[1,"]}",{"z":null}]},"count":3,"inner":{"q":1e5},"":true})", out, facts);
  ASSERT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(facts.unknown_fields, 3U);
}

TEST_F(Values, StringsKeepEveryCharacter) {
  EXPECT_EQ(value_of("kind", R"({"kind":"\u0041\ud83d\ude00\/\b\f\n\r\t\"\\ é"})"), "\"A😀/\\b\\f\\n\\r\\t\\\"\\\\ é\"");
  EXPECT_EQ(value_of("kind", R"({"kind":"\u0000\u001f\u007f"})"), "\"\\u0000\\u001f\x7f\"");
}

TEST_F(Values, WhiteSpaceAndOtherOrdersGiveTheSameBytes) {
  const std::string wire = wire_of(*codec_, R"({"kind":"a","count":1,"small":2})");
  EXPECT_EQ(wire_of(*codec_, " {\n\t\"small\" : 2 ,\r\n \"count\": 1, \"kind\" :\"a\" } \n"), wire);
}

TEST_F(Values, NestingEndsAt32Levels) {
  const auto nested = [](int levels) {
    std::string json;
    for (int i = 1; i < levels; ++i) json += R"({"inner":)";
    return json + "{}" + std::string(static_cast<std::size_t>(levels - 1), '}');
  };
  const std::string wire = wire_of(*codec_, nested(32));
  EXPECT_FALSE(json_of(*codec_, wire).starts_with("error")) << json_of(*codec_, wire);
  EXPECT_NE(again(nested(33)).find("nested deeper than 32"), std::string::npos);
  std::string deep;
  for (int i = 0; i < 33; ++i) deep = "\x7a" + std::string(1, static_cast<char>(deep.size())) + deep;
  EXPECT_NE(json_of(*codec_, deep).find("nested deeper than 32"), std::string::npos);
  EXPECT_NE(again(R"({"x":)" + std::string(40, '[') + std::string(40, ']') + "}").find("nested deeper than 32"),
            std::string::npos);
}

TEST_F(Values, DisorderAtEveryLevelDoesNotMultiply) {
  // inner, then a field before it: each level is found out of order only after its submessage was encoded.
  std::string wire;
  for (int i = 0; i < 30; ++i) {
    char size[kMaxVarintBytes];
    wire = "\x7a" + std::string(size, static_cast<std::size_t>(write_varint(size, wire.size()) - size)) + wire +
           "\x4a\x01z";
  }
  EXPECT_FALSE(json_of(*codec_, wire).starts_with("error"));
}

TEST_F(Values, MalformedWireBytesAreRefusedWithPathAndOffset) {
  EXPECT_EQ(json_of(*codec_, "\x4a\x05"), "error: $.kind: malformed protobuf bytes at byte 1");
  EXPECT_EQ(json_of(*codec_, "\x4a\x01\xff"), "error: $.kind: invalid UTF-8 at byte 2");
  EXPECT_EQ(json_of(*codec_, "\x4d\x01\x01\x01\x01"), "error: $.kind: wire type 5 does not fit the field at byte 0");
  EXPECT_EQ(json_of(*codec_, "\x7a\x03\x4a\x01\xff"), "error: $.inner.kind: invalid UTF-8 at byte 4");
  EXPECT_EQ(json_of(*codec_, std::string_view("\x00\x01", 2)), "error: $: malformed protobuf bytes at byte 0");
  EXPECT_EQ(json_of(*codec_, "\x0b\x0c"), "error: $.utcTime: wire type 3 (group) is not supported at byte 0");
}

}  // namespace
}  // namespace sluice::codec
