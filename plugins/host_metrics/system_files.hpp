#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::host_metrics {

/// Space of one mounted file system, as statvfs tells it.
struct Space {
  std::int64_t total_bytes = 0;
  std::int64_t free_bytes = 0;       ///< with what is reserved for root
  std::int64_t available_bytes = 0;  ///< for everybody
};

/// What is read of the machine. Whatever cannot be read is absent; nothing is an error. Paths are absolute
/// ("/proc/stat"). Thread: one at a time.
class SystemFiles {
 public:
  virtual ~SystemFiles() = default;
  /// The whole file, cut at 1 MiB.
  virtual std::optional<std::string> read(const std::string& path) = 0;
  /// Names in a folder, sorted, without "." and "..".
  virtual std::vector<std::string> list(const std::string& path) = 0;
  virtual std::optional<Space> space(const std::string& mount_point) = 0;
};

/// The kernel's own files, all below `root` ("" for this machine, "/host" for one mounted into a container).
class RealFiles final : public SystemFiles {
 public:
  explicit RealFiles(std::string root);
  std::optional<std::string> read(const std::string& path) override;
  std::vector<std::string> list(const std::string& path) override;
  std::optional<Space> space(const std::string& mount_point) override;

 private:
  const std::string root_;
};

}  // namespace sluice::host_metrics
