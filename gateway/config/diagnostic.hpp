#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace sluice::config {

/// "FILE:LINE:COL", or only FILE where there is no position.
std::string place(const Location& where);

/// "one of a, b, c"; with one: "a".
std::string one_of(const std::vector<std::string>& words);

/// A value of the user's for a message: quoted, control bytes escaped, cut after 64 bytes.
std::string shown_text(std::string_view text);

/// True for [a-z0-9_]{1,64}, or [a-z0-9_-]{1,64} with `is_dash_allowed`.
bool is_name(std::string_view text, bool is_dash_allowed);

/// Sorted by file (in the order of first mention), line and column.
std::vector<Diagnostic> in_reading_order(std::vector<Diagnostic> diagnostics);

}  // namespace sluice::config
