#include "host_metrics/sampler.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "host_metrics/sensors.hpp"

namespace sluice::host_metrics {
namespace {

constexpr std::string_view kPercent = "percent";
constexpr std::string_view kBytes = "bytes";
constexpr std::string_view kBytesPerSecond = "bytes_per_second";
constexpr std::string_view kOperationsPerSecond = "operations_per_second";
constexpr std::string_view kPacketsPerSecond = "packets_per_second";
constexpr std::string_view kErrorsPerSecond = "errors_per_second";

/// Two decimals: what is behind them is noise, and bytes on the wire.
double rounded(double value) { return std::round(value * 100.0) / 100.0; }

/// /proc/stat may count idle and iowait backwards for a moment; that is no time at all, not a negative one.
std::uint64_t growth(std::uint64_t before, std::uint64_t now) { return now > before ? now - before : 0; }

struct CpuShares {
  double busy = 0;
  double user = 0;
  double system = 0;
  double iowait = 0;
  double steal = 0;
};

std::optional<CpuShares> shares(const CpuTicks& before, const CpuTicks& now) {
  const auto user = static_cast<double>(growth(before.user, now.user));
  const auto system = static_cast<double>(growth(before.system, now.system));
  const auto idle = static_cast<double>(growth(before.idle, now.idle));
  const auto iowait = static_cast<double>(growth(before.iowait, now.iowait));
  const auto steal = static_cast<double>(growth(before.steal, now.steal));
  const double total = user + system + idle + iowait + steal;
  if (total <= 0) return std::nullopt;
  const auto percent = [&](double ticks) { return rounded(100.0 * ticks / total); };
  return CpuShares{percent(user + system + steal), percent(user), percent(system), percent(iowait), percent(steal)};
}

bool matches_any(const std::vector<std::string>& patterns, const std::string& name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

void add_to(std::optional<double>& sum, std::optional<double> value) {
  if (value) sum = rounded(sum.value_or(0) + *value);
}

}  // namespace

std::optional<double> rate_per_second(std::uint64_t before, std::uint64_t now, double seconds) {
  if (now < before || seconds <= 0) return std::nullopt;
  return rounded(static_cast<double>(now - before) / seconds);
}

Sampler::Sampler(SystemFiles& files, Selection selection) : files_(files), selection_(std::move(selection)) {}

Sample Sampler::sample(std::int64_t monotonic_us) {
  const double seconds = last_us_ ? static_cast<double>(monotonic_us - *last_us_) / 1e6 : 0.0;
  last_us_ = monotonic_us;
  Sample sample;
  ::host::HostReading& machine = sample.machine;
  machine.uptime_seconds = parse_uptime(read("/proc/uptime"));
  if (const std::optional<LoadAverage> load = parse_loadavg(read("/proc/loadavg"))) {
    machine.load1 = load->load1;
    machine.load5 = load->load5;
    machine.load15 = load->load15;
    machine.threads = load->threads;
  }
  const std::vector<std::string> entries = files_.list("/proc");
  const std::int64_t processes = std::count_if(entries.begin(), entries.end(), [](const std::string& name) {
    return name.find_first_not_of("0123456789") == std::string::npos;
  });
  if (processes > 0) machine.processes = processes;
  machine.pressure_cpu_some_percent = parse_pressure(read("/proc/pressure/cpu")).some_percent;
  const Pressure memory = parse_pressure(read("/proc/pressure/memory"));
  machine.pressure_memory_some_percent = memory.some_percent;
  machine.pressure_memory_full_percent = memory.full_percent;
  const Pressure io = parse_pressure(read("/proc/pressure/io"));
  machine.pressure_io_some_percent = io.some_percent;
  machine.pressure_io_full_percent = io.full_percent;
  read_cpu(sample);
  read_memory(machine);
  read_disks(sample, seconds);
  read_filesystems(sample);
  read_networks(sample, seconds);
  read_sensor_values(sample);
  return sample;
}

void Sampler::read_cpu(Sample& sample) {
  ByName<CpuTicks> now;
  for (CpuTicks& ticks : parse_stat(read("/proc/stat"))) {
    const auto before = last_cpu_.find(ticks.name);
    if (const auto share = before == last_cpu_.end() ? std::nullopt : shares(before->second, ticks)) {
      if (ticks.name == "cpu") {
        sample.machine.cpu_percent = share->busy;
        sample.machine.cpu_user_percent = share->user;
        sample.machine.cpu_system_percent = share->system;
        sample.machine.cpu_iowait_percent = share->iowait;
        sample.machine.cpu_steal_percent = share->steal;
      } else if (selection_.has_cores) {
        sample.devices.push_back({"core", ticks.name, "busy_percent", share->busy, kPercent});
      }
    }
    std::string name = ticks.name;
    now.insert_or_assign(std::move(name), std::move(ticks));
  }
  last_cpu_ = std::move(now);
}

void Sampler::read_memory(::host::HostReading& machine) {
  const Memory memory = parse_meminfo(read("/proc/meminfo"));
  machine.memory_total_bytes = memory.total_bytes;
  machine.memory_available_bytes = memory.available_bytes;
  machine.memory_cached_bytes = memory.cached_bytes;
  if (memory.total_bytes && memory.available_bytes) {
    machine.memory_used_bytes = std::max<std::int64_t>(0, *memory.total_bytes - *memory.available_bytes);
    if (*memory.total_bytes > 0) {
      machine.memory_used_percent =
          rounded(100.0 * static_cast<double>(*machine.memory_used_bytes) / static_cast<double>(*memory.total_bytes));
    }
  }
  machine.swap_total_bytes = memory.swap_total_bytes;
  if (memory.swap_total_bytes && memory.swap_free_bytes) {
    machine.swap_used_bytes = std::max<std::int64_t>(0, *memory.swap_total_bytes - *memory.swap_free_bytes);
  }
}

void Sampler::read_disks(Sample& sample, double seconds) {
  // Partitions have no folder of their own there; without the folder (a container), all lines count as disks.
  const std::vector<std::string> whole = files_.list("/sys/block");
  ByName<DiskCounters> now;
  for (DiskCounters& disk : parse_diskstats(read("/proc/diskstats"))) {
    if (!whole.empty() && !std::binary_search(whole.begin(), whole.end(), disk.name)) continue;
    if (matches_any(selection_.ignored_disks, disk.name)) continue;
    const auto before = last_disks_.find(disk.name);
    if (before != last_disks_.end()) {
      const DiskCounters& old = before->second;
      const auto rate = [&](std::uint64_t DiskCounters::*counter) {
        return rate_per_second(old.*counter, disk.*counter, seconds);
      };
      const auto add = [&](std::string_view metric, std::optional<double> value, std::string_view unit) {
        if (value && selection_.has_disks) sample.devices.push_back({"disk", disk.name, metric, *value, unit});
      };
      const std::optional<double> read_rate = rate(&DiskCounters::read_bytes);
      const std::optional<double> write_rate = rate(&DiskCounters::write_bytes);
      // Mapped and RAID devices sit on disks that are counted already.
      if (!disk.name.starts_with("dm-") && !disk.name.starts_with("md")) {
        add_to(sample.machine.disk_read_bytes_per_second, read_rate);
        add_to(sample.machine.disk_write_bytes_per_second, write_rate);
      }
      add("read_bytes_per_second", read_rate, kBytesPerSecond);
      add("write_bytes_per_second", write_rate, kBytesPerSecond);
      add("reads_per_second", rate(&DiskCounters::reads), kOperationsPerSecond);
      add("writes_per_second", rate(&DiskCounters::writes), kOperationsPerSecond);
      std::optional<double> busy = rate(&DiskCounters::busy_ms);
      if (busy) busy = std::min(100.0, rounded(*busy / 10.0));
      add("busy_percent", busy, kPercent);
    }
    std::string name = disk.name;
    now.insert_or_assign(std::move(name), std::move(disk));
  }
  last_disks_ = std::move(now);
}

void Sampler::read_filesystems(Sample& sample) {
  for (const Mount& mount : parse_mounts(read("/proc/self/mounts"))) {
    const std::optional<Space> space = files_.space(mount.point);
    if (!space) continue;
    const std::int64_t used = std::max<std::int64_t>(0, space->total_bytes - space->free_bytes);
    const std::int64_t usable = used + space->available_bytes;  // as df(1): what is reserved for root is not free
    const double used_percent =
        usable > 0 ? rounded(100.0 * static_cast<double>(used) / static_cast<double>(usable)) : 0;
    if (mount.point == "/") sample.machine.root_used_percent = used_percent;
    if (!selection_.has_filesystems) continue;
    const auto add = [&](std::string_view metric, double value, std::string_view unit) {
      sample.devices.push_back({"filesystem", mount.point, metric, value, unit});
    };
    add("total_bytes", static_cast<double>(space->total_bytes), kBytes);
    add("available_bytes", static_cast<double>(space->available_bytes), kBytes);
    add("used_percent", used_percent, kPercent);
  }
}

void Sampler::read_networks(Sample& sample, double seconds) {
  ByName<NetworkCounters> now;
  std::vector<NetworkCounters> interfaces = parse_net_dev(read("/proc/net/dev"));
  std::erase_if(interfaces,
                [&](const NetworkCounters& i) { return matches_any(selection_.ignored_interfaces, i.name); });
  // Bridges, bonds and VLANs carry what a physical interface carried already; in a container there is none of those.
  std::vector<bool> is_physical;
  for (const NetworkCounters& interface : interfaces) {
    is_physical.push_back(!files_.list("/sys/class/net/" + interface.name + "/device").empty());
  }
  const bool has_physical = std::find(is_physical.begin(), is_physical.end(), true) != is_physical.end();
  for (std::size_t i = 0; i < interfaces.size(); ++i) {
    NetworkCounters& interface = interfaces[i];
    const auto before = last_networks_.find(interface.name);
    if (before != last_networks_.end()) {
      const NetworkCounters& old = before->second;
      const auto rate = [&](std::uint64_t NetworkCounters::*counter) {
        return rate_per_second(old.*counter, interface.*counter, seconds);
      };
      const auto add = [&](std::string_view metric, std::optional<double> value, std::string_view unit) {
        if (value && selection_.has_networks)
          sample.devices.push_back({"network", interface.name, metric, *value, unit});
      };
      const std::optional<double> receive = rate(&NetworkCounters::receive_bytes);
      const std::optional<double> transmit = rate(&NetworkCounters::transmit_bytes);
      if (is_physical[i] || !has_physical) {
        add_to(sample.machine.network_receive_bytes_per_second, receive);
        add_to(sample.machine.network_transmit_bytes_per_second, transmit);
      }
      add("receive_bytes_per_second", receive, kBytesPerSecond);
      add("transmit_bytes_per_second", transmit, kBytesPerSecond);
      add("receive_packets_per_second", rate(&NetworkCounters::receive_packets), kPacketsPerSecond);
      add("transmit_packets_per_second", rate(&NetworkCounters::transmit_packets), kPacketsPerSecond);
      add("receive_errors_per_second", rate(&NetworkCounters::receive_errors), kErrorsPerSecond);
      add("transmit_errors_per_second", rate(&NetworkCounters::transmit_errors), kErrorsPerSecond);
      add("receive_drops_per_second", rate(&NetworkCounters::receive_drops), kPacketsPerSecond);
      add("transmit_drops_per_second", rate(&NetworkCounters::transmit_drops), kPacketsPerSecond);
    }
    std::string name = interface.name;
    now.insert_or_assign(std::move(name), std::move(interface));
  }
  last_networks_ = std::move(now);
}

void Sampler::read_sensor_values(Sample& sample) {
  for (SensorValue& sensor : read_sensors(files_)) {
    const double value = rounded(sensor.value);
    if (sensor.kind == "temperature") {
      sample.machine.temperature_celsius = std::max(value, sample.machine.temperature_celsius.value_or(value));
    }
    if (selection_.has_sensors) {
      sample.devices.push_back({sensor.kind, std::move(sensor.name), sensor.metric, value, sensor.metric});
    }
  }
}

}  // namespace sluice::host_metrics
