#include "plugin/instance.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/breadcrumb.hpp"
#include "plugin/description.hpp"
#include "plugin/host_table.hpp"
#include "plugin/text.hpp"
#include "plugin/watched_call.hpp"

namespace sluice::plugin {
namespace {

constexpr std::size_t kErrorMaxBytes = 1024;
constexpr std::size_t kConsumerStateMaxBytes = 64UL << 20U;
constexpr std::uint32_t kDefaultTickMs = 1000;

sluice_str str_of(std::string_view text) { return {text.data(), text.size()}; }
sluice_bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string in_time(std::chrono::milliseconds limit) {
  return limit.count() % 1000 == 0 ? std::to_string(limit.count() / 1000) + " s"
                                   : std::to_string(limit.count()) + " ms";
}

/// Calls into a plugin: leaves the breadcrumb, lends the error buffer, keeps exceptions out. `body` is given the buffer
/// and returns the plugin's status.
template <class Body>
Status call_plugin(std::string_view instance, std::string_view call, Body&& body) noexcept {
  const auto failed = [&](std::string_view text) {
    return Status(Code::kUnavailable,
                  std::string(call) + " of instance '" + std::string(instance) + "' " + std::string(text));
  };
  const breadcrumb::Call crumb(instance, call);
  std::array<char, kErrorMaxBytes> buffer;
  sluice_error error{buffer.data(), buffer.size(), 0};
  try {
    const sluice_status status = body(&error);
    if (status == SLUICE_OK) return {};
    // Ours again from here on: the plugin may have changed the pointer or claimed more than it was lent.
    const std::string_view text(buffer.data(), std::min(error.size, buffer.size()));
    return failed(text.empty() ? "failed with status " + std::to_string(status) + " and no text"
                               : "failed: " + printable(text));
  } catch (const std::exception& e) {
    return failed("threw: " + printable(e.what()));
  } catch (...) {
    return failed("threw something that is not a std::exception");
  }
}

/// The arguments of create as the plugin sees them. Views into the CreateArgs given.
class AbiCreateArgs {
 public:
  AbiCreateArgs(const CreateArgs& args, const sluice_host_v1* host) {
    lists_.resize(args.values.size());
    for (std::size_t i = 0; i < args.values.size(); ++i) {
      for (const std::string& item : args.values[i].list) lists_[i].push_back(str_of(item));
      values_.push_back(value_of(args.values[i], lists_[i]));
    }
    for (const BoundStream& stream : args.streams) streams_.push_back(stream_of(stream));
    args_.struct_size = sizeof args_;
    args_.value_stride = sizeof(sluice_value_v1);
    args_.stream_stride = sizeof(sluice_bound_stream_v1);
    args_.host = host;
    args_.instance = str_of(args.instance);
    args_.state_dir = str_of(args.state_dir);
    args_.values = values_.data();
    args_.value_count = values_.size();
    args_.streams = streams_.data();
    args_.stream_count = streams_.size();
    args_.saved_state = bytes_of(args.saved_state);
    args_.event_max_bytes = args.event_max_bytes;
  }
  AbiCreateArgs(const AbiCreateArgs&) = delete;
  AbiCreateArgs& operator=(const AbiCreateArgs&) = delete;

  [[nodiscard]] const sluice_create_v1* get() const { return &args_; }

 private:
  static sluice_value_v1 value_of(const OptionValue& value, const std::vector<sluice_str>& list) {
    sluice_value_v1 out{};
    out.struct_size = sizeof out;
    out.type = static_cast<std::uint32_t>(value.type);
    out.is_set = value.is_set ? 1 : 0;
    out.is_explicit = value.is_explicit ? 1 : 0;
    out.integer = value.integer;
    out.number = value.number;
    out.text = str_of(value.text);
    out.list = list.data();
    out.list_count = list.size();
    return out;
  }

  static sluice_bound_stream_v1 stream_of(const BoundStream& stream) {
    sluice_bound_stream_v1 out{};
    out.struct_size = sizeof out;
    out.direction = static_cast<std::uint32_t>(stream.direction);
    out.kind = static_cast<std::uint32_t>(stream.kind);
    out.encoding = stream.schema == nullptr                               ? SLUICE_ENCODING_RAW
                   : stream.direction == Direction::kIn && stream.is_json ? SLUICE_ENCODING_JSON
                                                                          : SLUICE_ENCODING_PROTOBUF;
    out.name = str_of(stream.name);
    out.topic = str_of(stream.topic);
    out.key_field = str_of(stream.key_field);
    out.time_field = str_of(stream.time_field);
    if (stream.schema != nullptr) {
      out.message = str_of(stream.schema->message);
      out.descriptor_set = bytes_of(stream.schema->descriptor_set);
    }
    return out;
  }

  std::vector<std::vector<sluice_str>> lists_;
  std::vector<sluice_value_v1> values_;
  std::vector<sluice_bound_stream_v1> streams_;
  sluice_create_v1 args_{};
};

/// What the host and the plugin's thread share: it lives until both have let go of it.
struct Core {
  Core(std::shared_ptr<const Description> plugin, CreateArgs create_args, InstanceHost& instance_host)
      : description(std::move(plugin)),
        args(std::move(create_args)),
        host(instance_host, args.streams, args.event_max_bytes) {}

  [[nodiscard]] bool is_source() const { return description->info.kind == PluginKind::kSource; }

  Status create() {
    const AbiCreateArgs abi_args(args, host.table());
    const auto function = is_source() ? description->source.create : description->consumer.create;
    return call_plugin(args.instance, "create",
                       [&](sluice_error* error) { return function(abi_args.get(), &self, error); });
  }

  Status destroy() {
    const auto function = is_source() ? description->source.destroy : description->consumer.destroy;
    return call_plugin(args.instance, "destroy", [&](sluice_error*) -> sluice_status {
      function(self);
      return SLUICE_OK;
    });
  }

  const std::shared_ptr<const Description> description;
  const CreateArgs args;
  HostTable host;
  void* self = nullptr;
  // Written by a watched call, read once it was waited for.
  Status outcome;
};

Status late(const Core& core, std::string_view call, std::chrono::milliseconds limit, std::string_view after) {
  return {Code::kTimeout, std::string(call) + " of instance '" + core.args.instance + "' did not return within " +
                              in_time(limit) + std::string(after) + "; its thread is set aside"};
}

Result<std::shared_ptr<Core>> create_core(std::shared_ptr<const Description> description, CreateArgs args,
                                          InstanceHost& host) {
  auto core = std::make_shared<Core>(std::move(description), std::move(args), host);
  const std::chrono::milliseconds limit = core->args.deadlines.create;
  auto call = WatchedCall::start(core->args.instance, "create", [core] { core->outcome = core->create(); });
  if (!call) return call.status();
  if (!(*call)->wait_for(limit) && (*call)->set_aside([core] {
        if (core->outcome.ok()) (void)core->destroy();
      })) {
    core->host.close();
    return late(*core, "create", limit, "");
  }
  if (!core->outcome.ok()) return std::exchange(core->outcome, Status());
  return core;
}

/// Destroys a created instance and cuts it off; a destroy that hangs is logged and set aside.
void destroy_core(const std::shared_ptr<Core>& core, InstanceHost& host) {
  const std::chrono::milliseconds limit = core->args.deadlines.destroy;
  auto call = WatchedCall::start(core->args.instance, "destroy", [core] { core->outcome = core->destroy(); });
  Status outcome;
  if (!call) {
    outcome = core->destroy();  // no thread to be had: better unwatched than not at all
  } else if (!(*call)->wait_for(limit) && (*call)->set_aside([core] {})) {
    outcome = late(*core, "destroy", limit, "");
  } else {
    outcome = std::exchange(core->outcome, Status());
  }
  core->host.close();
  if (!outcome.ok()) host.log(LogLevel::kError, outcome.text());
}

class Source final : public SourceInstance {
 public:
  Source(std::shared_ptr<Core> core, InstanceHost& host) : core_(std::move(core)), host_(host) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() override {
    if (!is_set_aside_) destroy_core(core_, host_);
  }

  Status run() override {
    const std::lock_guard one_at_a_time(run_mutex_);
    if (is_set_aside_) return {Code::kClosed, "instance '" + core_->args.instance + "' is set aside"};
    auto started = WatchedCall::start(core_->args.instance, "run", [core = core_] {
      core->outcome = call_plugin(core->args.instance, "run", [&](sluice_error* error) {
        const sluice_status status = core->description->source.run(core->self, error);
        // A source that hands on the STOPPED it was given has done what it was asked.
        return status == SLUICE_STOPPED && core->host.is_stop_requested() ? sluice_status{SLUICE_OK} : status;
      });
    });
    if (!started) return started.status();
    const std::shared_ptr<WatchedCall> call = *std::move(started);
    {
      const std::lock_guard lock(mutex_);
      running_ = call;
      if (core_->host.is_stop_requested()) call->hurry();
    }
    const std::chrono::milliseconds grace = core_->args.deadlines.stop;
    const bool is_late = !call->wait_until_hurried(grace) && call->set_aside([core = core_] { (void)core->destroy(); });
    {
      const std::lock_guard lock(mutex_);
      running_.reset();
      is_set_aside_ = is_late;
    }
    if (!is_late) return std::exchange(core_->outcome, Status());
    core_->host.close();
    return late(*core_, "run", grace, " of the stop request");
  }

  void request_stop() override {
    core_->host.request_stop();
    {
      const std::lock_guard lock(mutex_);
      if (is_set_aside_) return;
      if (running_ != nullptr) running_->hurry();
    }
    if (core_->description->source.request_stop == nullptr) return;
    const Status status = call_plugin(core_->args.instance, "request_stop", [&](sluice_error*) -> sluice_status {
      core_->description->source.request_stop(core_->self);
      return SLUICE_OK;
    });
    if (!status.ok()) host_.log(LogLevel::kError, status.text());
  }

 private:
  const std::shared_ptr<Core> core_;
  InstanceHost& host_;
  std::mutex run_mutex_;
  // Guarded by mutex_, never held while the plugin is called.
  std::mutex mutex_;
  std::shared_ptr<WatchedCall> running_;
  bool is_set_aside_ = false;
};

/// Receives the pieces of a saved state.
struct StateWriter {
  std::string& state;

  static sluice_status write(void* context, sluice_bytes bytes) {
    std::string& state = static_cast<StateWriter*>(context)->state;
    if (bytes.size == 0) return SLUICE_OK;
    if (bytes.data == nullptr || bytes.size > kConsumerStateMaxBytes - state.size()) return SLUICE_FAILED;
    try {
      state.append(reinterpret_cast<const char*>(bytes.data), bytes.size);
    } catch (...) {
      return SLUICE_FAILED;  // out of memory; the plugin fails its save with that
    }
    return SLUICE_OK;
  }
};

class Consumer final : public ConsumerInstance {
 public:
  Consumer(std::shared_ptr<Core> core, InstanceHost& host)
      : core_(std::move(core)), host_(host), callbacks_(core_->description->consumer) {}
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  ~Consumer() override { destroy_core(core_, host_); }

  Status on_batch(std::span<const ConsumerInput> inputs, std::int64_t wall_us, std::uint64_t gap_events) override {
    inputs_.resize(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const ConsumerInput& in = inputs[i];
      inputs_[i] = {in.stream,
                    in.partition,
                    in.offset,
                    in.event_time_us,
                    in.arrival_time_us,
                    bytes_of(in.key),
                    bytes_of(in.payload),
                    in.is_delete ? std::uint32_t{SLUICE_EVENT_DELETE} : 0,
                    0};
    }
    const sluice_input_batch_v1 batch{sizeof batch, sizeof(sluice_input_v1), inputs_.data(), inputs_.size(), wall_us,
                                      gap_events};
    core_->host.begin_batch(inputs, inputs_.data());
    Status handled =
        call("on_batch", [&](sluice_error* error) { return callbacks_.on_batch(core_->self, &batch, error); });
    core_->host.end_batch();
    return handled;
  }

  Status on_tick(std::int64_t wall_us, std::int64_t monotonic_us) override {
    if (callbacks_.on_tick == nullptr) return {};
    return call("on_tick",
                [&](sluice_error* error) { return callbacks_.on_tick(core_->self, wall_us, monotonic_us, error); });
  }

  [[nodiscard]] bool can_save() const override { return callbacks_.save != nullptr; }

  Status save(std::string& state) override {
    state.clear();
    if (!can_save()) return {};
    StateWriter writer{state};
    const sluice_writer_v1 abi_writer{sizeof abi_writer, 0, &writer, StateWriter::write};
    Status saved = call("save", [&](sluice_error* error) { return callbacks_.save(core_->self, &abi_writer, error); });
    if (!saved.ok()) state.clear();
    return saved;
  }

  Status load(std::string_view state) override {
    if (callbacks_.load == nullptr) return {Code::kInvalid, "instance '" + core_->args.instance + "' keeps no state"};
    return call("load", [&](sluice_error* error) { return callbacks_.load(core_->self, bytes_of(state), error); });
  }

  [[nodiscard]] std::uint32_t state_version() const override { return callbacks_.state_version; }
  [[nodiscard]] std::chrono::milliseconds tick_interval() const override {
    return std::chrono::milliseconds(callbacks_.tick_interval_ms == 0 ? kDefaultTickMs : callbacks_.tick_interval_ms);
  }
  [[nodiscard]] bool wants_event_time_order() const override { return callbacks_.order == SLUICE_ORDER_EVENT_TIME; }

 private:
  template <class Body>
  Status call(std::string_view name, Body&& body) {
    return call_plugin(core_->args.instance, name, std::forward<Body>(body));
  }

  const std::shared_ptr<Core> core_;
  InstanceHost& host_;
  const sluice_consumer_v1& callbacks_;
  std::vector<sluice_input_v1> inputs_;  // keeps its memory from batch to batch
};

}  // namespace

Result<std::unique_ptr<SourceInstance>> make_source(std::shared_ptr<const Description> description, CreateArgs args,
                                                    InstanceHost& host) {
  auto core = create_core(std::move(description), std::move(args), host);
  if (!core) return core.status();
  return std::unique_ptr<SourceInstance>(std::make_unique<Source>(*std::move(core), host));
}

Result<std::unique_ptr<ConsumerInstance>> make_consumer(std::shared_ptr<const Description> description, CreateArgs args,
                                                        InstanceHost& host) {
  auto core = create_core(std::move(description), std::move(args), host);
  if (!core) return core.status();
  return std::unique_ptr<ConsumerInstance>(std::make_unique<Consumer>(*std::move(core), host));
}

}  // namespace sluice::plugin
