#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::inline sdk {

/// Walks over one JSON value without building anything: calls, in order, visitor.begin('{' or '['), visitor.key(text
/// between the quotes, escapes left as they are), visitor.scalar(text as written, strings with their quotes) and
/// visitor.end('}' or
/// ']'). For plugins that take their input as JSON text.
/// False: the text is not exactly one JSON value, or deeper than kJsonMaxDepth; what was visited before counts for
/// nothing. Numbers are checked by their letters only. Thread: any; allocates nothing.
inline constexpr int kJsonMaxDepth = 64;

namespace detail {

template <class Visitor>
class JsonScan {
 public:
  JsonScan(std::string_view text, Visitor& visitor) : text_(text), visitor_(visitor) {}

  bool document() {
    if (!value(0)) return false;
    skip_space();
    return at_ == text_.size();
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  [[nodiscard]] bool take(char wanted) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  /// The text between two quotes.
  bool string(std::string_view& inner) {
    if (!take('"')) return false;
    const std::size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        inner = text_.substr(begin, at_++ - begin);
        return true;
      }
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      if (text_[at_] == '\\' && ++at_ == text_.size()) return false;
    }
    return false;
  }

  bool value(int depth) {
    skip_space();
    if (depth > kJsonMaxDepth || at_ == text_.size()) return false;
    const std::size_t begin = at_;
    switch (text_[at_]) {
      case '{':
        return members(depth, '}');
      case '[':
        return members(depth, ']');
      case '"': {
        std::string_view inner;
        if (!string(inner)) return false;
        break;
      }
      default: {
        at_ = text_.find_first_not_of("+-.0123456789abcdefghijklmnopqrstuvwxyzE", at_);
        if (at_ == std::string_view::npos) at_ = text_.size();
        const std::string_view word = text_.substr(begin, at_ - begin);
        const bool is_name = word == "true" || word == "false" || word == "null";
        const bool is_number = !word.empty() && (word[0] == '-' || (word[0] >= '0' && word[0] <= '9')) &&
                               word.find_first_not_of("+-.0123456789eE") == std::string_view::npos;
        if (!is_name && !is_number) return false;
      }
    }
    visitor_.scalar(text_.substr(begin, at_ - begin));
    return true;
  }

  bool members(int depth, char close) {
    visitor_.begin(text_[at_++]);
    if (!take(close)) {
      do {
        if (close == '}') {
          std::string_view name;
          if (!string(name) || !take(':')) return false;
          visitor_.key(name);
        }
        if (!value(depth + 1)) return false;
      } while (take(','));
      if (!take(close)) return false;
    }
    visitor_.end(close);
    return true;
  }

  const std::string_view text_;
  Visitor& visitor_;
  std::size_t at_ = 0;
};

}  // namespace detail

template <class Visitor>
[[nodiscard]] bool scan_json(std::string_view text, Visitor& visitor) {
  return detail::JsonScan<Visitor>(text, visitor).document();
}

}  // namespace sluice::inline sdk
