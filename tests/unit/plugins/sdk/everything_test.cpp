/// The structs of protoc-gen-sluice against protobuf's own DynamicMessage, built from the embedded descriptor set.

#include "everything.sluice.hpp"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

using google::protobuf::DynamicMessageFactory;
using google::protobuf::Message;

/// protobuf's view of everything.proto.
class Oracle {
 public:
  Oracle() {
    const auto bytes = sdk_test::Scalars::descriptor_set();
    google::protobuf::FileDescriptorSet set;
    EXPECT_TRUE(set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    for (const auto& file : set.file()) EXPECT_NE(pool_.BuildFile(file), nullptr) << file.name();
  }
  [[nodiscard]] std::unique_ptr<Message> message(std::string_view name) {
    return std::unique_ptr<Message>(factory_.GetPrototype(pool_.FindMessageTypeByName(std::string(name)))->New());
  }
  [[nodiscard]] std::unique_ptr<Message> from_text(std::string_view name, const std::string& text) {
    auto result = message(name);
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, result.get())) << text;
    return result;
  }
  [[nodiscard]] const google::protobuf::DescriptorPool& pool() const { return pool_; }

 private:
  google::protobuf::DescriptorPool pool_;
  DynamicMessageFactory factory_{&pool_};
};

[[nodiscard]] std::string bytes_of(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  out.Trim();
  return bytes;
}

template <class T>
[[nodiscard]] std::string encoded(const T& event) {
  sluice::wire::Buffer out;
  out.append("before");
  event.encode(out);
  const std::string bytes(out.view().substr(6));
  EXPECT_EQ(bytes.size(), event.encoded_size());
  EXPECT_LE(bytes.size(), event.sluice_max_size());
  return bytes;
}

constexpr const char* kAllScalars = R"(
  a_double: -1.5 a_float: 2.25 an_int32: -7 an_int64: -9223372036854775808 a_uint32: 4294967295 a_uint64: 18446744073709551615
  a_sint32: -2147483648 a_sint64: -9223372036854775808 a_fixed32: 4294967295 a_fixed64: 1 a_sfixed32: -1 a_sfixed64: -2
  a_bool: true a_string: "text" some_bytes: "\000\377" colour: NEGATIVE far: 5 farther: 2147483647)";

[[nodiscard]] sdk_test::Scalars all_scalars() {
  return {.a_double = -1.5,
          .a_float = 2.25F,
          .an_int32 = -7,
          .an_int64 = std::numeric_limits<std::int64_t>::min(),
          .a_uint32 = UINT32_MAX,
          .a_uint64 = UINT64_MAX,
          .a_sint32 = std::numeric_limits<std::int32_t>::min(),
          .a_sint64 = std::numeric_limits<std::int64_t>::min(),
          .a_fixed32 = UINT32_MAX,
          .a_fixed64 = 1,
          .a_sfixed32 = -1,
          .a_sfixed64 = -2,
          .a_bool = true,
          .a_string = "text",
          .some_bytes = std::string_view("\0\377", 2),
          .colour = sdk_test::Colour::NEGATIVE,
          .far = 5,
          .farther = INT32_MAX};
}

TEST(GeneratedStruct, WritesEveryScalarAsProtobufDoes) {
  Oracle oracle;

  EXPECT_EQ(encoded(all_scalars()), bytes_of(*oracle.from_text("sdk_test.Scalars", kAllScalars)));
}

TEST(GeneratedStruct, ReadsEveryScalarThatProtobufWrote) {
  Oracle oracle;
  const std::string bytes = bytes_of(*oracle.from_text("sdk_test.Scalars", kAllScalars));
  sdk_test::Scalars read;

  ASSERT_TRUE(read.decode(bytes));

  EXPECT_EQ(encoded(read), bytes);
  EXPECT_EQ(read.an_int64, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read.some_bytes.size(), 2U);
  EXPECT_EQ(read.colour, sdk_test::Colour::NEGATIVE);
}

TEST(GeneratedStruct, LeavesDefaultsOutButKeepsMinusZero) {
  EXPECT_EQ(encoded(sdk_test::Scalars{}), "");
  EXPECT_EQ(encoded(sdk_test::Scalars{.a_double = -0.0}).size(), 9U);
}

TEST(GeneratedStruct, KeepsAnEnumValueWithoutAName) {
  const std::string bytes = encoded(sdk_test::Scalars{.colour = static_cast<sdk_test::Colour>(4711)});
  sdk_test::Scalars read;

  ASSERT_TRUE(read.decode(bytes));

  EXPECT_EQ(static_cast<int>(read.colour), 4711);
}

TEST(GeneratedStruct, TellsAnAbsentOptionalFromOneThatIsZero) {
  Oracle oracle;
  const sdk_test::Optionals zeros{
      .a_double = 0, .an_int64 = 0, .a_bool = false, .a_string = "", .scalars = sdk_test::Scalars{}};
  const std::string bytes = encoded(zeros);
  sdk_test::Optionals read;

  ASSERT_TRUE(read.decode(bytes));

  EXPECT_EQ(encoded(zeros),
            bytes_of(*oracle.from_text("sdk_test.Optionals",
                                       R"(a_double: 0 an_int64: 0 a_bool: false a_string: "" scalars {})")));
  EXPECT_EQ(read.a_double, 0.0);
  EXPECT_EQ(read.a_string, "");
  EXPECT_TRUE(read.scalars.has_value());
  EXPECT_FALSE(read.colour.has_value());
  EXPECT_FALSE(read.a_sint32.has_value());
}

TEST(GeneratedStruct, WritesMessagesLongerThanOneLengthByteCanSay) {
  Oracle oracle;
  const std::string name(20'000, 'n');
  const sdk_test::Nested nested{.inner = {.name = name, .kind = sdk_test::Nested::Inner::Kind::SOME},
                                .second = {.name = "short"},
                                .place = {.latitude = 1, .longitude = 2},
                                .class_ = "c",
                                .encode_ = "e"};
  const auto theirs =
      oracle.from_text("sdk_test.Nested", "inner { name: \"" + name +
                                              "\" kind: SOME } second { name: \"short\" } "
                                              "place { latitude: 1 longitude: 2 } class: \"c\" encode: \"e\"");

  EXPECT_EQ(encoded(nested), bytes_of(*theirs));
}

TEST(GeneratedStruct, MergesAMessageThatComesTwice) {
  sdk_test::Nested read;
  const std::string first = encoded(sdk_test::Nested{.inner = {.name = "kept"}});
  const std::string second = encoded(sdk_test::Nested{.inner = {.kind = sdk_test::Nested::Inner::Kind::SOME}});

  const std::string bytes = first + second;
  ASSERT_TRUE(read.decode(bytes));

  EXPECT_EQ(read.inner.name, "kept");
  EXPECT_EQ(read.inner.kind, sdk_test::Nested::Inner::Kind::SOME);
}

constexpr const char* kAllRepeateds = R"(
  numbers: [1, -2, 300] texts: ["a", "", "long"] doubles: [0, 1.5] colours: [RED, NEGATIVE]
  inners { name: "x" } inners {} unpacked: [-1, 2] flags: [true, false])";

TEST(GeneratedStruct, WritesRepeatedFieldsFromRangesOfTheAuthor) {
  Oracle oracle;
  const std::vector<std::int32_t> numbers{1, -2, 300};
  const std::vector<std::string> texts{"a", "", "long"};
  const std::vector<double> doubles{0, 1.5};
  const std::vector<sdk_test::Colour> colours{sdk_test::Colour::RED, sdk_test::Colour::NEGATIVE};
  const std::vector<sdk_test::Nested::Inner> inners{{.name = "x"}, {}};
  const std::vector<std::int64_t> unpacked{-1, 2};
  const std::vector<bool> flags{true, false};
  const sdk_test::Repeateds ours{.numbers = numbers,
                                 .texts = texts,
                                 .doubles = doubles,
                                 .colours = colours,
                                 .inners = inners,
                                 .unpacked = unpacked,
                                 .flags = flags};

  EXPECT_EQ(encoded(ours), bytes_of(*oracle.from_text("sdk_test.Repeateds", kAllRepeateds)));
}

TEST(GeneratedStruct, IteratesRepeatedFieldsOverTheWireBytes) {
  Oracle oracle;
  const std::string bytes = bytes_of(*oracle.from_text("sdk_test.Repeateds", kAllRepeateds));
  sdk_test::Repeateds read;

  ASSERT_TRUE(read.decode(bytes));

  std::vector<std::int32_t> numbers;
  for (const std::int32_t number : read.numbers) numbers.push_back(number);
  std::vector<std::string> texts;
  for (const std::string_view text : read.texts) texts.emplace_back(text);
  EXPECT_THAT(numbers, ::testing::ElementsAre(1, -2, 300));
  EXPECT_THAT(texts, ::testing::ElementsAre("a", "", "long"));
  EXPECT_EQ(read.inners.size(), 2U);
  EXPECT_EQ(encoded(read), bytes);
}

TEST(GeneratedStruct, ReadsPackedUnpackedAndScatteredOccurrencesAlike) {
  const std::string bytes(
      "\x08\x01"           // numbers: 1, not packed
      "\x12\x01t"          // texts, in between
      "\x0a\x02\x02\x03"   // numbers: 2, 3, packed
      "\x9a\x06\x01?"      // an unknown field
      "\x08\x04"           // numbers: 4
      "\x32\x02\x01\x04",  // unpacked: -1, 2, packed
      19);
  sdk_test::Repeateds read;

  ASSERT_TRUE(read.decode(bytes));

  std::vector<std::int32_t> numbers;
  for (const std::int32_t number : read.numbers) numbers.push_back(number);
  std::vector<std::int64_t> unpacked;
  for (const std::int64_t number : read.unpacked) unpacked.push_back(number);
  EXPECT_THAT(numbers, ::testing::ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(unpacked, ::testing::ElementsAre(-1, 2));
  EXPECT_EQ(read.texts.size(), 1U);
}

TEST(GeneratedStruct, WritesMapsFromAnyRangeOfPairs) {
  Oracle oracle;
  const std::map<std::string, std::int64_t> counts{{"one", 1}, {"zero", 0}};
  const std::vector<std::pair<int, std::string>> names{{-1, "minus"}, {7, ""}};
  const std::map<std::string, sdk_test::Nested::Inner> inners{{"k", {.name = "v"}}};
  const std::map<bool, sdk_test::Colour> colours{{true, sdk_test::Colour::RED}};
  const sdk_test::Maps ours{.counts = counts, .names = names, .inners = inners, .colours = colours};
  const auto theirs = oracle.from_text("sdk_test.Maps", R"(
      counts { key: "one" value: 1 } counts { key: "zero" value: 0 } names { key: -1 value: "minus" } names { key: 7 value: "" }
      inners { key: "k" value { name: "v" } } colours { key: true value: RED })");

  EXPECT_EQ(encoded(ours), bytes_of(*theirs));
}

TEST(GeneratedStruct, FindsMapEntriesOverTheWireBytes) {
  const std::map<std::string, std::int64_t> counts{{"one", 1}, {"two", 2}};
  const std::string bytes = encoded(sdk_test::Maps{.counts = counts});
  sdk_test::Maps read;

  ASSERT_TRUE(read.decode(bytes));

  std::map<std::string, std::int64_t> seen;
  read.counts.for_each([&](std::string_view key, std::int64_t value) { seen.emplace(key, value); });
  EXPECT_EQ(seen, counts);
  EXPECT_EQ(read.counts.find("two"), 2);
  EXPECT_EQ(read.counts.find("three"), std::nullopt);
  EXPECT_EQ(encoded(read), bytes);
}

TEST(GeneratedStruct, KeepsTheLastMemberOfAOneof) {
  const std::string number = encoded(sdk_test::Choice{.number = 5});
  const std::string text = encoded(sdk_test::Choice{.text = "t", .after = "a"});
  const std::string bytes = number + text;
  sdk_test::Choice read;

  ASSERT_TRUE(read.decode(bytes));

  EXPECT_FALSE(read.number.has_value());
  EXPECT_EQ(read.text, "t");
  EXPECT_EQ(read.after, "a");
}

TEST(GeneratedStruct, CarriesTheCustomOptionsInItsDescriptorSet) {
  Oracle oracle;
  const auto* field = oracle.pool().FindFieldByName("sdk_test.Scalars.a_double");
  ASSERT_NE(field, nullptr);

  // sluice.format is field 50771; decimal_scale = 4 in it.
  EXPECT_THAT(field->options().SerializeAsString(), ::testing::HasSubstr(std::string("\x9a\xe5\x18\x02\x20\x02", 6)));
  EXPECT_NE(oracle.pool().FindFileByName("google/protobuf/descriptor.proto"), nullptr);
}

// Truncated and altered bytes: never a crash, and the same verdict as protobuf's parser.
TEST(GeneratedStruct, AgreesWithProtobufOnBytesThatWereAltered) {
  Oracle oracle;
  const google::protobuf::LogSilencer quiet;
  const std::string whole =
      bytes_of(*oracle.from_text("sdk_test.Repeateds", kAllRepeateds)) + std::string("\x9b\x06\x08\x01\x9c\x06", 6);
  const auto theirs = oracle.message("sdk_test.Repeateds");
  std::mt19937 random(7);
  std::size_t refused = 0;

  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = whole.substr(0, random() % (whole.size() + 1));
    for (std::size_t changes = random() % 3; changes > 0 && !bytes.empty(); --changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    sdk_test::Repeateds read;
    const bool ok = read.decode(bytes);
    refused += ok ? 0 : 1;
    std::size_t values = 0;
    for (const auto value : read.numbers) values += static_cast<std::size_t>(value != 0);
    for (const auto& inner : read.inners) values += inner.name.size();
    EXPECT_LE(values, bytes.size());

    // protobuf also checks UTF-8, which the host does for us: as texts only ASCII letters are left to compare.
    bool is_ascii = true;
    for (const std::string_view text : read.texts)
      is_ascii = is_ascii && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
    for (const auto& inner : read.inners)
      is_ascii = is_ascii && std::all_of(inner.name.begin(), inner.name.end(), [](char c) { return c >= 0; });
    if (is_ascii) {
      EXPECT_EQ(ok, theirs->ParsePartialFromString(bytes)) << "round " << round;
    }
  }

  EXPECT_GT(refused, 1000U);
}

}  // namespace
