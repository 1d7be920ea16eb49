#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text that comes from a plugin or goes into its buffers. Thread: any; pure functions.
namespace sluice::plugin {

[[nodiscard]] bool is_utf8(std::string_view text);

/// [a-z0-9_]{1,64}: what plugins, options, streams and reasons are called.
[[nodiscard]] bool is_name(std::string_view text);

/// Length of the longest prefix of at most `max_bytes` that splits no UTF-8 sequence.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text, std::size_t max_bytes);

/// Fit for a log line: control bytes and bytes that are not UTF-8 as \xNN, cut to about `max_bytes`.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes = 1024);

}  // namespace sluice::plugin
