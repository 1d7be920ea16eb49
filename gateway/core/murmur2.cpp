#include <cstdint>
#include <cstring>

#include "core/ports.hpp"

namespace sluice {
namespace {

/// MurmurHash2, 32-bit, with the seed of Apache Kafka's Java client (org.apache.kafka.common.utils.Utils.murmur2).
std::uint32_t murmur2(std::string_view key) {
  constexpr std::uint32_t kMultiplier = 0x5bd1e995U;
  constexpr int kShift = 24;
  std::uint32_t hash = 0x9747b28cU ^ static_cast<std::uint32_t>(key.size());
  const auto* at = reinterpret_cast<const unsigned char*>(key.data());
  std::size_t left = key.size();
  for (; left >= 4; left -= 4, at += 4) {
    std::uint32_t word =
        std::uint32_t{at[0]} | std::uint32_t{at[1]} << 8U | std::uint32_t{at[2]} << 16U | std::uint32_t{at[3]} << 24U;
    word *= kMultiplier;
    word ^= word >> kShift;
    word *= kMultiplier;
    hash = (hash * kMultiplier) ^ word;
  }
  switch (left) {
    case 3:
      hash ^= std::uint32_t{at[2]} << 16U;
      [[fallthrough]];
    case 2:
      hash ^= std::uint32_t{at[1]} << 8U;
      [[fallthrough]];
    case 1:
      hash ^= std::uint32_t{at[0]};
      hash *= kMultiplier;
      break;
    default:
      break;
  }
  hash ^= hash >> 13U;
  hash *= kMultiplier;
  hash ^= hash >> 15U;
  return hash;
}

}  // namespace

std::int32_t partition_of_key(std::string_view key, std::uint32_t partitions) {
  return static_cast<std::int32_t>((murmur2(key) & 0x7fffffffU) % partitions);
}

}  // namespace sluice
