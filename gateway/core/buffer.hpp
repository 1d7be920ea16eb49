#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace sluice {

/// A growing byte buffer that keeps its memory when cleared and never zero-fills: the target of every codec.
/// Thread: none of its own. Views into it die at the next call that may grow it.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t capacity_bytes) { reserve(capacity_bytes); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] char* data() { return data_.get(); }
  [[nodiscard]] const char* data() const { return data_.get(); }
  [[nodiscard]] std::string_view view() const { return {data_.get(), size_}; }
  [[nodiscard]] std::string_view view(std::size_t offset) const { return {data_.get() + offset, size_ - offset}; }

  void clear() { size_ = 0; }
  /// Cuts back to `size_bytes`, at most size(): undoes a half-written value.
  void truncate(std::size_t size_bytes) { size_ = size_bytes; }

  void reserve(std::size_t capacity_bytes) {
    if (capacity_bytes > capacity_) grow(capacity_bytes);
  }
  /// Room for `bytes` more; write there, then commit().
  [[nodiscard]] char* prepare(std::size_t bytes) {
    if (capacity_ - size_ < bytes) grow(size_ + bytes);
    return data_.get() + size_;
  }
  void commit(std::size_t bytes) { size_ += bytes; }

  void append(std::string_view bytes) {
    char* at = prepare(bytes.size());
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void push_back(char byte) {
    *prepare(1) = byte;
    ++size_;
  }

 private:
  void grow(std::size_t needed) {
    std::size_t next = capacity_ < 64 ? 64 : capacity_ * 2;
    if (next < needed) next = needed;
    std::unique_ptr<char[]> bigger(new char[next]);
    if (size_ != 0) std::memcpy(bigger.get(), data_.get(), size_);
    data_ = std::move(bigger);
    capacity_ = next;
  }

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sluice
