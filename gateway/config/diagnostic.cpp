#include "config/diagnostic.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "core/edit_distance.hpp"

namespace sluice::config {
namespace {

constexpr std::size_t kShownBytes = 64;

}  // namespace

std::string place(const Location& where) {
  if (where.line == 0) return where.file;
  return where.file + ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
}

std::string one_of(const std::vector<std::string>& words) {
  std::string out = words.size() > 1 ? "one of " : "";
  for (std::size_t i = 0; i < words.size(); ++i) out += (i == 0 ? "" : ", ") + words[i];
  return out;
}

std::string shown_text(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "'";
  for (const char c : text.substr(0, kShownBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + (text.size() > kShownBytes ? "…'" : "'");
}

bool is_name(std::string_view text, bool is_dash_allowed) {
  constexpr std::size_t kLongest = 64;
  return !text.empty() && text.size() <= kLongest && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (c == '-' && is_dash_allowed);
  });
}

std::vector<Diagnostic> in_reading_order(std::vector<Diagnostic> diagnostics) {
  std::vector<std::string> files;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (std::find(files.begin(), files.end(), diagnostic.where.file) == files.end()) {
      files.push_back(diagnostic.where.file);
    }
  }
  const auto rank = [&](const Diagnostic& diagnostic) {
    const auto file = std::find(files.begin(), files.end(), diagnostic.where.file) - files.begin();
    return std::tuple(file, diagnostic.where.line, diagnostic.where.column);
  };
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return rank(a) < rank(b); });
  return diagnostics;
}

std::string Diagnostic::to_string() const {
  std::string out = where.file.empty() ? "" : place(where) + ": ";
  out += is_warning ? "warning: " : "error: ";
  out += message;
  if (!expected.empty()) out += ", expected " + expected;
  if (!suggestion.empty()) out += "; did you mean '" + suggestion + "'?";
  return out;
}

bool Diagnostics::has_errors() const {
  return std::any_of(all_.begin(), all_.end(), [](const Diagnostic& diagnostic) { return !diagnostic.is_warning; });
}

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  // Two slips in a word of four letters make it another word.
  const std::size_t limit = name.size() <= 4 ? 1 : 2;
  std::size_t best_distance = limit + 1;
  std::string best;
  for (const std::string& candidate : known) {
    const std::size_t shorter = std::min(name.size(), candidate.size());
    if (std::max(name.size(), candidate.size()) - shorter > limit) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace sluice::config
