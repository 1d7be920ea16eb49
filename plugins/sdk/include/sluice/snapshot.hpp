#pragma once

/// Bytes of a saved state: integers and doubles of 8 bytes, little endian, and texts behind their length. A reader
/// never reads past the end; after bad input every value is zero and is_ok() is false.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::inline sdk {

class SnapshotWriter {
 public:
  void integer(std::integral auto value) {
    const auto bits = static_cast<std::uint64_t>(value);
    for (unsigned shift = 0; shift < 64; shift += 8) bytes_.push_back(static_cast<char>((bits >> shift) & 0xffU));
  }
  void boolean(bool value) { bytes_.push_back(value ? '\1' : '\0'); }
  void real(double value) { integer(std::bit_cast<std::uint64_t>(value)); }
  void text(std::string_view value) {
    integer(value.size());
    bytes_.append(value);
  }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Ownership: borrows the bytes; texts are views into them.
class SnapshotReader {
 public:
  explicit SnapshotReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t integer() {
    const std::string_view raw = take(8);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(raw[i])) << (8 * i);
    }
    return value;
  }
  std::int64_t signed_integer() { return static_cast<std::int64_t>(integer()); }
  bool boolean() { return take(1) == std::string_view("\1", 1); }
  double real() { return std::bit_cast<double>(integer()); }
  std::string_view text() {
    const std::uint64_t size = integer();
    return size <= rest_.size() ? take(static_cast<std::size_t>(size)) : fail();
  }
  /// Number of elements that follow, each of at least `element_min_bytes`; 0 and a failure when they cannot be there.
  std::uint64_t count(std::size_t element_min_bytes) {
    const std::uint64_t elements = integer();
    if (elements <= rest_.size() / element_min_bytes) return elements;
    (void)fail();
    return 0;
  }

  [[nodiscard]] bool is_ok() const { return is_ok_; }
  /// Everything was read, and nothing was wrong.
  [[nodiscard]] bool is_complete() const { return is_ok_ && rest_.empty(); }

 private:
  std::string_view take(std::size_t size) {
    if (!is_ok_ || size > rest_.size()) return fail();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view fail() {
    is_ok_ = false;
    rest_ = {};
    return {};
  }

  std::string_view rest_;
  bool is_ok_ = true;
};

}  // namespace sluice::inline sdk
