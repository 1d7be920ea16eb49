#pragma once

#include <cstring>
#include <string_view>

#include "core/buffer.hpp"

namespace sluice::codec {

/// Appends to a Buffer through a raw pointer: room() makes space, then the caller writes at `at` and moves it. Nothing
/// counts as appended before finish(), so an abandoned one leaves the buffer as it was. Thread: one.
class Appender {
 public:
  explicit Appender(Buffer& out) : out_(out), start_(out.size()) {
    at = base_ = out.prepare(kFirstBytes);
    end_ = out.data() + out.capacity();
  }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  /// At least `bytes` can be written at `at` afterwards.
  void room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at) < bytes) [[unlikely]]
      grow(bytes);
  }
  /// Bytes that fit at `at` without room().
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at); }
  /// Bytes written so far: a position that stays meaningful when the buffer moves.
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(at - base_); }
  [[nodiscard]] char* place(std::size_t position) { return base_ + position; }
  void cut(std::size_t position) { at = place(position); }

  void append(std::string_view text) {
    room(text.size());
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at += text.size();
  }
  void put(char c) { *at++ = c; }

  void finish() { out_.commit(size()); }

  char* at = nullptr;

 private:
  static constexpr std::size_t kFirstBytes = 512;

  [[gnu::noinline]] void grow(std::size_t bytes) {
    // Commit what is there, so that the buffer keeps it when it moves, and take the commit back.
    out_.commit(size());
    at = out_.prepare(bytes);
    end_ = out_.data() + out_.capacity();
    out_.truncate(start_);
    base_ = out_.data() + start_;
  }

  Buffer& out_;
  const std::size_t start_;
  char* base_ = nullptr;  ///< where the first byte lies; moves with the buffer
  char* end_ = nullptr;
};

}  // namespace sluice::codec
