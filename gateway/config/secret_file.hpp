#pragma once

#include <filesystem>
#include <string>

#include "core/status.hpp"

namespace sluice::config {

/// The content of a file that holds a secret, without one newline at its end. Refused: anything but a regular file,
/// more than 64 KiB, a zero byte, and a file that group or others may read or write. Below `credentials_dir` (systemd's
/// $CREDENTIALS_DIRECTORY; empty: none) the group may read, because systemd's access list shows up as a group bit.
/// Errors: kIo, kInvalid; their text never holds content. Thread: any; does file I/O.
Result<std::string> read_secret_file(const std::filesystem::path& path, const std::filesystem::path& credentials_dir);

}  // namespace sluice::config
