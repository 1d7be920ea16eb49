#include "pipeline/dead_letters.hpp"

#include <algorithm>
#include <string>

namespace sluice::pipeline {
namespace {

/// As JSON with base64 it still fits Kafka's default message limit of 1 MiB.
constexpr std::size_t kMaxPayloadBytes = 512U << 10U;
constexpr std::size_t kMaxDetailBytes = 4096;

void put_varint(Buffer& out, std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) out.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
  out.push_back(static_cast<char>(value));
}

void put_bytes(Buffer& out, std::uint32_t field, std::string_view bytes) {
  if (bytes.empty()) return;
  put_varint(out, field << 3U | 2U);
  put_varint(out, bytes.size());
  out.append(bytes);
}

void put_integer(Buffer& out, std::uint32_t field, std::int64_t value) {
  if (value == 0) return;
  put_varint(out, field << 3U);
  put_varint(out, static_cast<std::uint64_t>(value));
}

/// proto3 strings must be UTF-8; what is not ASCII in a text of unknown origin becomes '?'.
std::string ascii(std::string_view text) {
  std::string out(text.substr(0, kMaxDetailBytes));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) >= 0x80U) c = '?';
  }
  return out;
}

}  // namespace

bool DeadLetters::write(const DeadLetter& letter) {
  const std::int64_t now_us = clock_.wall_us();
  // Key, names and field headers fit into what is left beside the payload.
  const std::size_t around = letter.key.size() + kMaxDetailBytes + 1024;
  const std::size_t room = journal_.event_max_bytes() > around ? journal_.event_max_bytes() - around : 0;
  const std::string_view payload = letter.payload.substr(0, std::min(kMaxPayloadBytes, room));
  std::string detail = ascii(letter.detail);
  if (payload.size() < letter.payload.size()) {
    detail += " (payload cut from " + std::to_string(letter.payload.size()) + " bytes)";
  }

  const std::lock_guard lock(mutex_);
  wire_.clear();
  put_bytes(wire_, 1, ascii(letter.instance));
  put_bytes(wire_, 2, ascii(letter.stream));
  put_bytes(wire_, 3, ascii(letter.topic));
  put_integer(wire_, 4, letter.partition);
  put_integer(wire_, 5, letter.offset);
  put_bytes(wire_, 6, ascii(letter.reason));
  put_bytes(wire_, 7, detail);
  put_integer(wire_, 8, now_us);
  put_bytes(wire_, 9, letter.key);
  put_bytes(wire_, 10, payload);
  Event event;
  event.stream = stream_;
  event.event_time_us = now_us;
  event.payload = wire_.view();
  const bool is_written = journal_.append({&event, 1}).accepted == 1;
  (is_written ? written_ : lost_).fetch_add(1, std::memory_order_relaxed);
  return is_written;
}

}  // namespace sluice::pipeline
