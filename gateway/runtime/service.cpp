#include "runtime/service.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace sluice::runtime {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && rest == text.data() + text.size() ? value : 0;
}

}  // namespace

ServiceManager::ServiceManager() {
  socket_path_ = variable("NOTIFY_SOCKET");
  // "@" stands for a name in the abstract namespace; anything else that is no path is not a unix socket.
  const bool is_usable = !socket_path_.empty() && (socket_path_.front() == '/' || socket_path_.front() == '@') &&
                         socket_path_.size() < sizeof(sockaddr_un::sun_path);
  if (!is_usable) socket_path_.clear();
  const std::string_view watched = variable("WATCHDOG_PID");
  const bool is_for_us = watched.empty() || number(watched) == ::getpid();
  if (is_for_us) watchdog_interval_ = std::chrono::milliseconds(number(variable("WATCHDOG_USEC")) / 2'000);
}

void ServiceManager::status(std::string_view line) const {
  std::string text = "STATUS=" + std::string(line);
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  send(text);
}

void ServiceManager::extend_timeout(std::chrono::microseconds duration) const {
  send("EXTEND_TIMEOUT_USEC=" + std::to_string(duration.count()));
}

void ServiceManager::keep_watchdog_fed(Runtime& runtime, std::function<bool()> has_progress) const {
  if (watchdog_interval_.count() <= 0) return;
  runtime.every(watchdog_interval_, [this, has_progress = std::move(has_progress)] {
    if (has_progress()) send("WATCHDOG=1");
  });
}

void ServiceManager::send(std::string_view text) const {
  if (socket_path_.empty()) return;
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_path_.data(), socket_path_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_path_.size());
  (void)::sendto(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address),
                 size);
  (void)::close(fd);
}

}  // namespace sluice::runtime
