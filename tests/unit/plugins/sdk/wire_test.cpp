#include "sluice/wire.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>

namespace sluice {
namespace {

using wire::Reader;
using wire::tag_of;
using wire::Type;

template <class Codec>
[[nodiscard]] std::string written(typename Codec::Value value) {
  std::array<char, 32> room{};
  const char* end = Codec::write(room.data(), value);
  std::string bytes(room.data(), static_cast<std::size_t>(end - room.data()));
  EXPECT_EQ(bytes.size(), Codec::size(value));
  EXPECT_LE(bytes.size(), Codec::max_size(value));
  return bytes;
}

template <class Codec>
[[nodiscard]] bool round_trips(typename Codec::Value value) {
  const std::string bytes = written<Codec>(value);
  Reader again(bytes);
  typename Codec::Value read{};
  return Codec::read(again, read) && read == value && again.is_at_end();
}

TEST(Wire, RoundTripsTheLimitsOfEveryInteger) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{127}, std::int64_t{128}, std::int64_t{-1},
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_TRUE(round_trips<wire::Int64>(value)) << value;
    EXPECT_TRUE(round_trips<wire::Sint64>(value)) << value;
    EXPECT_TRUE(round_trips<wire::Sfixed64>(value)) << value;
    EXPECT_TRUE(round_trips<wire::Uint64>(static_cast<std::uint64_t>(value))) << value;
    EXPECT_TRUE(round_trips<wire::Int32>(static_cast<std::int32_t>(value))) << value;
    EXPECT_TRUE(round_trips<wire::Sint32>(static_cast<std::int32_t>(value))) << value;
    EXPECT_TRUE(round_trips<wire::Uint32>(static_cast<std::uint32_t>(value))) << value;
  }
}

TEST(Wire, WritesANegativeInt32AsTenBytesAndItsZigzagAsOne) {
  EXPECT_EQ(written<wire::Int32>(-1), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(written<wire::Sint32>(-1), "\x01");
}

TEST(Wire, RejectsAVarintThatDoesNotEnd) {
  std::uint64_t value = 0;

  EXPECT_FALSE(Reader("\x80").varint(value));
  EXPECT_FALSE(Reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").varint(value));
  EXPECT_FALSE(Reader("").varint(value));
}

TEST(Wire, RejectsALengthBeyondTheEnd) {
  std::string_view bytes;

  EXPECT_FALSE(Reader("\x04"
                      "abc")
                   .bytes(bytes));
  EXPECT_FALSE(Reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                      "abc")
                   .bytes(bytes));
  EXPECT_TRUE(Reader("\x03"
                     "abc")
                  .bytes(bytes));
  EXPECT_EQ(bytes, "abc");
}

TEST(Wire, RejectsFieldNumberZeroAndTagsBeyond32Bits) {
  std::uint32_t tag = 0;

  EXPECT_FALSE(Reader(std::string_view("\x00", 1)).tag(tag));
  EXPECT_FALSE(Reader("\x07").tag(tag));
  EXPECT_FALSE(Reader("\xff\xff\xff\xff\x1f").tag(tag));
  EXPECT_TRUE(Reader("\xff\xff\xff\xff\x0f").tag(tag));
}

TEST(Wire, SkipsNestedGroupsUpToTheMatchingEnd) {
  Reader in("\x0b\x13\x18\x01\x14\x0c\x20");  // group 1 { group 2 { 3: 1 } } 4:
  std::uint32_t tag = 0;

  ASSERT_TRUE(in.tag(tag));
  ASSERT_TRUE(in.skip(tag));

  ASSERT_TRUE(in.tag(tag));
  EXPECT_EQ(tag, tag_of(4, Type::kVarint));
}

TEST(Wire, RejectsGroupsThatEndWrongOrLieTooDeep) {
  const std::string deep(wire::kMaxGroupDepth + 1, '\x0b');
  std::uint32_t tag = 0;
  Reader mismatched("\x0b\x14");
  Reader nested(deep);
  Reader alone("\x0c");

  EXPECT_FALSE(mismatched.tag(tag) && mismatched.skip(tag));
  EXPECT_FALSE(nested.tag(tag) && nested.skip(tag));
  EXPECT_FALSE(alone.tag(tag) && alone.skip(tag));
}

TEST(WireBuffer, KeepsItsBytesWhenItGrowsAndItsMemoryWhenCleared) {
  wire::Buffer buffer;
  std::string expected;

  for (int i = 0; i < 1000; ++i) {
    buffer.append("0123456789");
    expected += "0123456789";
  }
  EXPECT_EQ(buffer.view(), expected);
  const std::size_t capacity = buffer.capacity();
  buffer.clear();

  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_EQ(buffer.capacity(), capacity);
}

}  // namespace
}  // namespace sluice
