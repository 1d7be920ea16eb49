#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.hpp"

/// Which plugin instance each thread is calling, kept where it survives the process: in a mapped file of fixed slots,
/// one per thread that ever called a plugin.
///
///   byte   0  u8[8]  "SLUICEBC"
///   byte   8  u32    version 1
///   byte  12  u32    number of slots
///   byte 128  slots of 128 bytes:
///       0 u32 in use   4 u32 open calls   8 u32 cause   12 u32 signal   16 char[24] call   40 char[88] instance
///
/// Every source is inside run() all the time, so "was being called" accuses nobody: a slot has a *cause* only if its
/// own thread received a fatal signal or left by exit() inside the call, or if the call was given up as hung. A gateway
/// killed from outside leaves no cause.
namespace sluice::plugin::breadcrumb {

enum class Cause : std::uint32_t { kNone = 0, kSignal, kExit, kHung };

/// One accused call of a process that ended badly.
struct Crumb {
  std::string instance;
  std::string call;
  Cause cause = Cause::kNone;
  int signal = 0;
  [[nodiscard]] std::string to_string() const;  ///< "killed by signal 11 (Segmentation fault) in run"
};

/// Creates the file anew and maps it, for the whole process. Without it calls are only known to the crash line.
/// kIo. Thread: one, before instances exist; a second call replaces the first mapping.
Status open(const std::filesystem::path& file);

/// The accused calls of an earlier process; empty when there is no file or it is damaged. Thread: any.
std::vector<Crumb> read(const std::filesystem::path& file);

/// Notes that the running call of this instance is being given up, before the process is ended for it. Thread: any.
void accuse_hung(std::string_view instance);

/// On a fatal signal: notes it in the crashing thread's slot, writes "sluice: signal N while calling instance 'x'" to
/// standard error, and lets the signal take its course. Thread: one, at start.
void install_crash_handler();

/// Marks the time in which this thread is inside a plugin. `instance` and `call` outlive the object.
/// Two short copies, no system call but on a thread's first use.
class Call {
 public:
  Call(std::string_view instance, std::string_view call) noexcept;
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  std::string_view outer_instance_;
  std::string_view outer_call_;
};

}  // namespace sluice::plugin::breadcrumb
