#include "kafka/embedded_broker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <fstream>
#include <mutex>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

namespace sluice::kafka {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kFirstRestartDelay{100};
constexpr milliseconds kLastRestartDelay{10'000};
// A child that lived this long was healthy: the next restart is quick again.
constexpr milliseconds kHealthyAfter{60'000};
constexpr milliseconds kAddressPollInterval{5};

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string new_uuid() {
  std::random_device random;
  std::array<std::uint32_t, 4> bits{random(), random(), random(), random()};
  bits[1] = (bits[1] & 0xffff0fffU) | 0x4000U;
  bits[2] = (bits[2] & 0x3fffffffU) | 0x80000000U;
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%04x%08x", bits[0], bits[1] >> 16U, bits[1] & 0xffffU,
                bits[2] >> 16U, bits[2] & 0xffffU, bits[3]);
  return text.data();
}

std::string describe_exit(int wait_status) {
  if (WIFSIGNALED(wait_status)) return "was killed by signal " + std::to_string(WTERMSIG(wait_status));
  return "exited with status " + std::to_string(WEXITSTATUS(wait_status));
}

class BrokerChild final : public EmbeddedBroker {
 public:
  BrokerChild(const EmbeddedBrokerSettings& settings, Log& log)
      : settings_(settings), log_(log), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~BrokerChild() override;

  Status start();

  [[nodiscard]] std::shared_ptr<const Bootstrap> bootstrap() const override {
    const std::lock_guard lock(mutex_);
    return bootstrap_;
  }
  [[nodiscard]] std::string incarnation() const override {
    const std::lock_guard lock(mutex_);
    return incarnation_;
  }
  [[nodiscard]] std::uint64_t restarts() const override {
    const std::lock_guard lock(mutex_);
    return restarts_;
  }
  [[nodiscard]] bool is_running() const override { return pid() != 0; }
  [[nodiscard]] int pid() const override {
    const std::lock_guard lock(mutex_);
    return is_ready_ ? pid_ : 0;
  }

 private:
  void run();
  Status spawn();
  Status await_address(std::string& address);
  void announce(const std::string& address);
  bool is_stopping() const {
    const std::lock_guard lock(mutex_);
    return is_stopping_;
  }
  bool wait_for_stop_or(int fd, milliseconds timeout) const;
  int collect_child();
  void kill_child();

  const EmbeddedBrokerSettings settings_;
  Log& log_;
  const FileDescriptor wake_;  ///< readable once stopping

  // The watching thread only.
  FileDescriptor child_;  ///< pidfd: readable when the child has ended

  mutable std::mutex mutex_;
  std::condition_variable started_;
  std::shared_ptr<Bootstrap> bootstrap_;  // this and all below: guarded by mutex_
  std::string incarnation_;
  std::uint64_t restarts_ = 0;
  int pid_ = 0;
  bool is_ready_ = false;
  bool is_stopping_ = false;
  bool is_first_start_over_ = false;
  Status first_start_;

  std::thread thread_;
};

BrokerChild::~BrokerChild() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  const std::uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
}

Status BrokerChild::start() {
  if (wake_.get() < 0) return {Code::kIo, std::string("eventfd: ") + std::strerror(errno)};
  thread_ = std::thread([this] { run(); });
  std::unique_lock lock(mutex_);
  started_.wait(lock, [this] { return is_first_start_over_; });
  return first_start_;
}

void BrokerChild::run() {
  milliseconds delay = kFirstRestartDelay;
  for (bool is_first = true; !is_stopping(); is_first = false) {
    std::string address;
    Status status = spawn();
    if (status.ok()) status = await_address(address);
    if (status.ok()) {
      announce(address);
      const auto began = SteadyClock::now();
      if (wait_for_stop_or(child_.get(), milliseconds(-1))) break;
      if (SteadyClock::now() - began > kHealthyAfter) delay = kFirstRestartDelay;
      const int wait_status = collect_child();
      status = Status(Code::kUnavailable, "it " + describe_exit(wait_status) + "; what it held is gone");
    } else if (is_first) {
      kill_child();
      const std::lock_guard lock(mutex_);
      first_start_ = std::move(status);
      is_first_start_over_ = true;
      started_.notify_all();
      return;
    }
    kill_child();
    if (is_stopping()) break;
    log_.error("kafka",
               "embedded broker: " + status.text() + "; next start in " + std::to_string(delay.count()) + " ms");
    if (wait_for_stop_or(-1, delay)) break;
    delay = std::min(delay * 2, kLastRestartDelay);
  }
  kill_child();
}

Status BrokerChild::spawn() {
  std::error_code ignored;
  std::filesystem::remove(settings_.address_file, ignored);
  std::vector<std::string> words = {settings_.executable.string(), "broker", "--address-file",
                                    settings_.address_file.string()};
  for (const BrokerTopic& topic : settings_.topics) {
    words.emplace_back("--topic");
    words.push_back(topic.name + ":" + std::to_string(topic.partitions));
  }
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return {Code::kIo, std::string("fork: ") + std::strerror(errno)};
  if (pid == 0) {  // only async-signal-safe calls from here to exec
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);  // the parent died before prctl
    setpgid(0, 0);                        // a Ctrl+C in the terminal is for the gateway, which still needs its broker
    syscall(SYS_close_range, 3U, ~0U, 0U);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int null_device = open("/dev/null", O_RDWR);
    dup2(null_device, STDIN_FILENO);
    dup2(null_device, STDOUT_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  child_ = FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  const std::lock_guard lock(mutex_);
  pid_ = pid;
  if (child_.get() < 0) return {Code::kIo, std::string("pidfd_open: ") + std::strerror(errno)};
  return {};
}

Status BrokerChild::await_address(std::string& address) {
  const auto deadline = SteadyClock::now() + settings_.start_timeout;
  while (SteadyClock::now() < deadline) {
    std::ifstream file(settings_.address_file);
    if (file && std::getline(file, address) && !address.empty()) return {};
    if (wait_for_stop_or(child_.get(), kAddressPollInterval)) return {Code::kClosed, "stopped while it started"};
    int wait_status = 0;
    if (waitpid(pid_, &wait_status, WNOHANG) == pid_) {
      const std::lock_guard lock(mutex_);
      pid_ = 0;
      return {Code::kIo, settings_.executable.string() + " broker " + describe_exit(wait_status)};
    }
  }
  return {Code::kTimeout, settings_.executable.string() + " broker gave no address"};
}

void BrokerChild::announce(const std::string& address) {
  const std::lock_guard lock(mutex_);
  incarnation_ = new_uuid();
  is_ready_ = true;
  if (bootstrap_ == nullptr) {
    bootstrap_ = std::make_shared<Bootstrap>(address);
    is_first_start_over_ = true;
    started_.notify_all();
  } else {
    ++restarts_;
    bootstrap_->move_to(address);
    log_.warning("kafka", "embedded broker: started again, empty, at " + address);
  }
}

/// True when stopping; false when `fd` (if any) became readable or the time is over. A negative timeout: for ever.
bool BrokerChild::wait_for_stop_or(int fd, milliseconds timeout) const {
  std::array<pollfd, 2> waits{{{wake_.get(), POLLIN, 0}, {fd, POLLIN, 0}}};
  while (::poll(waits.data(), waits.size(), static_cast<int>(timeout.count())) < 0 && errno == EINTR) {
  }
  return is_stopping();
}

/// Waits for the child, which has ended or was killed; its wait status.
int BrokerChild::collect_child() {
  pid_t pid = 0;
  {
    const std::lock_guard lock(mutex_);
    pid = std::exchange(pid_, 0);
    is_ready_ = false;
  }
  int wait_status = 0;
  if (pid != 0) waitpid(pid, &wait_status, 0);
  child_ = FileDescriptor();
  std::error_code ignored;
  std::filesystem::remove(settings_.address_file, ignored);
  return wait_status;
}

void BrokerChild::kill_child() {
  {
    const std::lock_guard lock(mutex_);
    if (pid_ != 0) kill(pid_, SIGKILL);
  }
  collect_child();
}

}  // namespace

Result<std::unique_ptr<EmbeddedBroker>> EmbeddedBroker::start(const EmbeddedBrokerSettings& settings, Log& log) {
  auto broker = std::make_unique<BrokerChild>(settings, log);
  if (Status status = broker->start(); !status.ok()) return std::move(status).with_context("embedded broker");
  return Result<std::unique_ptr<EmbeddedBroker>>(std::move(broker));
}

}  // namespace sluice::kafka
