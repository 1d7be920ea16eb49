#include "plugin/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::plugin {
namespace {

TEST(Utf8, AcceptsWellFormedText) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain"));
  EXPECT_TRUE(is_utf8("\u00e9 \u20ac \U0001F600"));
}

TEST(Utf8, RefusesWhatIsNotText) {
  EXPECT_FALSE(is_utf8("\xff"));
  EXPECT_FALSE(is_utf8("\xc0\x80")) << "overlong";
  EXPECT_FALSE(is_utf8("\xe0\x80\x80")) << "overlong";
  EXPECT_FALSE(is_utf8("\xed\xa0\x80")) << "surrogate";
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80")) << "beyond U+10FFFF";
  EXPECT_FALSE(is_utf8("\xe2\x82")) << "cut short";
  EXPECT_FALSE(is_utf8("\x80"));
}

TEST(Utf8, IsCutBetweenCharacters) {
  const std::string text = "ab\u20ac";

  EXPECT_EQ(utf8_prefix(text, 5), 5U);
  EXPECT_EQ(utf8_prefix(text, 4), 2U);
  EXPECT_EQ(utf8_prefix(text, 3), 2U);
  EXPECT_EQ(utf8_prefix(text, 2), 2U);
  EXPECT_EQ(utf8_prefix(text, 0), 0U);
}

TEST(Utf8, IsCutAnywhereWhenItIsNone) {
  const std::string text(10, '\x80');

  EXPECT_EQ(utf8_prefix(text, 5), 5U);
}

TEST(Name, IsLowerCaseDigitsAndUnderscores) {
  EXPECT_TRUE(is_name("a"));
  EXPECT_TRUE(is_name("device_sensors_2"));
  EXPECT_TRUE(is_name(std::string(64, 'x')));
  EXPECT_FALSE(is_name(std::string(65, 'x')));
  EXPECT_FALSE(is_name(""));
  EXPECT_FALSE(is_name("Upper"));
  EXPECT_FALSE(is_name("a-b"));
  EXPECT_FALSE(is_name("../a"));
}

TEST(Printable, EscapesControlBytesAndBrokenText) {
  EXPECT_EQ(printable("a\nb\x1b[0m\xff\u00e9"), "a\\x0ab\\x1b[0m\\xff\u00e9");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace sluice::plugin
