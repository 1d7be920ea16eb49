#include "plugin/host_table.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <string>

#include "core/clock.hpp"
#include "plugin/text.hpp"

namespace sluice::plugin {
namespace {

constexpr std::uint32_t kClosedBit = 1U << 31U;
constexpr std::size_t kChunkEvents = 256;  // converted on the stack: 12 KiB
constexpr std::size_t kStrideMaxBytes = 4096;
constexpr std::size_t kBatchMaxEvents = 1UL << 24U;
constexpr std::size_t kLogMaxBytes = 8192;
constexpr std::size_t kDetailMaxBytes = 1024;
constexpr std::size_t kStateMaxBytes = 1UL << 20U;
// Longest stay of one wait inside InstanceHost, so that a plugin which waits for ever can still be cut off.
constexpr std::chrono::milliseconds kWaitSlice{1000};
constexpr std::string_view kCutOff = "the instance has been cut off from the gateway";

// The layouts of 1.0. They stay what they are when members are appended.
constexpr std::size_t kBatchMinBytes = offsetof(sluice_batch_v1, count) + sizeof(sluice_batch_v1::count);
constexpr std::size_t kResultMinBytes = offsetof(sluice_emit_result_v1, ticket) + sizeof(sluice_emit_result_v1::ticket);
constexpr std::size_t kEventMinBytes = offsetof(sluice_event_v1, payload) + sizeof(sluice_event_v1::payload);
static_assert(kEventMinBytes == sizeof(sluice_event_v1), "convert() copies the layout of 1.0");

bool is_readable(sluice_bytes bytes) { return bytes.size == 0 || bytes.data != nullptr; }
std::string_view view_of(sluice_bytes bytes) {
  return bytes.size == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(bytes.data), bytes.size);
}
std::string_view view_of(sluice_str text, std::size_t max_bytes) {
  if (text.size == 0 || text.data == nullptr) return {};
  return {text.data, std::min(text.size, max_bytes)};
}
template <class T>
bool is_aligned(const T* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer) % alignof(T) == 0;
}

sluice_status fail(sluice_error* error, sluice_status status, std::string_view text) {
  put_error(error, text);
  return status;
}

/// The host's side of the exception barrier.
template <class Body>
sluice_status barrier(sluice_error* error, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::exception& e) {
    return fail(error, SLUICE_FAILED, e.what());
  } catch (...) {
    return fail(error, SLUICE_FAILED, "the gateway threw something that is not a std::exception");
  }
}

HostTable& table_of(void* context) { return *static_cast<HostTable*>(context); }

/// What is wrong with a batch as a whole; null when nothing is.
const char* fault_of(const sluice_batch_v1* batch, const sluice_emit_result_v1* result) {
  if (batch == nullptr || !is_aligned(batch)) return "emit: batch is null or not aligned";
  if (result == nullptr || !is_aligned(result)) return "emit: result is null or not aligned";
  if (result->struct_size < kResultMinBytes) return "emit: result.struct_size is too small, set it before the call";
  if (batch->struct_size < kBatchMinBytes) return "emit: batch.struct_size is too small";
  if (batch->count == 0) return nullptr;
  if (batch->count > kBatchMaxEvents) return "emit: batch.count is larger than any batch can be";
  if (batch->events == nullptr || !is_aligned(batch->events)) return "emit: batch.events is null or not aligned";
  if (batch->event_stride < kEventMinBytes || batch->event_stride > kStrideMaxBytes ||
      batch->event_stride % alignof(sluice_event_v1) != 0) {
    return "emit: batch.event_stride is not sizeof(sluice_event_v1)";
  }
  return nullptr;
}

}  // namespace

void put_error(sluice_error* error, std::string_view text) noexcept {
  if (error == nullptr || error->data == nullptr) return;
  error->size = utf8_prefix(text, error->capacity);
  if (error->size != 0) std::memcpy(error->data, text.data(), error->size);
}

HostTable::Visit::Visit(HostTable& table)
    : is_open((table.visits_.fetch_add(1, std::memory_order_acquire) & kClosedBit) == 0), table_(table) {}

HostTable::Visit::~Visit() {
  if (table_.visits_.fetch_sub(1, std::memory_order_acq_rel) == (kClosedBit | 1U)) table_.visits_.notify_all();
}

HostTable::HostTable(InstanceHost& host, const std::vector<BoundStream>& streams, std::uint64_t event_max_bytes)
    : host_(host), event_max_bytes_(event_max_bytes) {
  streams_.reserve(streams.size());
  for (const BoundStream& stream : streams) {
    streams_.push_back(
        {stream.direction == Direction::kOut, stream.kind == StreamKind::kTable, stream.schema != nullptr});
  }
  table_.struct_size = sizeof table_;
  table_.abi_minor = SLUICE_ABI_MINOR;
  table_.context = this;
  table_.emit = emit;
  table_.wait_durable = wait_durable;
  table_.wait = wait;
  table_.is_stopping = is_stopping;
  table_.wall_time_us = wall_time_us;
  table_.monotonic_us = monotonic_us;
  table_.log = log;
  table_.refuse = refuse;
  table_.save_state = save_state;
}

void HostTable::close() {
  request_stop();
  std::uint32_t visits = visits_.fetch_or(kClosedBit, std::memory_order_acq_rel) | kClosedBit;
  while (visits != kClosedBit) {
    visits_.wait(visits, std::memory_order_acquire);
    visits = visits_.load(std::memory_order_acquire);
  }
}

const char* HostTable::convert(const sluice_event_v1& theirs, EmittedEvent& out) const {
  if (theirs.stream >= streams_.size()) return "event.stream is not the number of a stream";
  const StreamTraits& stream = streams_[theirs.stream];
  if (!stream.is_out) return "event.stream is an in stream";
  if ((theirs.flags & ~std::uint32_t{SLUICE_EVENT_DELETE | SLUICE_EVENT_TIME_NOW}) != 0) {
    return "event.flags has a bit that is not known";
  }
  if (!is_readable(theirs.key)) return "event.key is a null pointer with a size";
  if (!is_readable(theirs.payload)) return "event.payload is a null pointer with a size";
  if (theirs.payload.size > event_max_bytes_) return "event.payload is larger than event_max_bytes";
  if (theirs.key.size > event_max_bytes_) return "event.key is larger than event_max_bytes";
  out.is_delete = (theirs.flags & SLUICE_EVENT_DELETE) != 0;
  out.is_time_now = (theirs.flags & SLUICE_EVENT_TIME_NOW) != 0;
  if (out.is_delete) {
    if (!stream.is_table) return "event.flags says delete, but the stream is no table";
    if (theirs.payload.size != 0) return "event.flags says delete, but there is a payload";
    if (theirs.key.size == 0) return "event.flags says delete, but there is no key";
    out.encoding = Encoding::kProtobuf;
  } else {
    if (theirs.encoding < SLUICE_ENCODING_PROTOBUF || theirs.encoding > SLUICE_ENCODING_RAW) {
      return "event.encoding is not 1 (protobuf), 2 (JSON) or 3 (raw)";
    }
    if ((theirs.encoding == SLUICE_ENCODING_RAW) == stream.has_schema) {
      return stream.has_schema ? "event.encoding is raw, but the stream has a schema"
                               : "event.encoding is not raw, but the stream has no schema";
    }
    out.encoding = static_cast<Encoding>(theirs.encoding);
  }
  out.stream = theirs.stream;
  out.event_time_us = theirs.event_time_us;
  out.key = view_of(theirs.key);
  out.payload = view_of(theirs.payload);
  return nullptr;
}

void HostTable::begin_batch(std::span<const ConsumerInput> inputs, const sluice_input_v1* theirs) {
  const std::lock_guard lock(batch_mutex_);
  batch_inputs_ = inputs;
  batch_theirs_ = theirs;
}

void HostTable::end_batch() { begin_batch({}, nullptr); }

const ConsumerInput* HostTable::find_input(const sluice_input_v1* theirs) {
  const std::lock_guard lock(batch_mutex_);
  // Compared as numbers: the pointer may be any.
  const auto first = reinterpret_cast<std::uintptr_t>(batch_theirs_);
  const auto wanted = reinterpret_cast<std::uintptr_t>(theirs);
  const std::size_t index = (wanted - first) / sizeof(sluice_input_v1);
  if (theirs == nullptr || wanted < first || index >= batch_inputs_.size()) return nullptr;
  return &batch_inputs_[index];
}

void HostTable::count_refusal(std::string_view detail) { host_.refuse("malformed_event", detail, nullptr, {}); }

sluice_status HostTable::emit_checked(const sluice_batch_v1& batch, sluice_emit_result_v1& result,
                                      sluice_error* error) {
  // Raw memory: filling 256 default events for a batch of one would cost more than the batch.
  alignas(EmittedEvent) std::byte memory[kChunkEvents * sizeof(EmittedEvent)];
  auto* chunk = reinterpret_cast<EmittedEvent*>(memory);
  const char* at = reinterpret_cast<const char*>(batch.events);
  std::size_t next = 0;
  while (next < batch.count) {
    const std::size_t room = std::min(kChunkEvents, batch.count - next);
    std::size_t filled = 0;
    const char* fault = nullptr;
    for (; filled < room && fault == nullptr; ++filled, at += batch.event_stride) {
      sluice_event_v1 theirs;
      std::memcpy(&theirs, at, kEventMinBytes);
      fault = convert(theirs, *std::construct_at(chunk + filled));
      if (fault != nullptr) break;
    }
    if (filled != 0) {
      const EmitOutcome outcome = host_.emit({chunk, filled});
      const std::size_t accepted = std::min(outcome.accepted, filled);
      result.accepted += accepted;
      if (accepted != 0) result.ticket = outcome.ticket;
      switch (outcome.code) {
        case Code::kOk:
          if (accepted < filled) return fail(error, SLUICE_BUSY, "the gateway has no room now");
          break;
        case Code::kFull:
          return fail(error, SLUICE_BUSY, "the gateway has no room now");
        case Code::kInvalid:
          return fail(error, SLUICE_REFUSED, outcome.error);
        case Code::kClosed:
          return fail(error, SLUICE_STOPPED, "the instance is being stopped");
        default:
          return fail(error, SLUICE_FAILED, outcome.error);
      }
    }
    if (fault != nullptr) {
      count_refusal(fault);
      return fail(error, SLUICE_REFUSED, fault);
    }
    next += filled;
  }
  return SLUICE_OK;
}

sluice_status HostTable::emit(void* context, const sluice_batch_v1* batch, sluice_emit_result_v1* result,
                              sluice_error* error) {
  return barrier(error, [&] {
    HostTable& table = table_of(context);
    const Visit visit(table);
    const char* fault = fault_of(batch, result);
    if (fault == nullptr || (result != nullptr && is_aligned(result) && result->struct_size >= kResultMinBytes)) {
      result->accepted = 0;
      result->ticket = 0;
    }
    if (!visit.is_open || table.is_stop_requested())
      return fail(error, SLUICE_STOPPED, "the instance is being stopped");
    if (fault != nullptr) {
      table.count_refusal(fault);
      return fail(error, SLUICE_FAILED, fault);
    }
    return table.emit_checked(*batch, *result, error);
  });
}

sluice_status HostTable::wait_durable(void* context, std::uint64_t ticket, std::int64_t timeout_ms,
                                      sluice_error* error) {
  return barrier(error, [&] {
    HostTable& table = table_of(context);
    std::int64_t left_ms = std::max<std::int64_t>(timeout_ms, 0);
    for (;;) {
      const Visit visit(table);
      if (!visit.is_open) return fail(error, SLUICE_FAILED, kCutOff);
      const auto slice = std::min(std::chrono::milliseconds(left_ms), kWaitSlice);
      const Status status = table.host_.wait_durable(ticket, slice);
      if (status.ok()) return sluice_status{SLUICE_OK};
      if (status.code() != Code::kTimeout) return fail(error, SLUICE_FAILED, status.text());
      left_ms -= slice.count();
      if (left_ms <= 0) return fail(error, SLUICE_TIMEOUT, status.text());
    }
  });
}

sluice_status HostTable::wait(void* context, std::int64_t duration_us) {
  return barrier(nullptr, [&] {
    HostTable& table = table_of(context);
    constexpr std::int64_t kSliceUs = std::chrono::microseconds(kWaitSlice).count();
    std::int64_t left_us = std::max<std::int64_t>(duration_us, 0);
    do {
      const Visit visit(table);
      if (!visit.is_open || table.is_stop_requested()) return sluice_status{SLUICE_STOPPED};
      const std::int64_t slice_us = std::min(left_us, kSliceUs);
      if (table.host_.wait(std::chrono::microseconds(slice_us))) return sluice_status{SLUICE_STOPPED};
      left_us -= slice_us;
    } while (left_us > 0);
    return sluice_status{table.is_stop_requested() ? SLUICE_STOPPED : SLUICE_TIMEOUT};
  });
}

std::uint32_t HostTable::is_stopping(void* context) {
  HostTable& table = table_of(context);
  if (table.is_stop_requested()) return 1;
  const Visit visit(table);
  return !visit.is_open || table.host_.is_stopping() ? 1 : 0;
}

std::int64_t HostTable::wall_time_us(void* context) {
  HostTable& table = table_of(context);
  const Visit visit(table);
  return visit.is_open ? table.host_.clock().wall_us() : SystemClock().wall_us();
}

std::int64_t HostTable::monotonic_us(void* context) {
  HostTable& table = table_of(context);
  const Visit visit(table);
  return visit.is_open ? table.host_.clock().monotonic_us() : SystemClock().monotonic_us();
}

void HostTable::log(void* context, std::uint32_t level, sluice_str text) {
  (void)barrier(nullptr, [&] {
    HostTable& table = table_of(context);
    const Visit visit(table);
    if (!visit.is_open) return sluice_status{SLUICE_STOPPED};
    const bool is_known = level >= SLUICE_LOG_DEBUG && level <= SLUICE_LOG_ERROR;
    table.host_.log(is_known ? static_cast<LogLevel>(level) : LogLevel::kInfo,
                    printable(view_of(text, kLogMaxBytes), kLogMaxBytes));
    return sluice_status{SLUICE_OK};
  });
}

void HostTable::refuse(void* context, sluice_str reason, sluice_str detail, const sluice_input_v1* input,
                       sluice_bytes payload) {
  (void)barrier(nullptr, [&] {
    HostTable& table = table_of(context);
    const Visit visit(table);
    if (!visit.is_open) return sluice_status{SLUICE_STOPPED};
    const std::string_view name = view_of(reason, 65);  // one more than a name may have
    const bool is_payload_usable = is_readable(payload) && payload.size <= table.event_max_bytes_;
    table.host_.refuse(is_name(name) ? name : "other", printable(view_of(detail, kDetailMaxBytes), kDetailMaxBytes),
                       table.find_input(input), is_payload_usable ? view_of(payload) : std::string_view());
    return sluice_status{SLUICE_OK};
  });
}

sluice_status HostTable::save_state(void* context, sluice_bytes state, sluice_error* error) {
  return barrier(error, [&] {
    HostTable& table = table_of(context);
    const Visit visit(table);
    if (!visit.is_open) return fail(error, SLUICE_FAILED, kCutOff);
    if (!is_readable(state)) return fail(error, SLUICE_FAILED, "save_state: state is a null pointer with a size");
    if (state.size > kStateMaxBytes) return fail(error, SLUICE_FAILED, "save_state: state is larger than 1 MiB");
    const Status status = table.host_.save_state(view_of(state));
    return status.ok() ? sluice_status{SLUICE_OK} : fail(error, SLUICE_FAILED, status.text());
  });
}

}  // namespace sluice::plugin
