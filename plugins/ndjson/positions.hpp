#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::ndjson {

/// A file wherever it is moved to, as long as it is not deleted.
struct Identity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// The first bytes of a file, as a hash: tells whether a file of the same identity still has the content that was read
/// (inode numbers are used again, and files are truncated and written anew).
struct Fingerprint {
  static constexpr std::size_t kMaxBytes = 256;

  std::uint32_t size = 0;
  std::uint64_t hash = 0;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};
/// Of the first `size` bytes of `file` (at most kMaxBytes); absent when it has fewer or cannot be read.
std::optional<Fingerprint> fingerprint_of(int file, std::int64_t size);

/// How far one file was read.
struct Position {
  std::string path;
  Identity identity;
  std::int64_t offset = 0;
  std::uint64_t line = 0;
  Fingerprint fingerprint;   ///< of bytes before `offset`
  bool is_skipping = false;  ///< `offset` lies within a line that is left out to its end
};

/// Text, one line per file: "sluice-ndjson 1", then "device inode offset line size hash skipping path" with '\\' and
/// newline in the path escaped. Files that do not fit into `max_bytes` are left out from the front.
std::string encode_positions(const std::vector<Position>& positions, std::size_t max_bytes);
/// Absent when the text is not one that encode_positions writes.
std::optional<std::vector<Position>> decode_positions(std::string_view text);

}  // namespace sluice::ndjson
