#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

/// A stream's place in the gateway's StreamSet: dense, fixed while the process runs, never stored on disk.
using StreamId = std::uint32_t;

/// An event's number in the journal: 64-bit, rising by one per event, never reused; 0 is "none".
using Sequence = std::uint64_t;

/// One observation as it lies inside sluice: protobuf wire bytes of the stream's message (or untouched bytes of a
/// stream without schema). Ownership: a view; whoever hands it over says how long it lives.
struct Event {
  StreamId stream = 0;
  std::int64_t event_time_us = 0;
  std::string_view key;
  std::string_view payload;
};

}  // namespace sluice
