#pragma once

/// Protobuf wire bytes, written and read without protobuf: what the structs of protoc-gen-sluice are made of.
///
/// Writers are unchecked: the caller has made room for the field's max_size. Readers check every length; after the
/// first `false` the reader's place is unspecified. Views that readers hand out point into the bytes given.
///
///   wire type   bytes after the tag (field number << 3 | wire type)
///   0 varint    7 bits each, low ones first, top bit set on all but the last; at most 10
///   1 fixed64   8, little endian
///   2 length    varint length, then that many bytes
///   3, 4 group  obsolete; skipped up to the matching end
///   5 fixed32   4, little endian
///
/// Thread: plain values without shared state.

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sluice::inline sdk::wire {

static_assert(std::endian::native == std::endian::little, "fixed fields are copied as they lie in memory");

enum class Type : std::uint32_t {
  kVarint = 0,
  kFixed64 = 1,
  kLength = 2,
  kGroupStart = 3,
  kGroupEnd = 4,
  kFixed32 = 5
};

[[nodiscard]] constexpr std::uint32_t tag_of(std::uint32_t field, Type type) {
  return field << 3 | static_cast<std::uint32_t>(type);
}

inline constexpr std::size_t kMaxVarintBytes = 10;
inline constexpr int kMaxGroupDepth = 64;

/// Bytes that grow at the end; never shrinks its memory, so that a reused one stops allocating.
/// Errors: std::bad_alloc, which leaves it as it was.
class Buffer {
 public:
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  [[nodiscard]] const char* data() const { return bytes_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  void clear() { size_ = 0; }
  /// Drops everything behind the first `size` bytes.
  void truncate(std::size_t size) { size_ = size < size_ ? size : size_; }

  /// Makes room for `count` more bytes and returns where they go; invalidates earlier pointers.
  [[nodiscard]] char* grow(std::size_t count) {
    if (count > capacity_ - size_) reallocate(count);
    return bytes_.get() + size_;
  }
  /// `end` lies within what the latest grow made room for.
  void set_end(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.get()); }

  void append(std::string_view bytes) {
    char* to = grow(bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

 private:
  void reallocate(std::size_t count) {
    if (count > PTRDIFF_MAX - size_) throw std::bad_alloc();
    std::size_t wanted = size_ + count;
    if (wanted < capacity_ * 2) wanted = capacity_ * 2;
    if (wanted < 256) wanted = 256;
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// ---- writing ---------------------------------------------------------------------------------------------------

[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

[[nodiscard]] inline char* write_varint(char* to, std::uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

template <std::uint32_t tag>
[[nodiscard]] inline char* write_tag(char* to) {
  if constexpr (tag < 0x80) {
    *to = static_cast<char>(tag);
    return to + 1;
  } else if constexpr (tag < 0x4000) {
    to[0] = static_cast<char>(tag | 0x80);
    to[1] = static_cast<char>(tag >> 7);
    return to + 2;
  } else {
    return write_varint(to, tag);
  }
}

template <class T>
[[nodiscard]] inline char* write_raw(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

[[nodiscard]] inline char* write_bytes(char* to, std::string_view bytes) {
  to = write_varint(to, bytes.size());
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

// ---- reading ---------------------------------------------------------------------------------------------------

class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool is_at_end() const { return at_ == end_; }
  [[nodiscard]] const char* position() const { return at_; }

  [[nodiscard]] bool varint(std::uint64_t& value) {
    if (at_ != end_ && static_cast<std::uint8_t>(*at_) < 0x80) {
      value = static_cast<std::uint8_t>(*at_++);
      return true;
    }
    std::uint64_t sum = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (at_ == end_) return false;
      const auto byte = static_cast<std::uint8_t>(*at_++);
      sum |= static_cast<std::uint64_t>(byte & 0x7f) << shift;  // the tenth byte keeps its lowest bit, as protobuf does
      if (byte < 0x80) {
        value = sum;
        return true;
      }
    }
    return false;
  }

  /// False for field number 0 and for numbers beyond 2^29 - 1.
  [[nodiscard]] bool tag(std::uint32_t& value) {
    std::uint64_t wide = 0;
    const char* begin = at_;
    if (!varint(wide) || wide > UINT32_MAX || at_ - begin > 5 || wide < 8) return false;
    value = static_cast<std::uint32_t>(wide);
    return true;
  }

  template <class T>
  [[nodiscard]] bool raw(T& value) {
    if (static_cast<std::size_t>(end_ - at_) < sizeof value) return false;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return true;
  }

  [[nodiscard]] bool bytes(std::string_view& value) {
    std::uint64_t size = 0;
    if (!varint(size) || size > static_cast<std::uint64_t>(end_ - at_)) return false;
    value = std::string_view(at_, static_cast<std::size_t>(size));
    at_ += size;
    return true;
  }

  /// Passes the value of a field whose tag was just read.
  [[nodiscard]] bool skip(std::uint32_t field_tag) {
    switch (static_cast<Type>(field_tag & 7)) {
      case Type::kVarint: {
        std::uint64_t ignored = 0;
        return varint(ignored);
      }
      case Type::kFixed64:
        return pass(8);
      case Type::kFixed32:
        return pass(4);
      case Type::kLength: {
        std::string_view ignored;
        return bytes(ignored);
      }
      case Type::kGroupStart:
        return skip_group(field_tag);
      case Type::kGroupEnd:
        return false;
    }
    return false;
  }

 private:
  [[nodiscard]] bool pass(std::ptrdiff_t count) {
    if (end_ - at_ < count) return false;
    at_ += count;
    return true;
  }

  [[nodiscard]] bool skip_group(std::uint32_t start_tag) {
    std::array<std::uint32_t, kMaxGroupDepth> open{};
    std::size_t depth = 1;
    open[0] = start_tag >> 3;
    while (depth > 0) {
      std::uint32_t inner = 0;
      if (!tag(inner)) return false;
      const auto type = static_cast<Type>(inner & 7);
      if (type == Type::kGroupStart) {
        if (depth == open.size()) return false;
        open[depth++] = inner >> 3;
      } else if (type == Type::kGroupEnd) {
        if (open[--depth] != inner >> 3) return false;
      } else if (!skip(inner)) {
        return false;
      }
    }
    return true;
  }

  const char* at_;
  const char* end_;
};

// ---- one codec per protobuf type --------------------------------------------------------------------------------
// Value: the C++ type. kType: its wire type. max_size: at least what write needs, cheap. size: exact.

namespace detail {
[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (0 - (value & 1)));
}

template <class T, std::size_t most>
struct VarintCodec {
  using Value = T;
  static constexpr Type kType = Type::kVarint;
  static constexpr bool kIsPackable = true;
  // Negative 32-bit numbers and enums are sign-extended to 64 bits, as protobuf writes them.
  [[nodiscard]] static constexpr std::uint64_t to_wire(T value) {
    if constexpr (std::is_signed_v<T>)
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
    else
      return static_cast<std::uint64_t>(value);
  }
  [[nodiscard]] static constexpr std::size_t max_size(T) { return most; }
  [[nodiscard]] static constexpr std::size_t size(T value) { return varint_size(to_wire(value)); }
  [[nodiscard]] static char* write(char* to, T value) { return write_varint(to, to_wire(value)); }
  [[nodiscard]] static bool read(Reader& in, T& value) {
    std::uint64_t wide = 0;
    if (!in.varint(wide)) return false;
    if constexpr (std::is_same_v<T, bool>)
      value = wide != 0;
    else
      value = static_cast<T>(wide);
    return true;
  }
  [[nodiscard]] static constexpr bool is_default(T value) { return value == T{}; }
};

template <class T>
struct ZigzagCodec : VarintCodec<T, sizeof(T) == 4 ? 5 : 10> {
  [[nodiscard]] static constexpr std::size_t size(T value) { return varint_size(zigzag(value)); }
  [[nodiscard]] static char* write(char* to, T value) { return write_varint(to, zigzag(value)); }
  [[nodiscard]] static bool read(Reader& in, T& value) {
    std::uint64_t wide = 0;
    if (!in.varint(wide)) return false;
    value = static_cast<T>(unzigzag(sizeof(T) == 4 ? static_cast<std::uint32_t>(wide) : wide));
    return true;
  }
};

template <class T>
struct FixedCodec {
  using Value = T;
  static constexpr Type kType = sizeof(T) == 4 ? Type::kFixed32 : Type::kFixed64;
  static constexpr bool kIsPackable = true;
  [[nodiscard]] static constexpr std::size_t max_size(T) { return sizeof(T); }
  [[nodiscard]] static constexpr std::size_t size(T) { return sizeof(T); }
  [[nodiscard]] static char* write(char* to, T value) { return write_raw(to, value); }
  [[nodiscard]] static bool read(Reader& in, T& value) { return in.raw(value); }
  // By bits: -0.0 is not the default, as in protobuf.
  [[nodiscard]] static constexpr bool is_default(T value) {
    if constexpr (sizeof(T) == 4)
      return std::bit_cast<std::uint32_t>(value) == 0;
    else
      return std::bit_cast<std::uint64_t>(value) == 0;
  }
};
}  // namespace detail

struct Int32 : detail::VarintCodec<std::int32_t, 10> {};
struct Int64 : detail::VarintCodec<std::int64_t, 10> {};
struct Uint32 : detail::VarintCodec<std::uint32_t, 5> {};
struct Uint64 : detail::VarintCodec<std::uint64_t, 10> {};
struct Bool : detail::VarintCodec<bool, 1> {};
struct Sint32 : detail::ZigzagCodec<std::int32_t> {};
struct Sint64 : detail::ZigzagCodec<std::int64_t> {};
struct Fixed32 : detail::FixedCodec<std::uint32_t> {};
struct Fixed64 : detail::FixedCodec<std::uint64_t> {};
struct Sfixed32 : detail::FixedCodec<std::int32_t> {};
struct Sfixed64 : detail::FixedCodec<std::int64_t> {};
struct Float : detail::FixedCodec<float> {};
struct Double : detail::FixedCodec<double> {};

/// An enum class over int32; values without a name are kept.
template <class E>
struct Enum {
  using Value = E;
  static constexpr Type kType = Type::kVarint;
  static constexpr bool kIsPackable = true;
  [[nodiscard]] static constexpr std::size_t max_size(E) { return kMaxVarintBytes; }
  [[nodiscard]] static constexpr std::size_t size(E value) { return Int32::size(static_cast<std::int32_t>(value)); }
  [[nodiscard]] static char* write(char* to, E value) { return Int32::write(to, static_cast<std::int32_t>(value)); }
  [[nodiscard]] static bool read(Reader& in, E& value) {
    std::int32_t number = 0;
    if (!Int32::read(in, number)) return false;
    value = static_cast<E>(number);
    return true;
  }
  [[nodiscard]] static constexpr bool is_default(E value) { return static_cast<std::int32_t>(value) == 0; }
};

/// string and bytes. UTF-8 is not checked here; the host does, where a format needs it.
struct String {
  using Value = std::string_view;
  static constexpr Type kType = Type::kLength;
  static constexpr bool kIsPackable = false;
  [[nodiscard]] static std::size_t max_size(std::string_view value) { return value.size() + kMaxVarintBytes; }
  [[nodiscard]] static std::size_t size(std::string_view value) { return varint_size(value.size()) + value.size(); }
  [[nodiscard]] static char* write(char* to, std::string_view value) { return write_bytes(to, value); }
  [[nodiscard]] static bool read(Reader& in, std::string_view& value) { return in.bytes(value); }
  [[nodiscard]] static bool is_default(std::string_view value) { return value.empty(); }
};

/// Writes a length and then what `body` writes, without knowing the length first: most fit into one byte of it, the
/// others are moved up.
template <class Body>
[[nodiscard]] inline char* write_length_prefixed(char* to, Body&& body) {
  char* begin = to + 1;
  char* end = body(begin);
  const auto size = static_cast<std::size_t>(end - begin);
  const std::size_t prefix = varint_size(size);
  if (prefix > 1) std::memmove(to + prefix, begin, size);
  (void)write_varint(to, size);
  return to + prefix + size;
}

/// A generated struct. Reading merges into the value, as protobuf does when a field comes twice.
template <class M>
struct Message {
  using Value = M;
  static constexpr Type kType = Type::kLength;
  static constexpr bool kIsPackable = false;
  [[nodiscard]] static std::size_t max_size(const M& value) { return value.sluice_max_size() + kMaxVarintBytes; }
  [[nodiscard]] static std::size_t size(const M& value) {
    const std::size_t body = value.encoded_size();
    return varint_size(body) + body;
  }
  [[nodiscard]] static char* write(char* to, const M& value) {
    return write_length_prefixed(to, [&](char* at) { return value.sluice_write(at); });
  }
  [[nodiscard]] static bool read(Reader& in, M& value) {
    std::string_view body;
    return in.bytes(body) && value.sluice_merge(body);
  }
};

// ---- what generated code calls ----------------------------------------------------------------------------------

template <class Codec, std::uint32_t field>
inline constexpr std::size_t kTagSize = varint_size(tag_of(field, Codec::kType));

/// A field without presence: left out when it has its default.
template <class Codec, std::uint32_t field>
[[nodiscard]] inline char* write_implicit(char* to, const typename Codec::Value& value) {
  if (Codec::is_default(value)) return to;
  return Codec::write(write_tag<tag_of(field, Codec::kType)>(to), value);
}
template <class Codec, std::uint32_t field>
[[nodiscard]] inline std::size_t implicit_size(const typename Codec::Value& value) {
  return Codec::is_default(value) ? 0 : kTagSize<Codec, field> + Codec::size(value);
}

/// A field that is there: a message, or a set optional.
template <class Codec, std::uint32_t field>
[[nodiscard]] inline char* write_present(char* to, const typename Codec::Value& value) {
  return Codec::write(write_tag<tag_of(field, Codec::kType)>(to), value);
}
template <class Codec, std::uint32_t field>
[[nodiscard]] inline std::size_t present_size(const typename Codec::Value& value) {
  return kTagSize<Codec, field> + Codec::size(value);
}
template <class Codec, std::uint32_t field>
[[nodiscard]] inline std::size_t present_max_size(const typename Codec::Value& value) {
  return kTagSize<Codec, field> + Codec::max_size(value);
}

/// Reads one value of the optional field it is given.
template <class Codec, class Optional>
[[nodiscard]] inline bool read_optional(Reader& in, Optional& value) {
  if (!value) value.emplace();
  return Codec::read(in, *value);
}

}  // namespace sluice::inline sdk::wire
