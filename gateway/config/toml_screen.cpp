#include "config/toml_screen.hpp"

#include <cstddef>

namespace sluice::config {
namespace {

constexpr int kDotsPerLine = 128;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Walks over the text as far as needed to know what is a string and what a comment.
class Screen {
 public:
  Screen(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  std::optional<Diagnostic> run() {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    while (at_ < text_.size() && !finding_) {
      const char c = text_[at_];
      if (c == '#') {
        skip_comment();
      } else if (c == '"' || c == '\'') {
        skip_string(c);
      } else {
        if (is_beyond_ascii()) report("a character beyond ASCII", "it in quotes");
        step();
      }
    }
    return finding_;
  }

 private:
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] bool is_beyond_ascii() const { return (static_cast<unsigned char>(text_[at_]) & 0x80U) != 0; }

  void step() {
    const char c = text_[at_++];
    if (c == '\n') {
      ++line_;
      column_ = 1;
      dots_ = 0;
      return;
    }
    if (c == '.' && ++dots_ > kDotsPerLine) {
      report("too many dots in a line", "at most " + std::to_string(kDotsPerLine));
    }
    // Columns count characters: the continuation bytes of UTF-8 add none.
    if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80) ++column_;
  }

  void steps(std::size_t count) {
    for (; count > 0 && at_ < text_.size(); --count) step();
  }

  void skip_comment() {
    while (at_ < text_.size() && text_[at_] != '\n') step();
  }

  void skip_string(char quote) {
    const std::string triple(3, quote);
    const bool is_multi_line = rest().starts_with(triple);
    steps(is_multi_line ? 3 : 1);
    while (at_ < text_.size() && !finding_) {
      if (!is_multi_line && text_[at_] == '\n') return;
      if (quote == '"' && text_[at_] == '\\') {
        skip_escape(is_multi_line);
      } else if (is_multi_line ? rest().starts_with(triple) : text_[at_] == quote) {
        steps(is_multi_line ? 3 : 1);
        // A multi-line string may end with two quotes of its own before the closing three.
        for (int i = 0; is_multi_line && i < 2 && rest().starts_with(quote); ++i) step();
        return;
      } else {
        step();
      }
    }
  }

  void skip_escape(bool is_multi_line) {
    step();
    const std::size_t after_blanks = rest().find_first_not_of(" \t\r");
    const bool ends_line = is_multi_line && after_blanks != std::string_view::npos && rest()[after_blanks] == '\n';
    if (!ends_line) {
      steps(1);
      return;
    }
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) step();
    if (at_ < text_.size() && is_beyond_ascii()) {
      report("a character beyond ASCII follows a line-ending backslash", "it before the backslash");
    }
  }

  void report(std::string message, std::string expected) {
    if (finding_) return;
    finding_ = Diagnostic{.where = {.file = file_, .line = line_, .column = column_},
                          .message = std::move(message),
                          .expected = std::move(expected)};
  }

  const std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
  int dots_ = 0;
  std::optional<Diagnostic> finding_;
};

}  // namespace

std::optional<Diagnostic> screen_toml(std::string_view text, const std::string& file) {
  return Screen(text, file).run();
}

}  // namespace sluice::config
