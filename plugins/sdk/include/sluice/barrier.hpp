#pragma once

/// Nothing thrown by a plugin crosses the C ABI: a throw becomes SLUICE_FAILED, its text goes to the caller's buffer.
/// Thread: any. Threads are never cancelled: pthread_cancel unwinds through catch (...) and would abort the process.

#include <algorithm>
#include <cstring>
#include <exception>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sluice/plugin_abi.h"

namespace sluice::inline sdk {

[[nodiscard]] constexpr sluice_str to_abi(std::string_view text) { return {text.data(), text.size()}; }
[[nodiscard]] inline sluice_bytes to_abi_bytes(std::string_view bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}
[[nodiscard]] constexpr std::string_view from_abi(sluice_str text) {
  return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}
[[nodiscard]] inline std::string_view from_abi(sluice_bytes bytes) {
  return bytes.size == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(bytes.data), bytes.size);
}

/// Copies what fits of `text`, whole UTF-8 characters only, and returns SLUICE_FAILED. `error` may be null.
inline sluice_status put_error(sluice_error* error, std::string_view text) noexcept {
  if (error == nullptr || error->data == nullptr) return SLUICE_FAILED;
  std::size_t size = std::min(text.size(), error->capacity);
  if (size < text.size()) {
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  }
  if (size != 0) std::memcpy(error->data, text.data(), size);
  error->size = size;
  return SLUICE_FAILED;
}

/// Runs `body`, which returns a sluice_status or nothing (then OK).
template <class Body>
[[nodiscard]] sluice_status barrier(sluice_error* error, Body&& body) noexcept {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
      std::forward<Body>(body)();
      return SLUICE_OK;
    } else {
      return std::forward<Body>(body)();
    }
  } catch (const std::exception& e) {
    return put_error(error, e.what());
  } catch (...) {
    return put_error(error, "threw something that is not a std::exception");
  }
}

}  // namespace sluice::inline sdk
