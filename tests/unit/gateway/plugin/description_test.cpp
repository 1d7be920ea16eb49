#include "plugin/description.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::plugin {
namespace {

/// A struct that has grown: `added` came with a later minor version.
struct Grown {
  std::uint32_t struct_size;
  std::uint32_t first;
  std::uint64_t added;
};
struct Older {
  std::uint32_t struct_size;
  std::uint32_t first;
};
constexpr std::size_t kMinBytes = sizeof(Older);

TEST(ReadStruct, ReadsAbsentMembersAsZero) {
  alignas(Grown) Older memory[2] = {{sizeof(Older), 7}, {0xFFFFFFFF, 0xFFFFFFFF}};

  const Result<Grown> grown = read_struct(reinterpret_cast<const Grown*>(memory), kMinBytes, "grown");

  ASSERT_TRUE(grown.ok());
  EXPECT_EQ(grown->first, 7U);
  EXPECT_EQ(grown->added, 0U) << "what lies behind the plugin's struct is not looked at";
}

TEST(ReadStruct, ReadsAnEqualOne) {
  const Grown theirs{sizeof theirs, 7, 9};

  EXPECT_EQ(read_struct(&theirs, kMinBytes, "grown")->added, 9U);
}

TEST(ReadStruct, RefusesShorterThanTheFirstReleaseAndLongerThanOurs) {
  const Grown shorter{sizeof(Older) - 1, 0, 0};
  const Grown longer{sizeof(Grown) + 1, 0, 0};

  EXPECT_EQ(read_struct(&shorter, kMinBytes, "grown").status().text(), "grown has struct_size 7, expected 8 to 16");
  EXPECT_EQ(read_struct(&longer, kMinBytes, "grown").status().text(), "grown has struct_size 17, expected 8 to 16");
}

TEST(ReadStruct, RefusesNullAndMisaligned) {
  alignas(Grown) char memory[2 * sizeof(Grown)] = {};

  EXPECT_EQ(read_struct<Grown>(nullptr, kMinBytes, "grown").status().text(), "grown is null");
  EXPECT_EQ(read_struct(reinterpret_cast<const Grown*>(memory + 1), kMinBytes, "grown").status().text(),
            "grown is not aligned");
}

}  // namespace
}  // namespace sluice::plugin
