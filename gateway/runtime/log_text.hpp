#pragma once

#include <string>
#include <string_view>

namespace sluice::runtime {

/// Text that shows control characters (C0, DEL, C1) and invalid UTF-8 instead of sending them to a terminal.
std::string escape_for_terminal(std::string_view text);

/// The inside of a JSON string; invalid UTF-8 becomes U+FFFD.
std::string escape_for_json(std::string_view text);

}  // namespace sluice::runtime
