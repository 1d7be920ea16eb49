#pragma once

namespace sluice {

inline constexpr const char* kVersion = SLUICE_VERSION;  ///< of the CMake project

}  // namespace sluice
