#include "ndjson/lines.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::ndjson {

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r") == std::string_view::npos; }

Place split_lines(std::string_view text, Place at, std::vector<Line>& out) {
  const char* begin = text.data();
  const char* const end = begin + text.size();
  while (begin != end) {
    const auto* newline = static_cast<const char*>(std::memchr(begin, '\n', static_cast<std::size_t>(end - begin)));
    if (newline == nullptr) break;
    std::string_view line(begin, static_cast<std::size_t>(newline - begin));
    begin = newline + 1;
    at.offset += static_cast<std::int64_t>(line.size()) + 1;
    ++at.line;
    if (line.ends_with('\r')) line.remove_suffix(1);
    // A line of text begins with neither in nearly all cases, so this is one comparison.
    if (line.empty() || (static_cast<unsigned char>(line.front()) <= ' ' && is_blank(line))) continue;
    out.push_back({line, at.line, at.offset});
  }
  return at;
}

Block::Block(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes), bytes_(kFirstBytes) {}

bool Block::grow() {
  const std::size_t enough = max_line_bytes_ + 2;  // and its CRLF
  if (bytes_.size() >= enough) return false;
  bytes_.resize(std::min(enough, bytes_.size() * 2));
  return true;
}

}  // namespace sluice::ndjson
