#include "console/fields.hpp"

#include <utility>

#include "console/text.hpp"
#include "sluice/json_scan.hpp"

namespace sluice::console {
namespace {

constexpr std::size_t kMaxFields = 200;

/// Text between JSON quotes as a person reads it. Escapes of control characters stay escapes.
std::string unquoted(std::string_view inner) {
  std::string text;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    const bool is_plain = inner[i] == '\\' && i + 1 < inner.size() &&
                          std::string_view("\"\\/").find(inner[i + 1]) != std::string_view::npos;
    if (is_plain) ++i;
    text += inner[i];
  }
  return printable(text);
}

class Flattener {
 public:
  std::vector<Field> fields;
  bool is_object = false;

  void begin(char bracket) {
    if (list_depth_ > 0 || bracket == '[') {
      if (list_depth_++ == 0) {
        list_.clear();
        needs_comma_ = false;
      }
      separate();
      list_ += bracket;
      needs_comma_ = false;
      return;
    }
    if (depth_++ == 0) {
      is_object = true;
      return;
    }
    lengths_.push_back(prefix_.size());
    prefix_ = path() + '.';
  }
  void end(char bracket) {
    if (list_depth_ > 0) {
      list_ += bracket;
      needs_comma_ = true;
      if (--list_depth_ == 0) add(printable(list_), false);
      return;
    }
    if (--depth_ == 0) return;
    prefix_.resize(lengths_.back());
    lengths_.pop_back();
  }
  void key(std::string_view name) {
    if (list_depth_ > 0) {
      separate();
      list_.append("\"").append(name).append("\":");
      needs_comma_ = false;
    } else {
      key_ = unquoted(name);
    }
  }
  void scalar(std::string_view text) {
    if (list_depth_ > 0) {
      separate();
      list_ += text;
      needs_comma_ = true;
    } else if (text.front() == '"') {
      add(unquoted(text.substr(1, text.size() - 2)), false);
    } else {
      const bool is_number = text.front() == '-' || (text.front() >= '0' && text.front() <= '9');
      add(is_number ? readable_number(text, key_) : std::string(text), is_number);
    }
  }

 private:
  [[nodiscard]] std::string path() const { return prefix_ + key_; }
  void separate() {
    if (needs_comma_) list_ += ',';
  }
  void add(std::string text, bool is_number) {
    if (fields.size() < kMaxFields) fields.push_back({path(), std::move(text), is_number});
  }

  std::string prefix_;
  std::string key_;
  std::vector<std::size_t> lengths_;  // of the prefixes around this one
  std::string list_;
  int depth_ = 0;
  int list_depth_ = 0;
  bool needs_comma_ = false;
};

}  // namespace

std::vector<Field> fields_of(std::string_view json) {
  Flattener flattener;
  if (!scan_json(json, flattener) || !flattener.is_object) return {{"value", printable(json), false}};
  return std::move(flattener.fields);
}

}  // namespace sluice::console
