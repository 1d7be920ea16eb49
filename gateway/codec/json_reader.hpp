#pragma once

#include <string>
#include <string_view>

#include "codec/failure.hpp"
#include "codec/plan.hpp"
#include "codec/utf8.hpp"

namespace sluice::codec {

/// A cursor over JSON text (RFC 8259) that never reads outside it. Functions give false after recording what was wrong
/// in `failure`; the cursor is then unspecified. Ownership: borrows the text. Thread: one.
class JsonReader {
 public:
  explicit JsonReader(std::string_view json) : at(json.data()), end(at + json.size()), begin_(at) {}

  void skip_space() {
    if (at != end && static_cast<unsigned char>(*at) > 0x20) [[likely]]
      return;
    while (at != end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) ++at;
  }
  /// The byte at the cursor, 0 at the end (0 is no JSON outside of strings).
  [[nodiscard]] char peek() const { return at == end ? '\0' : *at; }

  /// True when [from, from + bytes) lies in the text, and not for example in an unescaped string.
  [[nodiscard]] bool can_read(const char* from, std::size_t bytes) const {
    const auto offset = reinterpret_cast<std::uintptr_t>(from) - reinterpret_cast<std::uintptr_t>(begin_);
    const auto size = static_cast<std::size_t>(end - begin_);
    return offset <= size && bytes <= size - offset;
  }

  /// From the opening quote to behind the closing one. The view points into the text, or into the reader when the
  /// string has escapes: then it dies with the next call.
  bool string(std::string_view& text, const Path& path) {
    const char* const open = at + 1;
    const char* special = find_special(open, end);
    if (special != end && *special == '"') [[likely]] {
      text = {open, static_cast<std::size_t>(special - open)};
      at = special + 1;
      return true;
    }
    return string_slow(open, special, text, path);
  }
  /// Any one value, checked in full; `depth` as for messages.
  bool skip(const Path& path, int depth);
  /// Nothing but white space is left.
  bool finish(const Path& path);

  bool malformed(const Path& path, std::string_view text = "malformed JSON") {
    return failure.at(path, text, at - begin_);
  }
  /// "expected number, got string", or malformed when no value begins here.
  bool unexpected(const Path& path, std::string_view expected);

  const char* at;
  const char* const end;
  Failure failure;

 private:
  bool string_slow(const char* open, const char* special, std::string_view& text, const Path& path);
  bool escape(const char*& p, const Path& path);

  const char* const begin_;
  std::string unescaped_;
};

}  // namespace sluice::codec
