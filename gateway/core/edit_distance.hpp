#pragma once

#include <cstddef>
#include <string_view>

namespace sluice {

/// Edits that turn one word into the other: insert, delete, replace, swap of neighbours (optimal string alignment). For
/// "did you mean"; takes time and memory by the product of the sizes.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace sluice
