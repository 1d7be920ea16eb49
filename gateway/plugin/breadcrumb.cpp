#include "plugin/breadcrumb.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>

#include "plugin/text.hpp"

namespace sluice::plugin::breadcrumb {
namespace {

constexpr std::size_t kSlots = 256;
constexpr std::uint32_t kVersion = 1;
constexpr char kMagic[8] = {'S', 'L', 'U', 'I', 'C', 'E', 'B', 'C'};
constexpr std::size_t kAlternateStackBytes = 64UL << 10U;
constexpr std::array kFatalSignals = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};

struct Slot {
  std::atomic<std::uint32_t> is_in_use;
  std::atomic<std::uint32_t> open_calls;
  std::atomic<std::uint32_t> cause;
  std::atomic<std::uint32_t> signal;
  char call[24];
  char instance[88];
};
static_assert(sizeof(Slot) == 128 && offsetof(Slot, call) == 16 && offsetof(Slot, instance) == 40);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free, "the signal handler and the file need plain words");

struct File {
  char magic[8];
  std::uint32_t version;
  std::uint32_t slot_count;
  char reserved[112];
  Slot slots[kSlots];
};
static_assert(sizeof(File) == 128 + kSlots * 128);

std::atomic<File*> mapped_file{nullptr};
std::atomic<bool> is_handler_installed{false};

// Trivial, so that a signal handler may read them at any moment of a thread's life.
struct ThreadState {
  std::string_view instance;
  std::string_view call;
  Slot* slot;
  bool has_looked_for_slot;
};
thread_local constinit ThreadState this_thread{};

/// Gives back what a thread took, when it ends.
class ThreadEnd {
 public:
  ThreadEnd() = default;
  ThreadEnd(const ThreadEnd&) = delete;
  ThreadEnd& operator=(const ThreadEnd&) = delete;
  ~ThreadEnd() {
    if (Slot* slot = this_thread.slot; slot != nullptr && has_slot_) {
      // Threads end with no call open; exit() called by a plugin runs this in the middle of one.
      if (slot->open_calls.load() > 0) {
        if (slot->cause.load() == 0) slot->cause.store(static_cast<std::uint32_t>(Cause::kExit));
      } else {
        this_thread.slot = nullptr;
        slot->is_in_use.store(0);
      }
    }
    if (stack_ != nullptr) {
      stack_t off{};
      off.ss_flags = SS_DISABLE;
      ::sigaltstack(&off, nullptr);
      ::munmap(stack_, kAlternateStackBytes);
    }
  }

  void watch_slot() { has_slot_ = true; }

  /// A stack of its own for the crash handler, because running out of stack is one of the crashes.
  void take_signal_stack() {
    stack_t current{};
    if (::sigaltstack(nullptr, &current) != 0 || (current.ss_flags & SS_DISABLE) == 0) return;
    void* stack = ::mmap(nullptr, kAlternateStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) return;
    stack_t ours{};
    ours.ss_sp = stack;
    ours.ss_size = kAlternateStackBytes;
    if (::sigaltstack(&ours, nullptr) != 0) {
      ::munmap(stack, kAlternateStackBytes);
      return;
    }
    stack_ = stack;
  }

 private:
  void* stack_ = nullptr;
  bool has_slot_ = false;
};
thread_local ThreadEnd thread_end;

/// The first call of a thread takes a slot. With all slots taken the thread goes without: the crash line still names
/// it.
void look_for_slot() {
  File* file = mapped_file.load();
  if (file == nullptr) return;
  this_thread.has_looked_for_slot = true;
  if (is_handler_installed.load()) thread_end.take_signal_stack();
  for (Slot& slot : file->slots) {
    std::uint32_t is_free = 0;
    if (!slot.is_in_use.compare_exchange_strong(is_free, 1)) continue;
    slot.open_calls.store(0);
    slot.cause.store(0);
    slot.signal.store(0);
    this_thread.slot = &slot;
    thread_end.watch_slot();
    return;
  }
}

template <std::size_t size>
void copy_text(char (&out)[size], std::string_view text) {
  const std::size_t bytes = std::min(text.size(), size - 1);
  if (bytes != 0) std::memcpy(out, text.data(), bytes);
  out[bytes] = '\0';
}

template <std::size_t size>
std::string text_of(const char (&in)[size]) {
  return printable(std::string_view(in, ::strnlen(in, size)));
}

// What follows runs in a signal handler: no allocation, no lock, no stdio.

struct Line {
  std::array<char, 256> text{};
  std::size_t size = 0;

  void add(std::string_view part) {
    const std::size_t bytes = std::min(part.size(), text.size() - size);
    std::memcpy(text.data() + size, part.data(), bytes);
    size += bytes;
  }
  void add(int number) {
    char digits[12];
    std::size_t at = sizeof digits;
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    add(std::string_view(digits + at, sizeof digits - at));
  }
};

struct sigaction previous_actions[NSIG];

void on_fatal_signal(int number, siginfo_t* info, void* /*context*/) {
  const int saved_errno = errno;
  Slot* slot = this_thread.slot;
  if (slot != nullptr && slot->open_calls.load() > 0) {
    slot->signal.store(static_cast<std::uint32_t>(number));
    slot->cause.store(static_cast<std::uint32_t>(Cause::kSignal));
  }
  Line line;
  line.add("sluice: signal ");
  line.add(number);
  if (!this_thread.instance.empty()) {
    line.add(" while calling instance '");
    line.add(this_thread.instance);
    line.add("' (");
    line.add(this_thread.call);
    line.add(")\n");
  } else {
    line.add(" outside of plugin calls\n");
  }
  (void)!::write(STDERR_FILENO, line.text.data(), line.size);
  ::sigaction(number, &previous_actions[number], nullptr);
  // A fault repeats when the handler returns, with its address intact for a core dump; a signal that was sent does not.
  if (info == nullptr || info->si_code <= 0) ::raise(number);
  errno = saved_errno;
}

}  // namespace

std::string Crumb::to_string() const {
  switch (cause) {
    case Cause::kSignal: {
      const char* name = ::sigabbrev_np(signal);
      return "killed by signal " + std::to_string(signal) + (name == nullptr ? "" : std::string(" (SIG") + name + ")") +
             " in " + call;
    }
    case Cause::kExit:
      return "ended the process by exit() in " + call;
    case Cause::kHung:
      return "did not return from " + call;
    case Cause::kNone:
      break;
  }
  return "was in " + call;
}

Status open(const std::filesystem::path& file) {
  const auto failed = [&](std::string_view what) {
    return Status(Code::kIo, std::string(what) + " " + file.string() + ": " + std::strerror(errno));
  };
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failed("create");
  // Reserved now: a store into a hole of a full file system would be a SIGBUS.
  const int reserved = ::posix_fallocate(fd, 0, sizeof(File));
  if (reserved != 0) {
    ::close(fd);
    errno = reserved;
    return failed("reserve");
  }
  void* memory = ::mmap(nullptr, sizeof(File), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (memory == MAP_FAILED) return failed("map");
  auto* mapped = static_cast<File*>(memory);
  std::memcpy(mapped->magic, kMagic, sizeof kMagic);
  mapped->version = kVersion;
  mapped->slot_count = kSlots;
  // An earlier mapping stays: threads may hold slots in it.
  mapped_file.store(mapped);
  this_thread.slot = nullptr;
  this_thread.has_looked_for_slot = false;
  return {};
}

std::vector<Crumb> read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes(sizeof(File), '\0');
  if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return {};
  std::uint32_t version = 0;
  std::memcpy(&version, bytes.data() + offsetof(File, version), sizeof version);
  if (std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0 || version != kVersion) return {};

  std::vector<Crumb> crumbs;
  for (std::size_t i = 0; i < kSlots; ++i) {
    const char* at = bytes.data() + offsetof(File, slots) + i * sizeof(Slot);
    std::uint32_t words[4];
    std::memcpy(words, at, sizeof words);
    if (words[0] == 0 || words[2] == 0 || words[2] > static_cast<std::uint32_t>(Cause::kHung)) continue;
    Crumb crumb;
    crumb.cause = static_cast<Cause>(words[2]);
    crumb.signal = words[3] < NSIG ? static_cast<int>(words[3]) : 0;
    crumb.call = text_of(reinterpret_cast<const char(&)[24]>(at[offsetof(Slot, call)]));
    crumb.instance = text_of(reinterpret_cast<const char(&)[88]>(at[offsetof(Slot, instance)]));
    if (!crumb.instance.empty()) crumbs.push_back(std::move(crumb));
  }
  return crumbs;
}

void accuse_hung(std::string_view instance) {
  File* file = mapped_file.load();
  if (file == nullptr) return;
  for (Slot& slot : file->slots) {
    if (slot.is_in_use.load() == 0 || slot.open_calls.load() == 0) continue;
    if (std::string_view(slot.instance, ::strnlen(slot.instance, sizeof slot.instance)) == instance) {
      slot.cause.store(static_cast<std::uint32_t>(Cause::kHung));
    }
  }
}

void install_crash_handler() {
  if (is_handler_installed.exchange(true)) return;
  struct sigaction action {};
  action.sa_sigaction = on_fatal_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  for (const int number : kFatalSignals) ::sigaction(number, &action, &previous_actions[number]);
}

Call::Call(std::string_view instance, std::string_view call) noexcept
    : outer_instance_(this_thread.instance), outer_call_(this_thread.call) {
  if (!this_thread.has_looked_for_slot) look_for_slot();
  this_thread.instance = instance;
  this_thread.call = call;
  if (Slot* slot = this_thread.slot) {
    copy_text(slot->instance, instance);
    copy_text(slot->call, call);
    slot->open_calls.fetch_add(1, std::memory_order_release);
  }
}

Call::~Call() {
  this_thread.instance = outer_instance_;
  this_thread.call = outer_call_;
  if (Slot* slot = this_thread.slot) {
    // Inside an outer call again: a crash there is the outer instance's.
    if (!outer_instance_.empty()) {
      copy_text(slot->instance, outer_instance_);
      copy_text(slot->call, outer_call_);
    }
    slot->open_calls.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace sluice::plugin::breadcrumb
