#include "runtime/service.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

namespace sluice::runtime {
namespace {

using namespace std::chrono_literals;

/// The manager's end of $NOTIFY_SOCKET.
class FakeManager {
 public:
  explicit FakeManager(const std::string& watchdog_usec = "") {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice_notify_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    const std::string path = folder_ / "socket";
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const timeval longest{10, 0};
    EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    if (!watchdog_usec.empty()) ::setenv("WATCHDOG_USEC", watchdog_usec.c_str(), 1);
  }
  ~FakeManager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
    ::close(fd_);
    std::filesystem::remove_all(folder_);
  }
  FakeManager(const FakeManager&) = delete;
  FakeManager& operator=(const FakeManager&) = delete;

  std::string receive(int flags = 0) {
    std::array<char, 256> text{};
    const ssize_t size = ::recv(fd_, text.data(), text.size(), flags);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  std::filesystem::path folder_;
  int fd_ = -1;
};

TEST(ServiceManager, TellsItsStatesInTheProtocolsWords) {
  FakeManager manager;
  const ServiceManager service;
  service.ready();
  EXPECT_EQ(manager.receive(), "READY=1");
  service.status("two\nlines");
  EXPECT_EQ(manager.receive(), "STATUS=two lines");
  service.extend_timeout(5s);
  EXPECT_EQ(manager.receive(), "EXTEND_TIMEOUT_USEC=5000000");
  service.stopping();
  EXPECT_EQ(manager.receive(), "STOPPING=1");
}

TEST(ServiceManager, DoesNothingWithoutAManager) {
  ::unsetenv("NOTIFY_SOCKET");
  const ServiceManager service;
  service.ready();
  EXPECT_EQ(service.watchdog_interval(), 0ms);
}

TEST(ServiceManager, FeedsTheWatchdogOnlyWhileThereIsProgress) {
  FakeManager manager("4000");
  const ServiceManager service;
  EXPECT_EQ(service.watchdog_interval(), 2ms);
  Runtime runtime;
  std::atomic<bool> has_progress{true};
  std::atomic<int> asked_in_vain{0};
  service.keep_watchdog_fed(runtime, [&] {
    if (!has_progress) ++asked_in_vain;
    return has_progress.load();
  });
  ASSERT_TRUE(runtime.start().ok());

  EXPECT_EQ(manager.receive(), "WATCHDOG=1");
  runtime.call([&] { has_progress = false; });
  while (!manager.receive(MSG_DONTWAIT).empty()) {
  }
  while (asked_in_vain < 3) std::this_thread::yield();

  EXPECT_EQ(manager.receive(MSG_DONTWAIT), "");
}

TEST(ServiceManager, IsNotWatchedWhenTheWatchdogIsForAnotherProcess) {
  const FakeManager manager("4000");
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(ServiceManager().watchdog_interval(), 0ms);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(ServiceManager().watchdog_interval(), 2ms);
}

}  // namespace
}  // namespace sluice::runtime
