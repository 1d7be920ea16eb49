#include "host_metrics/proc.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace sluice::host_metrics {
namespace {

constexpr std::uint64_t kSectorBytes = 512;  // of /proc/diskstats, whatever the device says

/// Takes the first line off `text`, without its newline.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// Takes the next word off `line`; empty at its end.
std::string_view take_word(std::string_view& line) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t begin = line.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return line = {};
  line.remove_prefix(begin);
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

template <class Number>
std::optional<Number> to_number(std::string_view word) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || word.empty()) return std::nullopt;
  return value;
}

/// Reads up to `Count` numbers; how many there were before something else or the end.
template <std::size_t Count>
std::size_t take_numbers(std::string_view line, std::array<std::uint64_t, Count>& numbers) {
  numbers.fill(0);
  for (std::size_t i = 0; i < Count; ++i) {
    const std::optional<std::uint64_t> number = to_number<std::uint64_t>(take_word(line));
    if (!number) return i;
    numbers[i] = *number;
  }
  return Count;
}

std::string unescape_octal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto is_digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_digit(i + 1) && is_digit(i + 2) && is_digit(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool holds_local_files(const Mount& mount) {
  constexpr std::array<std::string_view, 6> kImages = {"squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"};
  if (mount.type.starts_with("fuse")) return false;
  if (std::find(kImages.begin(), kImages.end(), mount.type) != kImages.end()) return false;  // always 100 % used
  return mount.device.starts_with("/dev/") || mount.type == "zfs" || mount.type == "ubifs" || mount.type == "bcachefs";
}

}  // namespace

std::vector<CpuTicks> parse_stat(std::string_view text) {
  std::vector<CpuTicks> all;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (!line.starts_with("cpu")) continue;
    CpuTicks ticks;
    ticks.name = take_word(line);
    std::array<std::uint64_t, 8> field{};  // user nice system idle iowait irq softirq steal
    if (take_numbers(line, field) < 4) continue;
    ticks.user = field[0] + field[1];
    ticks.system = field[2] + field[5] + field[6];
    ticks.idle = field[3];
    ticks.iowait = field[4];
    ticks.steal = field[7];
    all.push_back(std::move(ticks));
  }
  return all;
}

std::optional<LoadAverage> parse_loadavg(std::string_view text) {
  const std::optional<double> load1 = to_number<double>(take_word(text));
  const std::optional<double> load5 = to_number<double>(take_word(text));
  const std::optional<double> load15 = to_number<double>(take_word(text));
  if (!load1 || !load5 || !load15) return std::nullopt;
  LoadAverage load{*load1, *load5, *load15, 0};
  const std::string_view tasks = take_word(text);  // "running/all"
  const std::size_t slash = tasks.find('/');
  if (slash != std::string_view::npos) load.threads = to_number<std::int64_t>(tasks.substr(slash + 1)).value_or(0);
  return load;
}

std::optional<double> parse_uptime(std::string_view text) {
  text = take_line(text);
  return to_number<double>(take_word(text));
}

Memory parse_meminfo(std::string_view text) {
  std::optional<std::int64_t> free;
  std::optional<std::int64_t> buffers;
  std::optional<std::int64_t> cached;
  std::optional<std::int64_t> reclaimable;
  Memory memory;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::string_view name = take_word(line);
    std::optional<std::int64_t> value = to_number<std::int64_t>(take_word(line));
    if (!value || *value < 0 || *value > std::numeric_limits<std::int64_t>::max() / 1024) continue;
    *value *= 1024;
    if (name == "MemTotal:") memory.total_bytes = value;
    if (name == "MemFree:") free = value;
    if (name == "MemAvailable:") memory.available_bytes = value;
    if (name == "Buffers:") buffers = value;
    if (name == "Cached:") cached = value;
    if (name == "SReclaimable:") reclaimable = value;
    if (name == "SwapTotal:") memory.swap_total_bytes = value;
    if (name == "SwapFree:") memory.swap_free_bytes = value;
  }
  if (cached) memory.cached_bytes = *cached + buffers.value_or(0) + reclaimable.value_or(0);
  if (!memory.available_bytes && free) memory.available_bytes = *free + buffers.value_or(0) + cached.value_or(0);
  return memory;
}

Pressure parse_pressure(std::string_view text) {
  Pressure pressure;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::string_view kind = take_word(line);
    constexpr std::string_view kAverage = "avg10=";
    const std::string_view average = take_word(line);
    if (!average.starts_with(kAverage)) continue;
    const std::optional<double> percent = to_number<double>(average.substr(kAverage.size()));
    if (kind == "some") pressure.some_percent = percent;
    if (kind == "full") pressure.full_percent = percent;
  }
  return pressure;
}

std::vector<DiskCounters> parse_diskstats(std::string_view text) {
  std::vector<DiskCounters> disks;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    take_word(line);  // major
    take_word(line);  // minor
    DiskCounters disk;
    disk.name = take_word(line);
    std::array<std::uint64_t, 10> field{};  // reads merged sectors ms, writes merged sectors ms, in flight, busy ms
    if (disk.name.empty() || take_numbers(line, field) < field.size()) continue;
    disk.reads = field[0];
    disk.read_bytes = field[2] * kSectorBytes;
    disk.writes = field[4];
    disk.write_bytes = field[6] * kSectorBytes;
    disk.busy_ms = field[9];
    disks.push_back(std::move(disk));
  }
  return disks;
}

std::vector<NetworkCounters> parse_net_dev(std::string_view text) {
  std::vector<NetworkCounters> interfaces;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::size_t colon = line.rfind(':');  // an alias such as "eth0:1" has one of its own
    if (colon == std::string_view::npos) continue;
    std::string_view name = line.substr(0, colon);
    NetworkCounters counters;
    counters.name = take_word(name);
    std::array<std::uint64_t, 12> field{};  // bytes packets errors drops and four more, for each direction
    if (counters.name.empty() || take_numbers(line.substr(colon + 1), field) < field.size()) continue;
    counters.receive_bytes = field[0];
    counters.receive_packets = field[1];
    counters.receive_errors = field[2];
    counters.receive_drops = field[3];
    counters.transmit_bytes = field[8];
    counters.transmit_packets = field[9];
    counters.transmit_errors = field[10];
    counters.transmit_drops = field[11];
    interfaces.push_back(std::move(counters));
  }
  return interfaces;
}

std::vector<Mount> parse_mounts(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    Mount mount;
    mount.device = unescape_octal(take_word(line));
    mount.point = unescape_octal(take_word(line));
    mount.type = take_word(line);
    if (!mount.point.starts_with('/') || mount.type.empty()) continue;
    const auto same_point =
        std::find_if(mounts.begin(), mounts.end(), [&](const Mount& m) { return m.point == mount.point; });
    if (same_point != mounts.end()) mounts.erase(same_point);  // mounted over: the later one is what a path leads to
    if (mount.point != "/" && !holds_local_files(mount)) continue;
    const auto same =
        std::find_if(mounts.begin(), mounts.end(), [&](const Mount& m) { return m.device == mount.device; });
    if (same == mounts.end()) {
      mounts.push_back(std::move(mount));
    } else if (mount.point.size() < same->point.size()) {
      *same = std::move(mount);
    }
  }
  return mounts;
}

}  // namespace sluice::host_metrics
