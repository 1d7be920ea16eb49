#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ndjson/tail.hpp"

namespace sluice::ndjson {

/// Sleeps until a watched file or folder changes, something can be read, or somebody wakes it. Where inotify is missing
/// or full (and on network file systems, which tell nothing) only the time wakes it.
class Watcher {
 public:
  Watcher();

  /// May name the same ones again; those that are gone are forgotten by the kernel.
  void watch(const std::vector<std::string>& files, const std::vector<std::string>& folders);

  struct Woken {
    bool has_folder_change = false;  ///< a file came, went, or was renamed
    bool has_more = false;           ///< something is there to read
  };
  /// `descriptor` (or -1) is waited for as well.
  Woken wait(std::int64_t timeout_us, int descriptor);

  /// Ends the current wait and every later one. Thread: any.
  void wake();

 private:
  Descriptor changes_;
  Descriptor wake_up_;
};

}  // namespace sluice::ndjson
