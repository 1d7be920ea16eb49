#include "console/screen.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sluice::console {
namespace {

constexpr int kPatienceMs = 1000;
constexpr std::size_t kChunkBytes = 4096;  // PIPE_BUF: a pipe that polls ready takes so much without blocking

winsize size_of(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return {};
  return size;
}

/// A write to a pipe without reader must give EPIPE here and not end the process, whatever the process does with
/// SIGPIPE.
class SigpipeHeld {
 public:
  SigpipeHeld() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~SigpipeHeld() {
    const timespec now{0, 0};
    while (!was_pending_ && sigtimedwait(&sigpipe_, nullptr, &now) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeHeld(const SigpipeHeld&) = delete;
  SigpipeHeld& operator=(const SigpipeHeld&) = delete;

 private:
  sigset_t sigpipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace

bool Screen::is_terminal() const { return isatty(descriptor_) == 1; }
std::size_t Screen::width() const { return size_of(descriptor_).ws_col; }
std::size_t Screen::height() const { return size_of(descriptor_).ws_row; }

void Screen::write(std::string_view text) {
  const SigpipeHeld held;
  bool has_patience = true;
  bool needs_line_end = std::exchange(is_cut_, false);
  while (!text.empty() && !is_closed_ && has_patience) {
    pollfd ready{descriptor_, POLLOUT, 0};
    const int count = poll(&ready, 1, kPatienceMs);
    if (count < 0 && errno == EINTR) continue;
    has_patience = count > 0;
    if (!has_patience) break;
    const std::string_view part = needs_line_end ? std::string_view("\n") : text.substr(0, kChunkBytes);
    const ssize_t written = ::write(descriptor_, part.data(), part.size());
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (written < 0) {
      is_closed_ = true;
    } else if (needs_line_end) {
      needs_line_end = false;
    } else {
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  dropped_bytes_ += text.size();
  is_cut_ = !text.empty();
}

void Screen::draw(const std::vector<std::string>& lines) {
  std::string frame;
  if (frame_lines_ > 0) frame += "\x1b[" + std::to_string(frame_lines_) + "A";
  frame += "\r";
  for (const std::string& line : lines) frame += line + "\x1b[K\n";
  frame += "\x1b[J";
  frame_lines_ = lines.size();
  write(frame);
}

std::uint64_t Screen::take_dropped_bytes() { return std::exchange(dropped_bytes_, 0); }

}  // namespace sluice::console
