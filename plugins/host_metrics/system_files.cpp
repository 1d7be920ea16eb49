#include "host_metrics/system_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace sluice::host_metrics {
namespace {

constexpr std::size_t kMaxFileBytes = 1U << 20U;

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { closedir(directory); }
};

}  // namespace

RealFiles::RealFiles(std::string root) : root_(std::move(root)) {}

std::optional<std::string> RealFiles::read(const std::string& path) {
  // Not blocking: a path that leads to a FIFO must not hold the readings up.
  const int file = open((root_ + path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return std::nullopt;
  std::string text;
  ssize_t got = 0;
  do {
    const std::size_t used = text.size();
    text.resize(used + 4096);
    got = ::read(file, text.data() + used, text.size() - used);
    text.resize(used + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  } while ((got > 0 && text.size() < kMaxFileBytes) || (got < 0 && errno == EINTR));
  close(file);
  if (got < 0) return std::nullopt;  // sensors that sleep, and pressure files that are switched off, say so here
  return text;
}

std::vector<std::string> RealFiles::list(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir((root_ + path).c_str()));
  if (!directory) return names;
  while (const dirent* entry = readdir(directory.get())) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<Space> RealFiles::space(const std::string& mount_point) {
  struct statvfs facts {};
  if (statvfs((root_ + mount_point).c_str(), &facts) != 0 || facts.f_blocks == 0) return std::nullopt;
  const auto bytes = [&](fsblkcnt_t blocks) {
    return static_cast<std::int64_t>(blocks) * static_cast<std::int64_t>(facts.f_frsize);
  };
  return Space{bytes(facts.f_blocks), bytes(facts.f_bfree), bytes(facts.f_bavail)};
}

}  // namespace sluice::host_metrics
