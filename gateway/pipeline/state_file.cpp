#include "pipeline/state_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace sluice::pipeline {
namespace {

constexpr std::string_view kMagic = "SLUICES1";
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kMaxFileBytes = 1U << 30U;

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? (value >> 1U) ^ 0x82f63b78U : value >> 1U;
    table[i] = value;
  }
  return table;
}

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto kTable = crc_table();
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xffU] ^ (crc >> 8U);
  return ~crc;
}

template <class Integer>
void put(std::string& out, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8U * i) & 0xffU);
  }
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

/// Reads what put wrote; once anything is missing, is_ok stays false and every value is empty.
struct Cursor {
  std::string_view left;
  bool is_ok = true;

  template <class Integer>
  Integer take() {
    if (left.size() < sizeof(Integer)) {
      is_ok = false;
      left = {};
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(left[i])) << (8U * i);
    }
    left.remove_prefix(sizeof(Integer));
    return static_cast<Integer>(value);
  }
  std::string take_text() {
    const auto size = take<std::uint32_t>();
    if (left.size() < size) {
      is_ok = false;
      left = {};
      return {};
    }
    std::string text(left.substr(0, size));
    left.remove_prefix(size);
    return text;
  }
};

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

Status system_error(const std::string& what) { return {Code::kIo, what + ": " + std::strerror(errno)}; }

Status write_file(const std::string& path, std::string_view bytes, bool is_synced) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return system_error("create " + path);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("write " + path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (is_synced && ::fdatasync(file.get()) != 0) return system_error("fdatasync " + path);
  return {};
}

Result<std::string> read_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) {
    if (errno == ENOENT) return Status(Code::kNotFound, path + " does not exist");
    return system_error("open " + path);
  }
  std::string bytes;
  std::array<char, 65536> block;
  while (bytes.size() < kMaxFileBytes) {
    const ssize_t count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("read " + path);
    if (count == 0) return bytes;
    bytes.append(block.data(), static_cast<std::size_t>(count));
  }
  return Status(Code::kInvalid, path + " is larger than any snapshot");
}

Result<Snapshot> read_generation(const std::string& path) {
  Result<std::string> bytes = read_file(path);
  if (!bytes) return bytes.status();
  Result<Snapshot> snapshot = parse_snapshot(*bytes);
  if (!snapshot) return snapshot.status().with_context(path);
  return snapshot;
}

}  // namespace

std::string to_bytes(const Snapshot& snapshot) {
  std::string body;
  put_text(body, snapshot.plugin);
  put_text(body, snapshot.plugin_version);
  put(body, snapshot.state_version);
  put_text(body, snapshot.cluster);
  put(body, snapshot.saved_us);
  put(body, snapshot.journal_position);
  put(body, static_cast<std::uint32_t>(snapshot.positions.size()));
  for (const PartitionPosition& position : snapshot.positions) {
    put_text(body, position.topic);
    put(body, position.partition);
    put(body, position.next_offset);
  }
  put_text(body, snapshot.state);
  std::string bytes(kMagic);
  put(bytes, kFormatVersion);
  put(bytes, crc32c(body));
  return bytes += body;
}

Result<Snapshot> parse_snapshot(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || bytes.substr(0, kMagic.size()) != kMagic) {
    return Status(Code::kInvalid, "not a snapshot");
  }
  Cursor cursor{bytes.substr(kMagic.size())};
  const auto version = cursor.take<std::uint32_t>();
  if (version != kFormatVersion) {
    return Status(Code::kInvalid, "snapshot format version " + std::to_string(version) + ", this build reads 1");
  }
  const auto crc = cursor.take<std::uint32_t>();
  if (crc != crc32c(cursor.left)) return Status(Code::kInvalid, "damaged: the checksum does not fit");
  Snapshot snapshot;
  snapshot.plugin = cursor.take_text();
  snapshot.plugin_version = cursor.take_text();
  snapshot.state_version = cursor.take<std::uint32_t>();
  snapshot.cluster = cursor.take_text();
  snapshot.saved_us = cursor.take<std::int64_t>();
  snapshot.journal_position = cursor.take<std::uint64_t>();
  const auto count = cursor.take<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && cursor.is_ok; ++i) {
    PartitionPosition position;
    position.topic = cursor.take_text();
    position.partition = cursor.take<std::int32_t>();
    position.next_offset = cursor.take<std::int64_t>();
    snapshot.positions.push_back(std::move(position));
  }
  snapshot.state = cursor.take_text();
  if (!cursor.is_ok || !cursor.left.empty()) return Status(Code::kInvalid, "damaged: its parts do not fit");
  return snapshot;
}

Status write_snapshot(const std::filesystem::path& path, const Snapshot& snapshot, bool is_synced) {
  std::error_code ignored;
  const std::filesystem::path folder = path.parent_path();
  std::filesystem::create_directories(folder, ignored);
  const std::string temporary = path.string() + ".tmp";
  if (Status status = write_file(temporary, to_bytes(snapshot), is_synced); !status.ok()) return status;
  const std::string older = path.string() + ".1";
  if (::rename(path.c_str(), older.c_str()) != 0 && errno != ENOENT) return system_error("rename " + path.string());
  if (::rename(temporary.c_str(), path.c_str()) != 0) return system_error("rename " + temporary);
  if (!is_synced) return {};
  const File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.get()) != 0) return system_error("fsync " + folder.string());
  return {};
}

Result<LoadedSnapshot> read_snapshot(const std::filesystem::path& path) {
  Result<Snapshot> newest = read_generation(path.string());
  if (newest) return LoadedSnapshot{std::move(*newest), false, {}};
  Result<Snapshot> older = read_generation(path.string() + ".1");
  if (older) return LoadedSnapshot{std::move(*older), true, newest.status().text()};
  if (newest.status().code() != Code::kNotFound) return newest.status();
  return older.status();
}

}  // namespace sluice::pipeline
