#pragma once

#include <sluice/plugin_abi.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin_info.hpp"
#include "core/status.hpp"

namespace sluice::plugin {

/// The other side's struct, copied once into a zeroed one of ours: from there on a member it was compiled without is
/// simply zero. Shorter than the first released layout, or longer than ours, is kInvalid.
template <class T>
Result<T> read_struct(const T* theirs, std::size_t min_bytes, std::string_view what) {
  const std::string name(what);
  if (theirs == nullptr) return Status(Code::kInvalid, name + " is null");
  if (reinterpret_cast<std::uintptr_t>(theirs) % alignof(T) != 0) {
    return Status(Code::kInvalid, name + " is not aligned");
  }
  std::uint32_t size = 0;
  std::memcpy(&size, theirs, sizeof size);
  if (size < min_bytes || size > sizeof(T)) {
    return Status(Code::kInvalid, name + " has struct_size " + std::to_string(size) + ", expected " +
                                      (min_bytes == sizeof(T) ? std::string() : std::to_string(min_bytes) + " to ") +
                                      std::to_string(sizeof(T)));
  }
  T known{};
  std::memcpy(&known, theirs, size);
  return known;
}

/// What a plugin says of itself, once it is checked: plain data, and the callbacks of its kind.
struct Description {
  PluginInfo info;
  sluice_source_v1 source{};      ///< meaningful when info.kind is kSource
  sluice_consumer_v1 consumer{};  ///< meaningful when info.kind is kConsumer
};

/// Everything the check of a description needs from elsewhere.
struct DescriptionChecks {
  const SchemaChecker& schemas;
  const std::function<Status(const std::vector<OptionSpec>&)>& options;
  std::uint32_t host_minor = SLUICE_ABI_MINOR;
};

/// Copies and checks what sluice_plugin_entry_v1 returned; `path` is the plugin's file, whose name the plugin must
/// bear. Sizes, counts, strides, text, names and enumerators are checked before they are used; that a pointer which is
/// not null points to memory cannot be checked, and is what the probe's child process is for. kInvalid with what was
/// found and what was expected. Thread: any.
Result<Description> read_description(const sluice_plugin_v1* theirs, const std::filesystem::path& path,
                                     const DescriptionChecks& checks);

}  // namespace sluice::plugin
