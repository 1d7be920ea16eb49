#pragma once

/// How one record lies in the ring, 8-byte aligned, native byte order (it never leaves the process):
///
///   0 u64 sequence | 8 i64 event_time_us | 16 i64 received_us | 24 u32 stream | 28 u32 key bytes | 32 u32 payload
///   bytes 36 u32 frame bytes, a multiple of 8 | 40 key | payload | padding

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/event.hpp"
#include "core/ports.hpp"

namespace sluice::journal {

struct FrameHeader {
  std::uint64_t sequence;
  std::int64_t event_time_us;
  std::int64_t received_us;
  std::uint32_t stream;
  std::uint32_t key_bytes;
  std::uint32_t payload_bytes;
  std::uint32_t frame_bytes;
};
static_assert(sizeof(FrameHeader) == 40);

[[nodiscard]] inline std::size_t frame_size(std::size_t key_bytes, std::size_t payload_bytes) {
  return (sizeof(FrameHeader) + key_bytes + payload_bytes + 7U) & ~std::size_t{7};
}

/// Writes the frame at `at`, which has room for `frame_bytes` == frame_size() of the event.
inline void write_frame(char* at, const Event& event, Sequence sequence, std::int64_t received_us,
                        std::size_t frame_bytes) {
  const FrameHeader header{sequence,
                           event.event_time_us,
                           received_us,
                           event.stream,
                           static_cast<std::uint32_t>(event.key.size()),
                           static_cast<std::uint32_t>(event.payload.size()),
                           static_cast<std::uint32_t>(frame_bytes)};
  std::memcpy(at, &header, sizeof header);
  at += sizeof header;
  if (!event.key.empty()) std::memcpy(at, event.key.data(), event.key.size());
  if (!event.payload.empty()) std::memcpy(at + event.key.size(), event.payload.data(), event.payload.size());
}

/// Reads the frame at `at` as views into it; returns the bytes it takes.
inline std::size_t read_frame(const char* at, JournalRecord& record) {
  FrameHeader header;
  std::memcpy(&header, at, sizeof header);
  const char* key = at + sizeof header;
  record.sequence = header.sequence;
  record.received_us = header.received_us;
  record.event.stream = header.stream;
  record.event.event_time_us = header.event_time_us;
  record.event.key = {key, header.key_bytes};
  record.event.payload = {key + header.key_bytes, header.payload_bytes};
  return header.frame_bytes;
}

}  // namespace sluice::journal
