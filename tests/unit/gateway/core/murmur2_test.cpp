#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

#include "core/ports.hpp"

namespace sluice {
namespace {

struct JavaVector {
  std::string_view key;
  std::int32_t hash;  ///< what org.apache.kafka.common.utils.Utils.murmur2 returns
};

// UtilsTest.testMurmur2 of Apache Kafka.
constexpr JavaVector kVectors[] = {
    {"21", -973932308},
    {"foobar", -790332482},
    {"a-little-bit-long-string", -985981536},
    {"a-little-bit-longer-string", -1486304829},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
    {"abc", 479470107},
    // Printed by the same function: every tail length, and bytes that a sign extension would spoil.
    {"", 275646681},
    {"4", 1514888353},
    {"34", -2026295078},
    {"kafka", -798503068},
    {"giberish123456789", -1890243828},
    {"\xff", -311467685},
    {"\xff\xfe", 1717632651},
    {"\xff\xfe\xfd", 998637092},
    {"\x80\xff\xfe\xfd\x90", -1080936657},
};

class PartitionOfKey : public ::testing::TestWithParam<JavaVector> {};

TEST_P(PartitionOfKey, IsThatOfTheJavaClientForEveryCount) {
  const std::int32_t positive = GetParam().hash & 0x7fffffff;
  for (const std::uint32_t partitions : {1U, 2U, 3U, 7U, 12U, 100U, 0x7fffffffU}) {
    EXPECT_EQ(partition_of_key(GetParam().key, partitions), positive % static_cast<std::int64_t>(partitions));
  }
}

INSTANTIATE_TEST_SUITE_P(JavaClient, PartitionOfKey, ::testing::ValuesIn(kVectors));

}  // namespace
}  // namespace sluice
