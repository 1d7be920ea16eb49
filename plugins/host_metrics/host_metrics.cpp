#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/host.sluice.hpp"
#include "host_metrics/sampler.hpp"
#include "host_metrics/system_files.hpp"
#include "sluice/plugin.hpp"

namespace sluice::host_metrics {
namespace {

using namespace std::chrono_literals;

constexpr Option kOptions[] = {
    {"interval", OptionType::kDuration, "1s", "100ms..1h", "Time between two readings."},
    {"devices", OptionType::kList, R"(["core", "disk", "filesystem", "network", "sensor"])", "",
     "What is read beside the machine as a whole; an empty list switches host_devices off."},
    {"ignore_disks", OptionType::kList, R"(["loop*", "ram*", "fd*", "sr*"])", "",
     "Shell patterns of block devices that are not read."},
    {"ignore_interfaces", OptionType::kList, R"(["lo", "ifb*", "veth*"])", "",
     "Shell patterns of network interfaces that are not read."},
    {"host", OptionType::kString, "", "", "Name in the readings; empty: the machine's own."},
    {"root", OptionType::kString, "", "",
     "Folder before /proc and /sys and all mount points, such as \"/host\" in a container; empty: this machine."},
};

constexpr auto kReadings = out<::host::HostReading>({.name = "host_readings",
                                                     .topic = "host-readings",
                                                     .key = "host",
                                                     .time = "time",
                                                     .partitions = 1,
                                                     .retention = std::chrono::days(7)});
constexpr auto kDevices = out<::host::HostDevice>({.name = "host_devices",
                                                   .topic = "host-devices",
                                                   .key = "series",
                                                   .time = "time",
                                                   .partitions = 1,
                                                   .retention = std::chrono::days(7)});

// The first reading has no rates without one before it, and nobody wants to wait an hour for it.
constexpr Duration kLongestFirstWait = 1s;

std::string host_name(SystemFiles& files) {
  std::string name = files.read("/proc/sys/kernel/hostname").value_or("");
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name.empty() ? "unknown" : name;
}

Selection selection_of(const Context& context) {
  Selection selection{.has_cores = false,
                      .has_disks = false,
                      .has_filesystems = false,
                      .has_networks = false,
                      .has_sensors = false,
                      .ignored_disks = context.list("ignore_disks"),
                      .ignored_interfaces = context.list("ignore_interfaces")};
  const std::array<std::pair<std::string_view, bool*>, 5> kinds = {{{"core", &selection.has_cores},
                                                                    {"disk", &selection.has_disks},
                                                                    {"filesystem", &selection.has_filesystems},
                                                                    {"network", &selection.has_networks},
                                                                    {"sensor", &selection.has_sensors}}};
  for (const std::string& wanted : context.list("devices")) {
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.first == wanted; });
    if (kind == kinds.end()) {
      throw std::runtime_error("option \"devices\": unknown kind \"" + wanted +
                               "\", expected core, disk, filesystem, network or sensor");
    }
    *kind->second = true;
  }
  return selection;
}

class HostMetrics final : public Source {
 public:
  explicit HostMetrics(const Context& context)
      : Source(context),
        interval_(context.duration("interval")),
        files_(context.text("root")),
        sampler_(files_, selection_of(context)),
        host_(context.text("host").empty() ? host_name(files_) : context.text("host")) {}

  void run() override {
    (void)sampler_.sample(host().monotonic().count());
    Duration next = host().monotonic() + std::min(interval_, kLongestFirstWait);
    while (wait(std::max(next - host().monotonic(), Duration(0)))) {
      // While the gateway is busy, emit waits: the next reading then covers the whole time, so no rate is lost.
      if (!emit_reading()) return;
      next += interval_;
      const Duration now = host().monotonic();
      if (next < now) next = now + interval_;  // late (or asleep): no burst of readings to catch up
    }
  }

 private:
  bool emit_reading() {
    const std::int64_t time_us = host().now().time_since_epoch().count();
    Sample sample = sampler_.sample(host().monotonic().count());
    sample.machine.time = time_us;
    sample.machine.host = host_;
    if (!emit(kReadings, sample.machine)) return false;
    for (const DeviceValue& value : sample.devices) {
      series_ = host_ + '/';
      series_.append(value.kind).append(value.name.starts_with('/') ? "" : "/").append(value.name);
      series_.append(value.name.ends_with('/') ? "" : "/").append(value.metric);
      const ::host::HostDevice event{.time = time_us,
                                     .host = host_,
                                     .series = series_,
                                     .kind = value.kind,
                                     .name = value.name,
                                     .metric = value.metric,
                                     .value = value.value,
                                     .unit = value.unit};
      if (!emit(kDevices, event)) return false;
    }
    return true;
  }

  const Duration interval_;
  RealFiles files_;
  Sampler sampler_;
  const std::string host_;
  std::string series_;  // kept for its capacity
};

}  // namespace
}  // namespace sluice::host_metrics

SLUICE_PLUGIN(sluice::host_metrics::HostMetrics,
              sluice::Description{
                  .version = "1.0.0",
                  .description = "Readings of the machine it runs on: CPU, memory, disks, network, sensors.",
                  .options = sluice::host_metrics::kOptions},
              sluice::host_metrics::kReadings, sluice::host_metrics::kDevices);
