#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/host.sluice.hpp"
#include "host_metrics/proc.hpp"
#include "host_metrics/system_files.hpp"

namespace sluice::host_metrics {

/// What is read, besides the machine as a whole.
struct Selection {
  bool has_cores = true;
  bool has_disks = true;
  bool has_filesystems = true;
  bool has_networks = true;
  bool has_sensors = true;
  std::vector<std::string> ignored_disks;       ///< shell patterns, as fnmatch reads them
  std::vector<std::string> ignored_interfaces;  ///< likewise
};

/// One metric of one device; the fields are those of host.HostDevice.
struct DeviceValue {
  std::string_view kind;
  std::string name;
  std::string_view metric;
  double value = 0;
  std::string_view unit;
};

struct Sample {
  ::host::HostReading machine;  ///< without time and host
  std::vector<DeviceValue> devices;
};

/// Growth of a counter per second; absent when it fell (a reset, a wrap, another device of the same name) or no time
/// passed, because a rate made up from that would be a spike nobody can explain.
std::optional<double> rate_per_second(std::uint64_t before, std::uint64_t now, double seconds);

/// Turns the kernel's counters into rates: remembers the counters of the call before.
/// Thread: one at a time. `files` outlives the sampler.
class Sampler {
 public:
  Sampler(SystemFiles& files, Selection selection);

  /// One reading; `monotonic_us` is when it is taken. Rates are means since the call before, absent in the first.
  Sample sample(std::int64_t monotonic_us);

 private:
  template <class Counters>
  using ByName = std::map<std::string, Counters, std::less<>>;

  void read_cpu(Sample& sample);
  void read_memory(::host::HostReading& machine);
  void read_disks(Sample& sample, double seconds);
  void read_filesystems(Sample& sample);
  void read_networks(Sample& sample, double seconds);
  void read_sensor_values(Sample& sample);
  std::string read(const std::string& path) { return files_.read(path).value_or(""); }

  SystemFiles& files_;
  const Selection selection_;
  std::optional<std::int64_t> last_us_;
  ByName<CpuTicks> last_cpu_;
  ByName<DiskCounters> last_disks_;
  ByName<NetworkCounters> last_networks_;
};

}  // namespace sluice::host_metrics
