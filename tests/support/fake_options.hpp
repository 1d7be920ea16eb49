#pragma once

/// Option values for a plugin under test, parsed from text as the gateway does it, and ABI strings to and from C++.

#include <sluice/plugin_abi.h>

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing {

[[nodiscard]] inline std::string to_string(sluice_str text) {
  return {text.data == nullptr ? "" : text.data, text.size};
}
[[nodiscard]] inline std::string to_string(sluice_bytes bytes) {
  return bytes.size == 0 ? std::string() : std::string(reinterpret_cast<const char*>(bytes.data), bytes.size);
}
[[nodiscard]] inline sluice_str to_str(std::string_view text) { return {text.data(), text.size()}; }
[[nodiscard]] inline sluice_bytes to_bytes(std::string_view bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

/// Options of a test as a user would write them: {{"rate", "5.0"}, {"interval", "250ms"}}.
using FakeOptions = std::map<std::string, std::string>;

/// The values of a plugin's option table: what is given, else the default. Throws std::invalid_argument on a bad test.
class FakeValues {
 public:
  FakeValues(const sluice_plugin_v1& plugin, FakeOptions given) {
    for (std::size_t i = 0; i < plugin.option_count; ++i) {
      const auto& option = *reinterpret_cast<const sluice_option_v1*>(reinterpret_cast<const char*>(plugin.options) +
                                                                      i * plugin.option_stride);
      sluice_value_v1 value{};
      value.struct_size = sizeof value;
      value.type = option.type;
      const auto found = given.find(to_string(option.name));
      if (found != given.end()) {
        value.is_set = value.is_explicit = 1;
        parse(found->second, value);
        given.erase(found);
      } else if (option.default_value.data != nullptr) {
        value.is_set = 1;
        parse(to_string(option.default_value), value);
      } else if (option.is_required != 0) {
        throw std::invalid_argument("option " + to_string(option.name) + " is required");
      }
      values_.push_back(value);
    }
    if (!given.empty()) throw std::invalid_argument("no option " + given.begin()->first);
  }
  [[nodiscard]] const std::vector<sluice_value_v1>& get() const { return values_; }

 private:
  [[nodiscard]] static std::int64_t scaled(const std::string& text, const std::map<std::string, double>& units) {
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    const auto unit = units.find(end);
    if (end == text.c_str() || unit == units.end()) throw std::invalid_argument("not a value with unit: " + text);
    return static_cast<std::int64_t>(number * unit->second);
  }

  void parse(const std::string& text, sluice_value_v1& value) {
    switch (value.type) {
      case SLUICE_OPTION_STRING:
      case SLUICE_OPTION_ENUM:
        value.text = keep(text);
        break;
      case SLUICE_OPTION_INTEGER:
        value.integer = std::stoll(text);
        break;
      case SLUICE_OPTION_NUMBER:
        value.number = std::stod(text);
        break;
      case SLUICE_OPTION_BOOLEAN:
        value.integer = text == "true" ? 1 : 0;
        break;
      case SLUICE_OPTION_DURATION:
        value.integer =
            scaled(text, {{"", 1}, {"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}, {"d", 86400e6}});
        break;
      case SLUICE_OPTION_BYTES:
        value.integer =
            scaled(text, {{"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1024.0 * 1024}, {"GiB", 1024.0 * 1024 * 1024}});
        break;
      case SLUICE_OPTION_LIST:
        parse_list(text, value);
        break;
      default:
        throw std::invalid_argument("option of unknown type");
    }
  }

  /// "a, b" or ["a", "b"].
  void parse_list(const std::string& text, sluice_value_v1& value) {
    std::vector<sluice_str>& list = lists_.emplace_back();
    std::string word;
    for (const char letter : text + ",") {
      if (letter == ',') {
        if (!word.empty()) list.push_back(keep(word));
        word.clear();
      } else if (std::string_view("[]\" ").find(letter) == std::string_view::npos) {
        word += letter;
      }
    }
    value.list = list.data();
    value.list_count = list.size();
  }

  sluice_str keep(const std::string& text) { return to_str(texts_.emplace_back(text)); }

  std::deque<std::string> texts_;
  std::deque<std::vector<sluice_str>> lists_;
  std::vector<sluice_value_v1> values_;
};

}  // namespace sluice::testing
