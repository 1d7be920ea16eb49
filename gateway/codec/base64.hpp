#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::codec {

/// RFC 4648 with padding.
constexpr std::size_t base64_bytes(std::size_t raw_bytes) { return (raw_bytes + 2) / 3 * 4; }

/// Writes base64_bytes(raw.size()) characters and returns the place behind them.
char* write_base64(char* to, std::string_view raw);

/// Standard or URL-safe alphabet, padded or not. Writes at most text.size() / 4 * 3 + 2 bytes and returns the place
/// behind them, or null when the text is not base64.
char* read_base64(char* to, std::string_view text);

}  // namespace sluice::codec
