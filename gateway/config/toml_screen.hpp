#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/load.hpp"

namespace sluice::config {

/// Finds what the parser must not be given, or null:
/// - more than 128 dots in a line: a.b.c nests tables, and the parser recurses while it destroys them;
/// - characters beyond ASCII outside of strings and comments, or first after a line-ending backslash. TOML forbids the
///   former; toml++ 3.3 looks both up in a table whose gaps it declares unreachable.
std::optional<Diagnostic> screen_toml(std::string_view text, const std::string& file);

}  // namespace sluice::config
