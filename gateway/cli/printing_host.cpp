#include "cli/printing_host.hpp"

#include "codec/base64.hpp"

namespace sluice::cli {

EmitOutcome PrintingHost::emit(std::span<const EmittedEvent> events) {
  EmitOutcome outcome;
  for (const EmittedEvent& event : events) {
    if (is_stopping()) {
      outcome.code = Code::kClosed;
      return outcome;
    }
    if (Status status = print(event); !status.ok()) {
      outcome.code = status.code() == Code::kIo ? Code::kClosed : Code::kInvalid;
      outcome.error = status.text();
      return outcome;
    }
    outcome.ticket = ++printed_;
    ++outcome.accepted;
    if (options_.max_events != 0 && printed_ >= options_.max_events)
      is_stopping_.store(true, std::memory_order_release);
  }
  if (options_.on_progress) options_.on_progress(printed_);
  return outcome;
}

Status PrintingHost::print(const EmittedEvent& event) {
  if (event.stream >= options_.codecs.size() || options_.codecs[event.stream] == nullptr) {
    return {Code::kInvalid, "stream " + std::to_string(event.stream) + " is none this source can emit to"};
  }
  const StreamCodec& codec = *options_.codecs[event.stream];
  std::string_view wire = event.payload;
  if (event.encoding == Encoding::kJson) {
    wire_.clear();
    facts_.clear();
    if (Status status = codec.from_json(event.payload, wire_, facts_); !status.ok()) return status;
    wire = wire_.view();
  }
  line_.clear();
  if (options_.is_json) {
    if (Status status = codec.to_json(wire, line_); !status.ok()) return status;
  } else {
    const std::size_t bytes = codec::base64_bytes(wire.size());
    codec::write_base64(line_.prepare(bytes), wire);
    line_.commit(bytes);
  }
  line_.push_back('\n');
  if (std::fwrite(line_.data(), 1, line_.size(), options_.out) != line_.size()) {
    is_stopping_.store(true, std::memory_order_release);
    return {Code::kIo, "standard output is closed"};
  }
  return {};
}

bool PrintingHost::wait(std::chrono::microseconds duration) {
  std::fflush(options_.out);
  if (!is_stopping() && options_.wait(duration.count())) is_stopping_.store(true, std::memory_order_release);
  return is_stopping();
}

bool PrintingHost::is_stopping() const {
  return is_stopping_.load(std::memory_order_acquire) ||
         (options_.max_duration_us != 0 && clock_.monotonic_us() >= options_.max_duration_us);
}

void PrintingHost::refuse(std::string_view reason, std::string_view detail, const ConsumerInput*, std::string_view) {
  log_.warning("simulate", "refused, " + std::string(reason) + ": " + std::string(detail));
}

}  // namespace sluice::cli
