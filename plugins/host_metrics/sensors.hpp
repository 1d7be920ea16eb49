#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host_metrics/system_files.hpp"

namespace sluice::host_metrics {

/// One sensor of the machine at one moment.
struct SensorValue {
  std::string_view kind;    ///< temperature, fan, voltage, current, power, humidity
  std::string name;         ///< "coretemp/Core 0", or the thermal zone's type; unique within a kind
  std::string_view metric;  ///< celsius, rpm, volts, amperes, watts, percent: also the unit
  double value = 0;
};

/// Everything below /sys/class/thermal and /sys/class/hwmon that answers. Sensors that sleep or fail are left out.
std::vector<SensorValue> read_sensors(SystemFiles& files);

}  // namespace sluice::host_metrics
