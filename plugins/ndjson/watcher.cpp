#include "ndjson/watcher.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace sluice::ndjson {
namespace {

constexpr std::uint32_t kFolderChanges = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;
constexpr std::uint32_t kFileMoves = IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB;

}  // namespace

Watcher::Watcher()
    : changes_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)), wake_up_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Watcher::watch(const std::vector<std::string>& files, const std::vector<std::string>& folders) {
  if (!changes_.is_open()) return;
  for (const std::string& file : files) inotify_add_watch(changes_.get(), file.c_str(), IN_MODIFY | kFileMoves);
  for (const std::string& folder : folders) inotify_add_watch(changes_.get(), folder.c_str(), kFolderChanges);
}

Watcher::Woken Watcher::wait(std::int64_t timeout_us, int descriptor) {
  std::array<pollfd, 3> ready = {{{changes_.get(), POLLIN, 0}, {wake_up_.get(), POLLIN, 0}, {descriptor, POLLIN, 0}}};
  const auto timeout_ms = static_cast<int>(std::clamp<std::int64_t>((timeout_us + 999) / 1000, 0, 3'600'000));
  Woken woken;
  if (poll(ready.data(), ready.size(), timeout_ms) <= 0) return woken;
  woken.has_more = ready[2].revents != 0;
  alignas(inotify_event) std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t got = read(changes_.get(), buffer.data(), buffer.size());
    if (got <= 0) return woken;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      at += sizeof event + event.len;
      if ((event.mask & IN_MODIFY) != 0) woken.has_more = true;
      if ((event.mask & (kFolderChanges | kFileMoves | IN_Q_OVERFLOW)) != 0) woken.has_folder_change = true;
    }
  }
}

void Watcher::wake() {
  const std::uint64_t one = 1;
  // Full is as good as written: the counter is not zero either way.
  [[maybe_unused]] const ssize_t written = write(wake_up_.get(), &one, sizeof one);
}

}  // namespace sluice::ndjson
