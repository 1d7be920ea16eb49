#pragma once

/// The C++ layer over plugin_abi.h: derive from Source or Consumer<Events...>, describe options and streams as
/// constexpr data, and end the one source file with
///
///   SLUICE_PLUGIN(MyClass, sluice::Description{.version = "1.0.0", .description = "…", .options = kOptions}, kIn,
///   kOut)
///
/// SLUICE_PLUGIN_NAME comes from the build (sluice_add_plugin): it is the plugin's name and that of its file.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sluice/barrier.hpp"
#include "sluice/batch_writer.hpp"
#include "sluice/context.hpp"
#include "sluice/description.hpp"
#include "sluice/host.hpp"
#include "sluice/instance.hpp"
#include "sluice/plugin_abi.h"
#include "sluice/repeated.hpp"
#include "sluice/wire.hpp"

namespace sluice::inline sdk {

namespace detail {

template <class Stream>
inline constexpr bool kIsIn = false;
template <class T>
inline constexpr bool kIsIn<In<T>> = true;

[[nodiscard]] constexpr std::uint32_t flag(bool is_set, std::uint32_t bit) { return is_set ? bit : 0; }

/// The files of several FileDescriptorSets, each once: serialized sets may be joined end to end.
[[nodiscard]] inline std::string join_descriptor_sets(std::span<const std::string_view> sets) {
  std::string joined;
  std::vector<std::string_view> names;
  for (const std::string_view set : sets) {
    for (wire::Reader in(set); !in.is_at_end();) {
      const char* begin = in.position();
      std::uint32_t tag = 0;
      std::string_view file;
      std::string_view name;
      if (!in.tag(tag) || !in.bytes(file)) break;
      wire::Reader fields(file);
      // protobuf writes fields in the order of their numbers, and 1 is the name.
      if (!fields.tag(tag) || !fields.bytes(name)) break;
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      names.push_back(name);
      joined.append(begin, in.position());
    }
  }
  return joined;
}

template <class Plugin, class Base>
concept Inherits = std::is_base_of_v<Base, Plugin>;

// A callback counts as inherited only if naming it gives the base's own member; an override, also a private one that
// cannot be named here, does not.
template <class Plugin>
concept InheritsRequestStop = requires {
  requires std::is_same_v<decltype(&Plugin::request_stop), void (Source::*)()>;
};
template <class Plugin>
concept InheritsOnTick = requires {
  requires std::is_same_v<decltype(&Plugin::on_tick), void (ConsumerBase::*)(Time)>;
};
template <class Plugin>
concept InheritsSave = requires {
  requires std::is_same_v<decltype(&Plugin::save), void (ConsumerBase::*)(StateWriter&)>;
};
template <class Plugin>
concept InheritsLoad = requires {
  requires std::is_same_v<decltype(&Plugin::load), void (ConsumerBase::*)(std::string_view)>;
};

}  // namespace detail

/// The static storage behind sluice_plugin_entry_v1, and the C callbacks of one plugin class. Trivially destructible:
/// it stays for the life of the process.
template <class Plugin, class... Streams>
class PluginTable {
  static constexpr bool kIsSource = std::is_base_of_v<Source, Plugin>;
  static constexpr bool kIsConsumer = std::is_base_of_v<ConsumerBase, Plugin>;
  static_assert(kIsSource != kIsConsumer, "derive the plugin from sluice::Source or from sluice::Consumer<Events...>");
  static_assert(std::is_constructible_v<Plugin, const Context&>,
                "the plugin needs a constructor that takes a const sluice::Context&");
  using Base = std::conditional_t<kIsSource, Source, ConsumerBase>;

 public:
  PluginTable(std::string_view name, const Description& description, const Streams&... streams)
      : streams_{streams.abi...} {
    static_assert((!(kIsSource && detail::kIsIn<Streams>)&&...), "a source has no in streams");
    plugin_ = {.struct_size = sizeof(sluice_plugin_v1),
               .abi_major = SLUICE_ABI_MAJOR,
               .abi_minor = SLUICE_TARGET_ABI_MINOR,
               .kind = kIsSource ? SLUICE_KIND_SOURCE : SLUICE_KIND_CONSUMER,
               .flags = detail::flag(description.streams_from_config, SLUICE_PLUGIN_STREAMS_FROM_CONFIG) |
                        detail::flag(description.input_as_json, SLUICE_PLUGIN_INPUT_AS_JSON),
               .option_stride = sizeof(Option),
               .stream_stride = sizeof(sluice_stream_v1),
               .reserved = 0,
               .name = to_abi(name),
               .version = to_abi(description.version),
               .description = to_abi(description.description),
               .descriptor_set = descriptor_set(),
               .options = description.options.data(),
               .option_count = description.options.size(),
               .streams = streams_.data(),
               .stream_count = sizeof...(Streams),
               .source = kIsSource ? &source_ : nullptr,
               .consumer = kIsConsumer ? &consumer_ : nullptr};
    if constexpr (kIsSource) {
      source_ = {.struct_size = sizeof(sluice_source_v1),
                 .reserved = 0,
                 .create = create,
                 .run = run,
                 .request_stop = detail::InheritsRequestStop<Plugin> ? nullptr : request_stop,
                 .destroy = destroy};
    } else {
      static_assert(detail::InheritsSave<Plugin> == detail::InheritsLoad<Plugin>, "save and load come together");
      consumer_ = {.struct_size = sizeof(sluice_consumer_v1),
                   .state_version = description.state_version,
                   .create = create,
                   .on_batch = on_batch,
                   .on_tick = detail::InheritsOnTick<Plugin> ? nullptr : on_tick,
                   .save = detail::InheritsSave<Plugin> ? nullptr : save,
                   .load = detail::InheritsLoad<Plugin> ? nullptr : load,
                   .destroy = destroy,
                   .tick_interval_ms = static_cast<std::uint32_t>(description.tick_interval.count()),
                   .order = static_cast<std::uint32_t>(description.order)};
    }
    self_ = this;
  }
  PluginTable(const PluginTable&) = delete;
  PluginTable& operator=(const PluginTable&) = delete;

  [[nodiscard]] const sluice_plugin_v1* get() const { return &plugin_; }

 private:
  [[nodiscard]] static sluice_bytes descriptor_set() {
    if constexpr (sizeof...(Streams) == 0) {
      return {nullptr, 0};
    } else {
      std::vector<std::string_view> sets;
      const auto add = [&sets](std::span<const unsigned char> set) {
        const std::string_view bytes(reinterpret_cast<const char*>(set.data()), set.size());
        for (const std::string_view other : sets) {
          if (other.data() == bytes.data()) return;
        }
        sets.push_back(bytes);
      };
      (add(Streams::Event::descriptor_set()), ...);
      if (sets.size() == 1) return to_abi_bytes(sets[0]);
      const std::string joined = detail::join_descriptor_sets(sets);
      // Kept for the life of the process, like the table that points at it.
      auto kept = std::make_unique_for_overwrite<char[]>(joined.size());
      std::memcpy(kept.get(), joined.data(), joined.size());
      return to_abi_bytes({kept.release(), joined.size()});
    }
  }

  [[nodiscard]] static Plugin& instance(void* self) { return *static_cast<Plugin*>(static_cast<Base*>(self)); }

  static sluice_status create(const sluice_create_v1* args, void** self, sluice_error* error) {
    return barrier(error, [&] {
      const Context context(*args, self_->plugin_);
      auto made = std::make_unique<Plugin>(context);
      if constexpr (kIsConsumer) static_cast<ConsumerBase&>(*made).dispatch_ = dispatch;
      *self = static_cast<Base*>(made.release());
    });
  }

  static void destroy(void* self) {
    delete static_cast<Base*>(self);  // destructors are noexcept: one that throws ends the process
  }

  static sluice_status run(void* self, sluice_error* error) {
    return barrier(error, [&] {
      Source& source = *static_cast<Source*>(static_cast<Base*>(self));
      source.run();
      (void)source.flush();  // stopped: what was not taken is the source's own again
    });
  }

  static void request_stop(void* self) {
    Source& source = *static_cast<Source*>(static_cast<Base*>(self));
    ErrorBuffer error;
    if (barrier(error.get(), [&] { source.request_stop(); }) != SLUICE_OK) source.log(LogLevel::kError, error.text());
  }

  /// Runs a callback and hands over what it wrote. Half of a failed callback's output is never sent.
  template <class Body>
  static sluice_status consume(void* self, sluice_error* error, Body&& body) {
    ConsumerBase& consumer = *static_cast<ConsumerBase*>(static_cast<Base*>(self));
    const sluice_status status = barrier(error, [&] {
      body(consumer);
      if (!consumer.flush()) return put_error(error, "stopped before every output was taken");
      return sluice_status{SLUICE_OK};
    });
    if (status != SLUICE_OK) consumer.writer().discard();
    return status;
  }

  static sluice_status on_batch(void* self, const sluice_input_batch_v1* batch, sluice_error* error) {
    return consume(self, error, [&](ConsumerBase& consumer) {
      const InputBatch inputs(*batch);
      if (inputs.gap_events() != 0) consumer.on_gap(inputs.gap_events());
      consumer.on_batch(inputs);
    });
  }

  static sluice_status on_tick(void* self, std::int64_t now_us, std::int64_t /*monotonic_us*/, sluice_error* error) {
    return consume(self, error, [&](ConsumerBase& consumer) { consumer.on_tick(Time(Duration(now_us))); });
  }

  static sluice_status save(void* self, const sluice_writer_v1* writer, sluice_error* error) {
    return consume(self, error, [&](ConsumerBase& consumer) {
      StateWriter out(*writer);
      consumer.save(out);
    });
  }

  static sluice_status load(void* self, sluice_bytes state, sluice_error* error) {
    return consume(self, error, [&](ConsumerBase& consumer) { consumer.load(from_abi(state)); });
  }

  static void dispatch(ConsumerBase& consumer, const InputBatch& batch) {
    Plugin& plugin = instance(static_cast<Base*>(&consumer));
    for (const sluice_input_v1& input : batch) {
      if (consumer.writer().is_stopped()) return;
      const Meta meta(input);
      if (meta.is_delete) {
        consumer.on_delete(meta);
      } else if (!dispatch_typed(plugin, meta, std::index_sequence_for<Streams...>())) {
        consumer.refuse("unknown_stream", "an input of a stream that the plugin does not read", meta);
      }
    }
  }

  template <std::size_t... number>
  [[nodiscard]] static bool dispatch_typed([[maybe_unused]] Plugin& plugin, [[maybe_unused]] const Meta& meta,
                                           std::index_sequence<number...>) {
    return ((meta.stream == number && deliver<Streams>(plugin, meta)) || ...);
  }

  template <class Stream>
  [[nodiscard]] static bool deliver(Plugin& plugin, const Meta& meta) {
    if constexpr (kIsConsumer && detail::kIsIn<Stream>) {
      using Event = typename Stream::Event;
      static_assert(std::is_base_of_v<Handles<Event>, Plugin>, "name the in stream's event in Consumer<Events...>");
      Event event;
      if (event.decode(from_abi(meta.input->payload))) {
        static_cast<Handles<Event>&>(plugin).on(event, meta);
      } else {
        static_cast<const ConsumerBase&>(plugin).refuse("malformed", "not wire bytes of the stream's message", meta);
      }
      return true;
    } else {
      return false;
    }
  }

  static inline const PluginTable* self_ = nullptr;

  std::array<sluice_stream_v1, sizeof...(Streams)> streams_;
  sluice_source_v1 source_{};
  sluice_consumer_v1 consumer_{};
  sluice_plugin_v1 plugin_{};
};

/// What SLUICE_PLUGIN's entry returns; null when the description could not be made.
template <class Plugin, class... Streams>
[[nodiscard]] const sluice_plugin_v1* plugin_entry(const char* name, const Description& description,
                                                   const Streams&... streams) noexcept {
  try {
    static const PluginTable<Plugin, Streams...> table(name, description, streams...);
    static_assert(std::is_trivially_destructible_v<PluginTable<Plugin, Streams...>>);
    return table.get();
  } catch (...) {
    return nullptr;
  }
}

}  // namespace sluice::inline sdk

#define SLUICE_TEXT_(word) #word
#define SLUICE_TEXT(word) SLUICE_TEXT_(word)
#define SLUICE_ENTRY_OF(name) SLUICE_PLUGIN_ENTRY(name)
#define SLUICE_PLUGIN(Class, ...)                                                       \
  extern "C" SLUICE_ENTRY_OF(SLUICE_PLUGIN_NAME) {                                      \
    return ::sluice::plugin_entry<Class>(SLUICE_TEXT(SLUICE_PLUGIN_NAME), __VA_ARGS__); \
  }                                                                                     \
  static_assert(true)
