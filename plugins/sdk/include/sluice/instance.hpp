#pragma once

/// The base classes of sources and consumers.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sluice/batch_writer.hpp"
#include "sluice/context.hpp"
#include "sluice/host.hpp"

namespace sluice::inline sdk {

/// What sources and consumers share. Thread: the instance thread, unless said otherwise.
class Instance {
 public:
  explicit Instance(const Context& context)
      : host_(context.host()), writer_(context.host(), context.plugin()), instance_name_(context.instance()) {}
  virtual ~Instance() = default;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  /// Thread: any.
  [[nodiscard]] const Host& host() const { return host_; }
  [[nodiscard]] const std::string& instance_name() const { return instance_name_; }
  [[nodiscard]] BatchWriter& writer() { return writer_; }

  /// Writes an event into the current batch; false once the instance is stopped. See BatchWriter.
  template <class T>
  bool emit(const Out<T>& stream, const T& event, const EmitOptions& options = {}) {
    return writer_.emit(stream, event, options);
  }
  template <class T>
  bool publish(const Table<T>& stream, const T& row, const EmitOptions& options = {}) {
    return writer_.publish(stream, row, options);
  }
  template <class T>
  bool remove(const Table<T>& stream, std::string_view key) {
    return writer_.remove(stream, key);
  }
  bool emit_json(std::uint32_t stream, std::string_view json, const EmitOptions& options = {}) {
    return writer_.emit_json(stream, json, options);
  }
  bool emit_raw(std::uint32_t stream, std::string_view bytes, const EmitOptions& options = {}) {
    return writer_.emit_raw(stream, bytes, options);
  }
  bool flush() { return writer_.flush(); }

  /// Thread: any.
  void log(LogLevel level, std::string_view text) const { host_.log(level, text); }
  void log_info(std::string_view text) const { host_.log(LogLevel::kInfo, text); }
  void log_warning(std::string_view text) const { host_.log(LogLevel::kWarning, text); }

 private:
  Host host_;
  BatchWriter writer_;
  std::string instance_name_;
};

/// Derive, take a `const Context&` in the constructor, and implement run.
class Source : public Instance {
 public:
  using Instance::Instance;

  /// Emits until it has nothing more to give or is_stopping(). What it leaves in the batch is flushed behind it. A
  /// throw is a failure: the host logs its text and restarts the instance with back-off.
  virtual void run() = 0;

  /// Wakes run when it waits in something else than wait(). Thread: any; may be called repeatedly.
  virtual void request_stop() {}

  /// Hands over the batch, then waits; false as soon as the instance is asked to stop.
  [[nodiscard]] bool wait(Duration duration) { return flush() && host().wait(duration); }
  [[nodiscard]] bool is_stopping() const { return host().is_stopping(); }
  /// Counts an input that could not become an event; with a payload it goes to the dead-letter stream.
  void refuse(std::string_view reason, std::string_view detail, std::string_view payload = {}) const {
    host().refuse(reason, detail, payload);
  }
};

/// What comes with an event. Views live until on or on_batch returns.
struct Meta {
  std::uint32_t stream = 0;
  std::int32_t partition = -1;  ///< -1: from the journal
  std::int64_t offset = 0;      ///< from the journal: its sequence
  Time event_time{};
  Time arrival_time{};
  std::string_view key;
  bool is_delete = false;
  const sluice_input_v1* input = nullptr;

  explicit Meta(const sluice_input_v1& from)
      : stream(from.stream),
        partition(from.partition),
        offset(from.offset),
        event_time(Duration(from.event_time_us)),
        arrival_time(Duration(from.arrival_time_us)),
        key(from_abi(from.key)),
        is_delete((from.flags & SLUICE_EVENT_DELETE) != 0),
        input(&from) {}
};

/// The inputs of one on_batch call: `for (const sluice_input_v1& input : batch)`.
class InputBatch {
 public:
  explicit InputBatch(const sluice_input_batch_v1& batch) : batch_(&batch) {}

  class iterator {
   public:
    using value_type = sluice_input_v1;
    using difference_type = std::ptrdiff_t;
    iterator() = default;
    iterator(const char* at, std::size_t stride) : at_(at), stride_(stride) {}
    [[nodiscard]] const sluice_input_v1& operator*() const { return *reinterpret_cast<const sluice_input_v1*>(at_); }
    iterator& operator++() {
      at_ += stride_;
      return *this;
    }
    iterator operator++(int) {
      iterator before = *this;
      ++*this;
      return before;
    }
    [[nodiscard]] bool operator==(const iterator& other) const { return at_ == other.at_; }

   private:
    const char* at_ = nullptr;
    std::size_t stride_ = 0;
  };

  [[nodiscard]] std::size_t size() const { return batch_->count; }
  [[nodiscard]] iterator begin() const { return {bytes(), batch_->input_stride}; }
  [[nodiscard]] iterator end() const { return {bytes() + batch_->count * batch_->input_stride, batch_->input_stride}; }
  [[nodiscard]] Time wall_time() const { return Time(Duration(batch_->wall_time_us)); }
  /// Events known to be missing just before this batch.
  [[nodiscard]] std::uint64_t gap_events() const { return batch_->gap_events; }

 private:
  [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(batch_->inputs); }
  const sluice_input_batch_v1* batch_;
};

/// Receives the bytes of a consumer's state; each write appends. Throws when the host cannot take them.
class StateWriter {
 public:
  explicit StateWriter(const sluice_writer_v1& writer) : writer_(&writer) {}
  void write(std::string_view bytes) {
    if (writer_->write(writer_->context, to_abi_bytes(bytes)) != SLUICE_OK) {
      throw std::runtime_error("the host did not take the state");
    }
  }

 private:
  const sluice_writer_v1* writer_;
};

/// What all consumers share; derive from Consumer<Events...>. A callback that is not overridden is absent for the host.
class ConsumerBase : public Instance {
 public:
  using Instance::Instance;

  /// Calls on(event, meta) for each input. Overridden by generic consumers, which take the bytes as they come.
  virtual void on_batch(const InputBatch& batch) { dispatch_(*this, batch); }
  /// About every tick_interval and between batches, on the host's clock.
  virtual void on_tick(Time /*now*/) {}
  /// A tombstone of the in stream meta.stream.
  virtual void on_delete(const Meta& /*meta*/) {}
  /// So many events are known to be missing before those that follow.
  virtual void on_gap(std::uint64_t /*events*/) {}

  /// Writes the state that belongs to everything consumed so far.
  virtual void save(StateWriter& /*out*/) {}
  /// Takes back what save wrote. When it throws, it leaves the instance as fresh as it was.
  virtual void load(std::string_view /*state*/) {}

  /// Counts an input as refused and sends it to the dead-letter stream. Only inside on, on_delete and on_batch.
  void refuse(std::string_view reason, std::string_view detail, const Meta& meta) const {
    host().refuse(reason, detail, from_abi(meta.input->payload), meta.input);
  }

 private:
  template <class Plugin, class... Streams>
  friend class PluginTable;
  void (*dispatch_)(ConsumerBase& self, const InputBatch& batch) = nullptr;
};

/// One event type of a consumer.
template <class T>
class Handles {
 public:
  virtual ~Handles() = default;
  /// Views in the event and in meta live until it returns. A throw fails the batch: the host restarts the instance and
  /// delivers the batch again; what cannot be used is refused instead.
  virtual void on(const T& event, const Meta& meta) = 0;
};

/// Derive from Consumer<A, B> to get on(const A&, ...) and on(const B&, ...); from Consumer<> to override on_batch.
/// What is emitted and published inside a callback is handed over when it returns.
template <class... Events>
class Consumer : public ConsumerBase, public Handles<Events>... {
 public:
  using ConsumerBase::ConsumerBase;
};

}  // namespace sluice::inline sdk
