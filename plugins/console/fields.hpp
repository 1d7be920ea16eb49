#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::console {

/// One value of an event, safe to print.
struct Field {
  std::string path;  ///< "device", or "sensor_metrics.x.mean"
  std::string text;  ///< strings without quotes; numbers as readable_number gives them; lists as compact JSON
  bool is_number = false;
};

/// The values of a JSON object, nested objects flattened. What is not a JSON object is one field named "value".
std::vector<Field> fields_of(std::string_view json);

}  // namespace sluice::console
