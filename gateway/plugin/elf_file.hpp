#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/status.hpp"

namespace sluice::plugin {

/// Largest file that is taken for a plugin.
inline constexpr std::size_t kPluginFileMaxBytes = 256UL << 20U;

/// Names of the dynamic symbols a shared library of this machine defines for others, sorted, without those that linkers
/// add by themselves (_init, _end, ...). Everything in `file` is untrusted: each offset is checked before it is
/// followed. kInvalid: not an ELF file, another class, byte order or machine, not a shared library, cut short, no
/// symbol table. Thread: any.
Result<std::vector<std::string>> exported_symbols(std::span<const std::byte> file);

/// The same for a file, which must be a regular one. kIo when it cannot be read.
Result<std::vector<std::string>> exported_symbols(const std::filesystem::path& path);

}  // namespace sluice::plugin
