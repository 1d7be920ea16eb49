#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/status.hpp"
#include "plugin/breadcrumb.hpp"

namespace sluice::plugin {

inline constexpr std::size_t kQuarantineCrashes = 5;
inline constexpr std::int64_t kQuarantineWindowUs = 600'000'000;  ///< 10 minutes

struct QuarantineEntry {
  std::string instance;
  std::size_t crashes = 0;  ///< within the window before now, or those that led to the quarantine
  bool is_quarantined = false;
  std::string last_crash;  ///< "killed by signal 11 (SIGSEGV) in run"
};

/// Which instances keep crashing the gateway, remembered across its processes in `state_dir`:
///
///   run/gateway      locked while a gateway runs; "running PID" until mark_clean_exit() writes "clean"
///   run/breadcrumb   see breadcrumb.hpp
///   quarantine       "sluice-quarantine 1", then one line per instance, its name last:
///                    FILE_MTIME_NS FILE_SIZE QUARANTINED_SINCE_US CRASH_US,... CAUSE SIGNAL CALL INSTANCE
///                    ("-" for no crash or call). Replaced by rename; a line that cannot be read is left out.
///
/// After an unclean exit each accused instance of the breadcrumb has crashed once more. Five crashes within ten minutes
/// of wall time put it in quarantine until reset(), or until its plugin's file is another (modification time or size).
/// Thread: any, after open.
class Quarantine {
 public:
  enum class Mode : std::uint8_t {
    kRun = 1,  ///< this process is the gateway: judge the last exit, take the marker, start a new breadcrumb
    kInspect,  ///< another one may be: only read, and reset
  };

  /// Makes the folders it needs. kUnavailable when another gateway runs with this state_dir, kIo. `clock` outlives it.
  static Result<std::unique_ptr<Quarantine>> open(const std::filesystem::path& state_dir, const Clock& clock,
                                                  Mode mode = Mode::kRun);
  Quarantine(const Quarantine&) = delete;
  Quarantine& operator=(const Quarantine&) = delete;
  /// Leaves the marker as it is: without mark_clean_exit() this counts as a crash.
  ~Quarantine();

  /// The calls accused of the last unclean exit; empty after a clean one, or when nobody can be blamed.
  [[nodiscard]] const std::vector<breadcrumb::Crumb>& last_crash() const { return last_crash_; }

  /// Why this instance must not be started, if so. In kRun mode also notes which file it is about to run, so that a
  /// later crash is charged to that one.
  std::optional<std::string> is_quarantined(std::string_view instance, const std::filesystem::path& plugin);

  /// Instances with a crash on record.
  [[nodiscard]] std::vector<QuarantineEntry> list() const;

  /// Forgets the crashes of one instance; kNotFound when there are none. A running gateway acts on it at its next
  /// start.
  Status reset(std::string_view instance);

  /// The last thing of an orderly stop, after every plugin was destroyed.
  Status mark_clean_exit();

 private:
  struct FileFacts {
    std::int64_t mtime_ns = 0;
    std::uint64_t size = 0;
    bool operator==(const FileFacts&) const = default;
  };
  struct Record {
    FileFacts plugin;
    std::int64_t quarantined_us = 0;  // 0: not
    std::vector<std::int64_t> crashes_us;
    breadcrumb::Crumb last;
  };
  using Records = std::map<std::string, Record, std::less<>>;

  Quarantine(std::filesystem::path state_dir, const Clock& clock, Mode mode);
  Status begin_run();
  void count_crashes();
  Status save() const;
  static Records parse(const std::filesystem::path& file);
  static FileFacts facts_of(const std::filesystem::path& plugin);

  // Set by open, then constant.
  const std::filesystem::path state_dir_;
  const Clock& clock_;
  const Mode mode_;
  int marker_ = -1;
  std::vector<breadcrumb::Crumb> last_crash_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  Records records_;
};

}  // namespace sluice::plugin
