#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/buffer.hpp"

namespace sluice::pipeline {

/// The offset of `text` in `buffer`: where it is if it already lies inside, else appended.
inline std::size_t keep_in(Buffer& buffer, std::string_view text) {
  const auto begin = reinterpret_cast<std::uintptr_t>(buffer.data());
  const auto at = reinterpret_cast<std::uintptr_t>(text.data());
  if (buffer.size() != 0 && at >= begin && at < begin + buffer.size()) return at - begin;
  const std::size_t offset = buffer.size();
  buffer.append(text);
  return offset;
}

}  // namespace sluice::pipeline
