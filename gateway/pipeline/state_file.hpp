#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.hpp"
#include "core/ports.hpp"
#include "core/status.hpp"

namespace sluice::pipeline {

/// A saved state together with the place in the input it belongs to. Sources have no positions.
struct Snapshot {
  std::string plugin;
  std::string plugin_version;
  std::uint32_t state_version = 0;
  std::string cluster;  ///< cluster id or incarnation the positions belong to
  std::int64_t saved_us = 0;
  Sequence journal_position = 0;             ///< last sequence handled, with input from the journal
  std::vector<PartitionPosition> positions;  ///< next offset per partition, with input from Kafka
  std::string state;
};

/// The bytes of a snapshot file, format version 1, little-endian:
///
///    0  8 B  "SLUICES1"
///    8  u32  format version
///   12  u32  crc32c of everything behind it
///   16  text plugin, text plugin version, u32 state version, text cluster, u64 saved_us, u64 journal position,
///       u32 count of positions, each: text topic, u32 partition, u64 next offset; then text state.
///       text = u32 length, bytes.
[[nodiscard]] std::string to_bytes(const Snapshot& snapshot);
/// kInvalid: not such a file, another format version, damaged.
[[nodiscard]] Result<Snapshot> parse_snapshot(std::string_view bytes);

/// Replaces `path` as a whole: temporary file, fdatasync, the present file kept as `path`.1, rename, fsync of the
/// folder. After a failure either generation is whole. `is_synced` false: no flush to the device. Blocks on the disk.
Status write_snapshot(const std::filesystem::path& path, const Snapshot& snapshot, bool is_synced);

struct LoadedSnapshot {
  Snapshot snapshot;
  bool is_fallback = false;  ///< the newest generation was damaged; its text is in `problem`
  std::string problem;
};
/// The newest generation that is whole. kNotFound: there is none yet; kInvalid: both are damaged.
Result<LoadedSnapshot> read_snapshot(const std::filesystem::path& path);

}  // namespace sluice::pipeline
