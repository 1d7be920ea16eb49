#include "codec/json_reader.hpp"

#include "codec/number_text.hpp"

namespace sluice::codec {
namespace {

/// Four hex digits, or -1.
int hex_4(const char* p, const char* end) {
  if (end - p < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    const char lower = static_cast<char>(c | 0x20);
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (lower >= 'a' && lower <= 'f') {
      digit = lower - 'a' + 10;
    } else {
      return -1;
    }
    value = value << 4 | digit;
  }
  return value;
}

void append_utf8(std::string& to, std::uint32_t code) {
  if (code < 0x80) {
    to += static_cast<char>(code);
  } else if (code < 0x800) {
    to += static_cast<char>(0xc0 | code >> 6);
    to += static_cast<char>(0x80 | (code & 63));
  } else if (code < 0x10000) {
    to += static_cast<char>(0xe0 | code >> 12);
    to += static_cast<char>(0x80 | (code >> 6 & 63));
    to += static_cast<char>(0x80 | (code & 63));
  } else {
    to += static_cast<char>(0xf0 | code >> 18);
    to += static_cast<char>(0x80 | (code >> 12 & 63));
    to += static_cast<char>(0x80 | (code >> 6 & 63));
    to += static_cast<char>(0x80 | (code & 63));
  }
}

bool is_literal(const char* at, const char* end, std::string_view word) {
  return static_cast<std::size_t>(end - at) >= word.size() && std::string_view(at, word.size()) == word;
}

}  // namespace

/// `p` is behind the backslash.
bool JsonReader::escape(const char*& p, const Path& path) {
  at = p - 1;
  if (p == end) return malformed(path, "string without its closing quote");
  switch (*p++) {
    case '"':
      unescaped_ += '"';
      return true;
    case '\\':
      unescaped_ += '\\';
      return true;
    case '/':
      unescaped_ += '/';
      return true;
    case 'b':
      unescaped_ += '\b';
      return true;
    case 'f':
      unescaped_ += '\f';
      return true;
    case 'n':
      unescaped_ += '\n';
      return true;
    case 'r':
      unescaped_ += '\r';
      return true;
    case 't':
      unescaped_ += '\t';
      return true;
    case 'u':
      break;
    default:
      return malformed(path, "unknown escape in a string");
  }
  const int unit = hex_4(p, end);
  if (unit < 0) return malformed(path, "\\u without four hex digits");
  p += 4;
  auto code = static_cast<std::uint32_t>(unit);
  if (code >= 0xd800 && code < 0xe000) {
    const int low = code < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex_4(p + 2, end) : -1;
    if (low < 0xdc00 || low >= 0xe000) return malformed(path, "half of a surrogate pair");
    code = 0x10000 + ((code - 0xd800) << 10) + (static_cast<std::uint32_t>(low) - 0xdc00);
    p += 6;
  }
  append_utf8(unescaped_, code);
  return true;
}

bool JsonReader::string_slow(const char* open, const char* special, std::string_view& text, const Path& path) {
  bool has_escapes = false;
  const char* piece = open;  // what is not in unescaped_ yet begins here
  const char* p = special;
  for (;; p = find_special(p, end)) {
    at = p;
    if (p == end) return malformed(path, "string without its closing quote");
    if (*p == '"') break;
    if (*p == '\\') {
      if (!has_escapes) unescaped_.clear();
      has_escapes = true;
      unescaped_.append(piece, p);
      ++p;
      if (!escape(p, path)) return false;
      piece = p;
    } else if (static_cast<std::uint8_t>(*p) < 0x20) {
      return malformed(path, "control character in a string");
    } else {
      const unsigned size = utf8_sequence(p, end);
      if (size == 0) return malformed(path, "invalid UTF-8");
      p += size;
    }
  }
  at = p + 1;
  if (!has_escapes) {
    text = {open, static_cast<std::size_t>(p - open)};
    return true;
  }
  unescaped_.append(piece, p);
  text = unescaped_;
  return true;
}

bool JsonReader::skip(const Path& path, int depth) {
  std::string_view ignored;
  NumberText number;
  switch (peek()) {
    case '"':
      return string(ignored, path);
    case '{':
    case '[': {
      const bool is_object = *at == '{';
      const char close = is_object ? '}' : ']';
      if (depth >= kMaxDepth) return malformed(path, "nested deeper than 32 levels");
      ++at;
      skip_space();
      if (peek() == close) {
        ++at;
        return true;
      }
      for (;;) {
        if (is_object) {
          if (peek() != '"') return malformed(path);
          if (!string(ignored, path)) return false;
          skip_space();
          if (peek() != ':') return malformed(path);
          ++at;
          skip_space();
        }
        if (!skip(path, depth + 1)) return false;
        skip_space();
        const char next = peek();
        if (next != ',' && next != close) return malformed(path);
        ++at;
        if (next == close) return true;
        skip_space();
      }
    }
    case 't':
    case 'n':
      if (!is_literal(at, end, *at == 't' ? "true" : "null")) return malformed(path);
      at += 4;
      return true;
    case 'f':
      if (!is_literal(at, end, "false")) return malformed(path);
      at += 5;
      return true;
    default:
      return read_number(at, end, number) || malformed(path);
  }
}

bool JsonReader::finish(const Path& path) {
  skip_space();
  return at == end || malformed(path, "something follows the JSON value");
}

bool JsonReader::unexpected(const Path& path, std::string_view expected) {
  std::string_view got;
  switch (peek()) {
    case '"':
      got = "string";
      break;
    case '{':
      got = "object";
      break;
    case '[':
      got = "array";
      break;
    case 't':
    case 'f':
      got = is_literal(at, end, "true") || is_literal(at, end, "false") ? "boolean" : "";
      break;
    case 'n':
      got = is_literal(at, end, "null") ? "null" : "";
      break;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      got = "number";
      break;
    default:
      break;
  }
  // What begins like a number and was not taken as the number asked for is none: 01, -Infinity.
  if (got.empty() || (got == "number" && expected.ends_with(got))) return malformed(path);
  return failure.at(path, "expected " + std::string(expected) + ", got " + std::string(got));
}

}  // namespace sluice::codec
