#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Readers of the text files under /proc. Each takes the whole text, never fails on odd input, and leaves out what it
/// cannot read: a line that does not parse is as if it were not there. Pure; any thread.
namespace sluice::host_metrics {

/// Ticks since boot of one core, or of all together. `guest` is part of `user` and not listed.
struct CpuTicks {
  std::string name;          ///< "cpu" for all, else "cpu0", ...
  std::uint64_t user = 0;    ///< with nice
  std::uint64_t system = 0;  ///< with interrupts
  std::uint64_t idle = 0;
  std::uint64_t iowait = 0;
  std::uint64_t steal = 0;
};
/// /proc/stat
std::vector<CpuTicks> parse_stat(std::string_view text);

struct LoadAverage {
  double load1 = 0;
  double load5 = 0;
  double load15 = 0;
  std::int64_t threads = 0;
};
/// /proc/loadavg
std::optional<LoadAverage> parse_loadavg(std::string_view text);

/// /proc/uptime, seconds
std::optional<double> parse_uptime(std::string_view text);

struct Memory {
  std::optional<std::int64_t> total_bytes;
  std::optional<std::int64_t> available_bytes;
  std::optional<std::int64_t> cached_bytes;
  std::optional<std::int64_t> swap_total_bytes;
  std::optional<std::int64_t> swap_free_bytes;
};
/// /proc/meminfo. Kernels before 3.14 do not say what is available: then free + buffers + cached stands for it.
Memory parse_meminfo(std::string_view text);

struct Pressure {
  std::optional<double> some_percent;
  std::optional<double> full_percent;
};
/// /proc/pressure/{cpu,memory,io}: the 10 s averages.
Pressure parse_pressure(std::string_view text);

/// Totals since boot of one block device.
struct DiskCounters {
  std::string name;
  std::uint64_t reads = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t writes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t busy_ms = 0;
};
/// /proc/diskstats; disks and partitions alike.
std::vector<DiskCounters> parse_diskstats(std::string_view text);

/// Totals since boot of one network interface.
struct NetworkCounters {
  std::string name;
  std::uint64_t receive_bytes = 0;
  std::uint64_t receive_packets = 0;
  std::uint64_t receive_errors = 0;
  std::uint64_t receive_drops = 0;
  std::uint64_t transmit_bytes = 0;
  std::uint64_t transmit_packets = 0;
  std::uint64_t transmit_errors = 0;
  std::uint64_t transmit_drops = 0;
};
/// /proc/net/dev
std::vector<NetworkCounters> parse_net_dev(std::string_view text);

struct Mount {
  std::string device;
  std::string point;
  std::string type;
};
/// /proc/self/mounts, octal escapes undone: the local file systems that hold files, each device once (at its shortest
/// mount point), and "/" whatever it is. Network and FUSE file systems are left out, because asking one whose server is
/// gone blocks.
std::vector<Mount> parse_mounts(std::string_view text);

}  // namespace sluice::host_metrics
