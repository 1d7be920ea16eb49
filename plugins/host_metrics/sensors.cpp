#include "host_metrics/sensors.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace sluice::host_metrics {
namespace {

/// A family of hwmon files: "temp1_input" is prefix, number, "_input".
struct Family {
  std::string_view prefix;
  std::string_view kind;
  std::string_view metric;
  double per_unit;  // what the file counts in one of the metric's unit
};
constexpr std::array<Family, 6> kFamilies = {{
    {"temp", "temperature", "celsius", 1000},
    {"fan", "fan", "rpm", 1},
    {"in", "voltage", "volts", 1000},
    {"curr", "current", "amperes", 1000},
    {"power", "power", "watts", 1'000'000},
    {"humidity", "humidity", "percent", 1000},
}};
constexpr std::string_view kInput = "_input";

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string read_text(SystemFiles& files, const std::string& path) { return trimmed(files.read(path).value_or("")); }

std::optional<double> read_value(SystemFiles& files, const std::string& path, double per_unit) {
  const std::string text = read_text(files, path);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value / per_unit;
}

const Family* family_of(std::string_view file) {
  for (const Family& family : kFamilies) {
    if (!file.starts_with(family.prefix) || !file.ends_with(kInput)) continue;
    const std::string_view number =
        file.substr(family.prefix.size(), file.size() - family.prefix.size() - kInput.size());
    if (!number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos) return &family;
  }
  return nullptr;
}

/// Two chips of one kind give the same names: the later one gets its folder's name added.
void add(std::vector<SensorValue>& sensors, SensorValue sensor, const std::string& folder) {
  const bool is_taken = std::any_of(sensors.begin(), sensors.end(), [&](const SensorValue& other) {
    return other.kind == sensor.kind && other.name == sensor.name;
  });
  if (is_taken) sensor.name += "@" + folder;
  sensors.push_back(std::move(sensor));
}

}  // namespace

std::vector<SensorValue> read_sensors(SystemFiles& files) {
  std::vector<SensorValue> sensors;
  const std::string hwmon = "/sys/class/hwmon/";
  for (const std::string& folder : files.list(hwmon)) {
    const std::string path = hwmon + folder + "/";
    std::string chip = read_text(files, path + "name");
    if (chip.empty()) chip = folder;
    for (const std::string& file : files.list(path)) {
      const Family* family = family_of(file);
      if (family == nullptr) continue;
      const std::optional<double> value = read_value(files, path + file, family->per_unit);
      if (!value) continue;
      const std::string channel = file.substr(0, file.size() - kInput.size());
      const std::string label = read_text(files, path + channel + "_label");
      add(sensors, {family->kind, chip + "/" + (label.empty() ? channel : label), family->metric, *value}, folder);
    }
  }
  const std::string thermal = "/sys/class/thermal/";
  for (const std::string& folder : files.list(thermal)) {
    if (!folder.starts_with("thermal_zone")) continue;
    const std::optional<double> value = read_value(files, thermal + folder + "/temp", 1000);
    if (!value) continue;
    std::string type = read_text(files, thermal + folder + "/type");
    add(sensors, {"temperature", type.empty() ? folder : std::move(type), "celsius", *value}, folder);
  }
  return sensors;
}

}  // namespace sluice::host_metrics
