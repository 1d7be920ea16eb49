#include "ndjson/positions.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace sluice::ndjson {
namespace {

constexpr std::string_view kHeader = "sluice-ndjson 1\n";

std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      out += text[i] == 'n' ? '\n' : text[i];
    } else {
      out += text[i];
    }
  }
  return out;
}

template <class Number>
bool take_number(std::string_view& line, Number& value) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc{} || end == line.data() + line.size() || *end != ' ') return false;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
  return true;
}

std::string encode(const Position& p) {
  std::string line;
  for (const std::uint64_t number :
       {p.identity.device, p.identity.inode, static_cast<std::uint64_t>(p.offset), p.line,
        std::uint64_t{p.fingerprint.size}, p.fingerprint.hash, std::uint64_t{p.is_skipping}}) {
    line += std::to_string(number);
    line += ' ';
  }
  return line + escaped(p.path) + '\n';
}

std::optional<Position> decode(std::string_view line) {
  Position p;
  std::uint32_t skipping = 0;
  if (!take_number(line, p.identity.device) || !take_number(line, p.identity.inode) || !take_number(line, p.offset) ||
      !take_number(line, p.line) || !take_number(line, p.fingerprint.size) || !take_number(line, p.fingerprint.hash) ||
      !take_number(line, skipping) || p.offset < 0) {
    return std::nullopt;
  }
  p.is_skipping = skipping != 0;
  p.path = unescaped(line);
  return p;
}

}  // namespace

std::optional<Fingerprint> fingerprint_of(int file, std::int64_t size) {
  std::array<unsigned char, Fingerprint::kMaxBytes> bytes{};
  const std::size_t wanted =
      size < static_cast<std::int64_t>(bytes.size()) ? static_cast<std::size_t>(size) : bytes.size();
  std::size_t have = 0;
  while (have < wanted) {
    const ssize_t got = pread(file, bytes.data() + have, wanted - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    have += static_cast<std::size_t>(got);
  }
  std::uint64_t hash = 14'695'981'039'346'656'037U;  // FNV-1a
  for (std::size_t i = 0; i < wanted; ++i) hash = (hash ^ bytes[i]) * 1'099'511'628'211U;
  return Fingerprint{static_cast<std::uint32_t>(wanted), hash};
}

std::string encode_positions(const std::vector<Position>& positions, std::size_t max_bytes) {
  std::size_t first = positions.size();
  std::size_t size = kHeader.size();
  std::vector<std::string> lines(positions.size());
  while (first > 0) {
    lines[first - 1] = encode(positions[first - 1]);
    size += lines[first - 1].size();
    if (size > max_bytes) break;
    --first;
  }
  std::string text(kHeader);
  for (; first < lines.size(); ++first) text += lines[first];
  return text;
}

std::optional<std::vector<Position>> decode_positions(std::string_view text) {
  if (!text.starts_with(kHeader)) return std::nullopt;
  text.remove_prefix(kHeader.size());
  std::vector<Position> positions;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::optional<Position> position = decode(text.substr(0, end));
    if (!position) return std::nullopt;
    positions.push_back(std::move(*position));
    text.remove_prefix(end + 1);
  }
  return positions;
}

}  // namespace sluice::ndjson
