#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/description.hpp"
#include "sluice/host.hpp"
#include "sluice/plugin_abi.h"

namespace sluice::inline sdk {

/// A stream as the configuration bound it. The views live as long as the Context.
struct BoundStream {
  std::uint32_t number = 0;  ///< what Instance::emit_json and emit_raw take, and what inputs carry
  Direction direction = Direction::kIn;
  StreamKind kind = StreamKind::kEvents;
  Encoding encoding = Encoding::kProtobuf;
  std::string_view name;
  std::string_view topic;
  std::string_view message;  ///< empty without a schema
  std::string_view key_field;
  std::string_view time_field;
  std::string_view descriptor_set;
};

/// What a plugin's constructor is given. It and all its views end with the constructor; strings come as copies.
/// Errors: an option that the table lacks, of another type, or without a value throws std::logic_error naming it, which
/// makes create fail with that text.
class Context {
 public:
  Context(const sluice_create_v1& args, const sluice_plugin_v1& plugin)
      : args_(args), plugin_(plugin), host_(*args.host) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  [[nodiscard]] std::int64_t integer(std::string_view name) const { return value(name, OptionType::kInteger).integer; }
  [[nodiscard]] double number(std::string_view name) const { return value(name, OptionType::kNumber).number; }
  [[nodiscard]] bool boolean(std::string_view name) const { return value(name, OptionType::kBoolean).integer != 0; }
  [[nodiscard]] Duration duration(std::string_view name) const {
    return Duration(value(name, OptionType::kDuration).integer);
  }
  [[nodiscard]] std::int64_t bytes(std::string_view name) const { return value(name, OptionType::kBytes).integer; }
  [[nodiscard]] std::string text(std::string_view name) const {
    return std::string(from_abi(value(name, OptionType::kString).text));
  }
  /// The chosen word of an enum option.
  [[nodiscard]] std::string choice(std::string_view name) const {
    return std::string(from_abi(value(name, OptionType::kEnum).text));
  }
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const {
    const sluice_value_v1& found = value(name, OptionType::kList);
    std::vector<std::string> result;
    for (std::size_t i = 0; i < found.list_count; ++i) result.emplace_back(from_abi(found.list[i]));
    return result;
  }

  /// Given by the configuration or defaulted.
  [[nodiscard]] bool is_set(std::string_view name) const { return find(name).is_set != 0; }
  /// Given by the configuration.
  [[nodiscard]] bool is_explicit(std::string_view name) const { return find(name).is_explicit != 0; }

  [[nodiscard]] std::string_view instance() const { return from_abi(args_.instance); }
  /// A folder of this instance's own; empty: none.
  [[nodiscard]] std::string_view state_dir() const { return from_abi(args_.state_dir); }
  /// What Host::save_state kept (sources); empty at the first start.
  [[nodiscard]] std::string_view saved_state() const { return from_abi(args_.saved_state); }
  [[nodiscard]] std::uint64_t event_max_bytes() const { return args_.event_max_bytes; }
  [[nodiscard]] const Host& host() const { return host_; }
  [[nodiscard]] const sluice_plugin_v1& plugin() const { return plugin_; }

  /// The plugin's own streams in the order of SLUICE_PLUGIN, then those of the configuration.
  [[nodiscard]] std::vector<BoundStream> streams() const {
    std::vector<BoundStream> result;
    for (std::size_t i = 0; i < args_.stream_count; ++i) {
      const auto& bound = at<sluice_bound_stream_v1>(args_.streams, i, args_.stream_stride);
      result.push_back({.number = static_cast<std::uint32_t>(i),
                        .direction = static_cast<Direction>(bound.direction),
                        .kind = static_cast<StreamKind>(bound.kind),
                        .encoding = static_cast<Encoding>(bound.encoding),
                        .name = from_abi(bound.name),
                        .topic = from_abi(bound.topic),
                        .message = from_abi(bound.message),
                        .key_field = from_abi(bound.key_field),
                        .time_field = from_abi(bound.time_field),
                        .descriptor_set = from_abi(bound.descriptor_set)});
    }
    return result;
  }

 private:
  template <class T>
  [[nodiscard]] static const T& at(const T* first, std::size_t index, std::uint32_t stride) {
    return *reinterpret_cast<const T*>(reinterpret_cast<const char*>(first) + index * stride);
  }

  [[nodiscard]] const sluice_value_v1& find(std::string_view name) const {
    for (std::size_t i = 0; i < plugin_.option_count && i < args_.value_count; ++i) {
      if (from_abi(at<sluice_option_v1>(plugin_.options, i, plugin_.option_stride).name) == name) {
        return at<sluice_value_v1>(args_.values, i, args_.value_stride);
      }
    }
    throw std::logic_error("option \"" + std::string(name) + "\" is not in the plugin's option table");
  }

  [[nodiscard]] const sluice_value_v1& value(std::string_view name, OptionType type) const {
    const sluice_value_v1& found = find(name);
    if (found.type != static_cast<std::uint32_t>(type)) {
      throw std::logic_error("option \"" + std::string(name) + "\" is read as another type than its table gives it");
    }
    if (found.is_set == 0)
      throw std::logic_error("option \"" + std::string(name) + "\" has no value; ask is_set first");
    return found;
  }

  const sluice_create_v1& args_;
  const sluice_plugin_v1& plugin_;
  Host host_;
};

}  // namespace sluice::inline sdk
