#include "plugin/probe.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "plugin/text.hpp"

namespace sluice::plugin {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The child's last line. Exit code 0 alone proves nothing: a plugin's initialiser may call exit(0).
constexpr std::string_view kLoaded = "sluice-plugin-probe: loaded\n";
constexpr std::string_view kRefused = "sluice-plugin-probe: refused: ";
constexpr std::size_t kOutputMaxBytes = 4096;
// A child is gone a moment after it closed its output; without output (a grandchild holds it) it is looked for as
// often.
constexpr milliseconds kExitPoll{2};
constexpr milliseconds kIdlePoll{20};

std::string in_seconds(milliseconds time) {
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s" : std::to_string(time.count()) + " ms";
}

/// One child, from spawn to its verdict.
class Child {
 public:
  Child() = default;
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)),
        output_fd_(std::exchange(other.output_fd_, -1)),
        output_(std::move(other.output_)) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child& operator=(Child&&) = delete;
  ~Child() {
    if (pid_ > 0) kill_and_reap();
    close_output();
  }

  Status spawn(const std::filesystem::path& executable, const std::filesystem::path& plugin);
  void kill_and_reap();
  /// Reads what is there; closes at the end of the output.
  void read_output();
  /// True once the child is gone; its wait status is then in `wait_status`.
  bool reap(int& wait_status);

  [[nodiscard]] int output_fd() const { return output_fd_; }
  [[nodiscard]] bool is_running() const { return pid_ > 0; }
  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  void close_output() {
    if (output_fd_ >= 0) ::close(std::exchange(output_fd_, -1));
  }

  pid_t pid_ = -1;
  int output_fd_ = -1;
  std::string output_;  // the last kOutputMaxBytes
};

Status Child::spawn(const std::filesystem::path& executable, const std::filesystem::path& plugin) {
  std::array<int, 2> ends{};
  // Only the end read here is non-blocking: the child's standard output is a plain one.
  if (::pipe2(ends.data(), O_CLOEXEC) != 0 || ::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
    return {Code::kIo, std::string("cannot make a pipe for the probe: ") + std::strerror(errno)};
  }
  output_fd_ = ends[0];
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  // The gateway blocks and handles signals of its own; the child starts as a fresh program would. Its own process
  // group, so that whatever a plugin starts can be killed with it.
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string program = executable.string();
  std::string command = "plugin-probe";
  std::string path = plugin.string();
  std::array<char*, 4> arguments = {program.data(), command.data(), path.data(), nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program.c_str(), &files, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  ::close(ends[1]);
  if (error != 0) {
    close_output();
    return {Code::kIo, "cannot start the probe " + program + ": " + std::strerror(error)};
  }
  pid_ = pid;
  return {};
}

void Child::kill_and_reap() {
  // The group first: once its leader is reaped, its number could be given to others.
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

void Child::read_output() {
  std::array<char, 4096> chunk{};
  while (output_fd_ >= 0) {
    const ssize_t bytes = ::read(output_fd_, chunk.data(), chunk.size());
    if (bytes > 0) {
      output_.append(chunk.data(), static_cast<std::size_t>(bytes));
      if (output_.size() > kOutputMaxBytes) output_.erase(0, output_.size() - kOutputMaxBytes);
      if (static_cast<std::size_t>(bytes) < chunk.size()) return;
      continue;
    }
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0 && errno == EAGAIN) return;
    close_output();
  }
}

bool Child::reap(int& wait_status) {
  // Looked at before it is reaped, so that its process group can still be named.
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != pid_) {
    return false;
  }
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, &wait_status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  read_output();
  return true;
}

std::string signal_text(int number) {
  const char* name = ::sigabbrev_np(number);
  return "signal " + std::to_string(number) + (name == nullptr ? "" : std::string(" (SIG") + name + ")");
}

std::string last_line(std::string_view output) {
  while (!output.empty() && output.back() == '\n') output.remove_suffix(1);
  const std::size_t begin = output.rfind('\n');
  if (begin != std::string_view::npos) output.remove_prefix(begin + 1);
  return output.empty() ? "" : "; it last wrote: " + printable(output, 300);
}

/// `prefix` names the plugin; the child's own refusals do that themselves.
Status verdict(int wait_status, std::string_view output, const std::string& prefix) {
  if (WIFSIGNALED(wait_status)) {
    return {Code::kInvalid,
            prefix + "killed by " + signal_text(WTERMSIG(wait_status)) + " while it was loaded" + last_line(output)};
  }
  const int exit_code = WEXITSTATUS(wait_status);
  if (exit_code == 0 && output.ends_with(kLoaded)) return {};
  if (const std::size_t at = output.rfind(kRefused); exit_code == 1 && at != std::string_view::npos) {
    std::string_view text = output.substr(at + kRefused.size());
    if (text.ends_with('\n')) text.remove_suffix(1);
    return {Code::kInvalid, printable(text, kOutputMaxBytes)};
  }
  return {Code::kInvalid, prefix + "ended its process with exit code " + std::to_string(exit_code) +
                              " while it was loaded" + last_line(output)};
}

void harden_child() {
  rlimit no_core{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &no_core);
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void write_out(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::vector<Status> probe(const std::filesystem::path& executable, const std::vector<std::filesystem::path>& plugins,
                          milliseconds timeout) {
  std::vector<Status> verdicts(plugins.size());
  std::vector<Child> children(plugins.size());
  const auto prefix = [&](std::size_t i) { return "plugin " + plugins[i].string() + ": "; };
  const steady_clock::time_point deadline = steady_clock::now() + timeout;
  for (std::size_t i = 0; i < plugins.size(); ++i) {
    if (Status spawned = children[i].spawn(executable, plugins[i]); !spawned.ok()) {
      verdicts[i] = std::move(spawned).with_context("plugin " + plugins[i].string());
    }
  }
  for (;;) {
    std::vector<pollfd> outputs;
    bool is_any_running = false;
    bool is_any_closing = false;
    for (std::size_t i = 0; i < children.size(); ++i) {
      Child& child = children[i];
      if (!child.is_running()) continue;
      child.read_output();
      if (int wait_status = 0; child.reap(wait_status)) {
        verdicts[i] = verdict(wait_status, child.output(), prefix(i));
        continue;
      }
      is_any_running = true;
      if (child.output_fd() >= 0) {
        outputs.push_back({child.output_fd(), POLLIN, 0});
      } else {
        is_any_closing = true;
      }
    }
    if (!is_any_running) return verdicts;
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left <= milliseconds::zero()) break;
    const milliseconds pause = std::min(left, is_any_closing ? kExitPoll : kIdlePoll);
    (void)::poll(outputs.data(), outputs.size(), static_cast<int>(pause.count()));
  }
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (!children[i].is_running()) continue;
    children[i].kill_and_reap();
    verdicts[i] = Status(Code::kTimeout, prefix(i) + "did not finish loading within " + in_seconds(timeout) +
                                             last_line(children[i].output()));
  }
  return verdicts;
}

int run_probe(const std::filesystem::path& plugin, const SchemaChecker& schemas, const OptionTableCheck& options) {
  harden_child();
  const Result<LoadedPlugin> loaded = load(plugin, schemas, options);
  (void)std::fflush(nullptr);  // what the plugin printed comes before the answer
  write_out(loaded ? std::string(kLoaded) : std::string(kRefused) + loaded.status().text() + "\n");
  ::_exit(loaded ? 0 : 1);
}

}  // namespace sluice::plugin
