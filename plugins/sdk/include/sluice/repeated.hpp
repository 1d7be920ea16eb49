#pragma once

/// Repeated and map fields of generated structs: views that own nothing. Made from a range of the author's for
/// encoding, or by decode over the wire bytes; either way what they point at must outlive them. Thread: plain values.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <string_view>
#include <type_traits>

#include "sluice/wire.hpp"

namespace sluice::inline sdk {

/// The values of a repeated field, in order: `for (auto value : field)`. Reading takes packed and single values alike.
template <class Codec, bool is_written_packed = Codec::kIsPackable>
class Repeated {
 public:
  using value_type = typename Codec::Value;

  Repeated() = default;

  /// Views a random-access range of values, or of things that convert to them (strings for string_view). The range must
  /// live as long as the view: a temporary serves only until the end of the full expression.
  template <std::ranges::random_access_range R>
  requires(!std::same_as<std::remove_cvref_t<R>, Repeated> && std::ranges::sized_range<R> &&
           std::convertible_to<std::ranges::range_reference_t<const R>, value_type>) Repeated(const R& range)
      : count_(std::ranges::size(range)) {  // NOLINT(google-explicit-constructor): a view
    if constexpr (std::ranges::contiguous_range<R> && std::same_as<std::ranges::range_value_t<R>, value_type>) {
      range_ = std::ranges::data(range);
      at_ = [](const void* values, std::size_t index) { return static_cast<const value_type*>(values)[index]; };
    } else {
      range_ = std::addressof(range);
      at_ = [](const void* values, std::size_t index) -> value_type {
        return std::ranges::begin(*static_cast<const R*>(values))[static_cast<std::ptrdiff_t>(index)];
      };
    }
  }

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }

  class iterator {
   public:
    using value_type = typename Codec::Value;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    explicit iterator(const Repeated* view) : view_(view), left_(view->count_), in_(view->wire_) { load(); }

    [[nodiscard]] const value_type& operator*() const { return value_; }
    iterator& operator++() {
      --left_;
      load();
      return *this;
    }
    void operator++(int) { ++*this; }
    [[nodiscard]] bool operator==(std::default_sentinel_t) const { return left_ == 0; }

   private:
    void load() {
      if (left_ == 0) return;
      value_ = value_type{};
      if (view_->at_ != nullptr) {
        value_ = view_->at_(view_->range_, view_->count_ - left_);
      } else if (!view_->next(in_, packed_, value_)) {
        left_ = 0;
      }
    }

    const Repeated* view_ = nullptr;
    std::size_t left_ = 0;
    wire::Reader in_{std::string_view()};
    wire::Reader packed_{std::string_view()};
    value_type value_{};
  };

  [[nodiscard]] iterator begin() const { return iterator(this); }
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

  // For generated code.

  template <std::uint32_t field>
  [[nodiscard]] std::size_t max_size() const {
    std::size_t sum = 2 * wire::kMaxVarintBytes;
    for (const value_type& value : *this) sum += wire::present_max_size<Codec, field>(value);
    return sum;
  }
  template <std::uint32_t field>
  [[nodiscard]] std::size_t encoded_size() const {
    if (empty()) return 0;
    std::size_t sum = 0;
    for (const value_type& value : *this) {
      if constexpr (is_written_packed)
        sum += Codec::size(value);
      else
        sum += wire::present_size<Codec, field>(value);
    }
    if constexpr (is_written_packed)
      sum += wire::varint_size(wire::tag_of(field, wire::Type::kLength)) + wire::varint_size(sum);
    return sum;
  }
  template <std::uint32_t field>
  [[nodiscard]] char* write(char* to) const {
    if (empty()) return to;
    if constexpr (is_written_packed) {
      return wire::write_length_prefixed(wire::write_tag<wire::tag_of(field, wire::Type::kLength)>(to), [&](char* at) {
        for (const value_type& value : *this) at = Codec::write(at, value);
        return at;
      });
    } else {
      for (const value_type& value : *this) to = wire::write_present<Codec, field>(to, value);
      return to;
    }
  }
  /// Checks and counts the field that `in` stands behind the tag of; `start` is where the tag began.
  [[nodiscard]] bool read(wire::Reader& in, const char* start, std::uint32_t tag) {
    field_ = tag >> 3;
    if (Codec::kIsPackable && tag == wire::tag_of(field_, wire::Type::kLength)) {
      std::string_view packed;
      if (!in.bytes(packed)) return false;
      for (wire::Reader values(packed); !values.is_at_end(); ++count_) {
        value_type ignored{};
        if (!Codec::read(values, ignored)) return false;
      }
    } else {
      value_type ignored{};
      if (!Codec::read(in, ignored)) return false;
      ++count_;
    }
    const char* begin = wire_.data() == nullptr ? start : wire_.data();
    wire_ = std::string_view(begin, static_cast<std::size_t>(in.position() - begin));
    return true;
  }

 private:
  // Other fields may lie between two occurrences; they were checked by decode and are passed over.
  [[nodiscard]] bool next(wire::Reader& in, wire::Reader& packed, value_type& value) const {
    for (;;) {
      if (!packed.is_at_end()) return Codec::read(packed, value);
      if (in.is_at_end()) return false;
      std::uint32_t tag = 0;
      if (!in.tag(tag)) return false;
      if (tag == wire::tag_of(field_, Codec::kType)) return Codec::read(in, value);
      if (Codec::kIsPackable && tag == wire::tag_of(field_, wire::Type::kLength)) {
        std::string_view bytes;
        if (!in.bytes(bytes)) return false;
        packed = wire::Reader(bytes);
      } else if (!in.skip(tag)) {
        return false;
      }
    }
  }

  const void* range_ = nullptr;
  value_type (*at_)(const void* range, std::size_t index) = nullptr;
  std::size_t count_ = 0;
  std::string_view wire_;
  std::uint32_t field_ = 0;
};

/// One entry of a map field.
template <class KeyCodec, class ValueCodec>
struct MapEntry {
  typename KeyCodec::Value key{};
  typename ValueCodec::Value value{};

  // Both are always written, as protobuf does.
  [[nodiscard]] std::size_t encoded_size() const {
    return wire::present_size<KeyCodec, 1>(key) + wire::present_size<ValueCodec, 2>(value);
  }
  [[nodiscard]] std::size_t sluice_max_size() const {
    return wire::present_max_size<KeyCodec, 1>(key) + wire::present_max_size<ValueCodec, 2>(value);
  }
  [[nodiscard]] char* sluice_write(char* to) const {
    return wire::write_present<ValueCodec, 2>(wire::write_present<KeyCodec, 1>(to, key), value);
  }
  [[nodiscard]] bool sluice_merge(std::string_view bytes) {
    for (wire::Reader in(bytes); !in.is_at_end();) {
      std::uint32_t tag = 0;
      if (!in.tag(tag)) return false;
      if (tag == wire::tag_of(1, KeyCodec::kType)) {
        if (!KeyCodec::read(in, key)) return false;
      } else if (tag == wire::tag_of(2, ValueCodec::kType)) {
        if (!ValueCodec::read(in, value)) return false;
      } else if (!in.skip(tag)) {
        return false;
      }
    }
    return true;
  }
};

/// The entries of a map field. Encoded from any range of pairs (std::map, a vector of pairs, ...), whose keys must
/// differ.
template <class KeyCodec, class ValueCodec>
class Map {
 public:
  using key_type = typename KeyCodec::Value;
  using mapped_type = typename ValueCodec::Value;
  using Entry = MapEntry<KeyCodec, ValueCodec>;

  Map() = default;

  /// Views a range of pairs; it must live as long as the view.
  template <std::ranges::forward_range R>
  requires(!std::same_as<std::remove_cvref_t<R>, Map> &&
           requires(const std::ranges::range_reference_t<const R>& pair) {
             { pair.first } -> std::convertible_to<key_type>;
             { pair.second } -> std::convertible_to<mapped_type>;
           }) Map(const R& range)  // NOLINT(google-explicit-constructor): a view
      : range_(std::addressof(range)), count_(static_cast<std::size_t>(std::ranges::distance(range))) {
    each_ = [](const void* pairs, void* visitor, Visit visit) {
      for (const auto& pair : *static_cast<const R*>(pairs)) visit(visitor, Entry{pair.first, pair.second});
    };
  }

  /// Entries, counting a key that came twice on the wire twice.
  [[nodiscard]] std::size_t size() const { return each_ != nullptr ? count_ : wire_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }

  /// Calls `visit(key, value)` for each entry, in order.
  template <class F>
  void for_each(F&& visit) const {
    each([&](const Entry& entry) { visit(entry.key, entry.value); });
  }

  /// The value of a key (of its last entry, as protobuf reads them), by looking at all of them.
  [[nodiscard]] std::optional<mapped_type> find(const key_type& key) const {
    std::optional<mapped_type> found;
    each([&](const Entry& entry) {
      if (entry.key == key) found = entry.value;
    });
    return found;
  }

  // For generated code.

  template <std::uint32_t field>
  [[nodiscard]] std::size_t max_size() const {
    std::size_t sum = 0;
    each([&](const Entry& entry) { sum += wire::present_max_size<EntryCodec, field>(entry); });
    return sum;
  }
  template <std::uint32_t field>
  [[nodiscard]] std::size_t encoded_size() const {
    std::size_t sum = 0;
    each([&](const Entry& entry) { sum += wire::present_size<EntryCodec, field>(entry); });
    return sum;
  }
  template <std::uint32_t field>
  [[nodiscard]] char* write(char* to) const {
    each([&](const Entry& entry) { to = wire::write_present<EntryCodec, field>(to, entry); });
    return to;
  }
  [[nodiscard]] bool read(wire::Reader& in, const char* start, std::uint32_t tag) { return wire_.read(in, start, tag); }

 private:
  using EntryCodec = wire::Message<Entry>;
  using Visit = void (*)(void* visitor, const Entry& entry);

  template <class F>
  void each(F&& visit) const {
    if (each_ != nullptr) {
      each_(range_, std::addressof(visit),
            [](void* visitor, const Entry& entry) { (*static_cast<std::remove_reference_t<F>*>(visitor))(entry); });
    } else {
      for (const Entry& entry : wire_) visit(entry);
    }
  }

  const void* range_ = nullptr;
  void (*each_)(const void* range, void* visitor, Visit visit) = nullptr;
  std::size_t count_ = 0;
  Repeated<EntryCodec> wire_;
};

}  // namespace sluice::inline sdk
