// The parser asserts what malformed text can break ("[="): in a debug build that would end the process, with NDEBUG it
// becomes an assumption of the optimiser. Behind each of those assertions it handles the case, so they are switched
// off.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

#include <algorithm>

#include "config/node.hpp"
#include "config/toml_screen.hpp"

namespace sluice::config {
namespace {

constexpr int kTableDepth = 16;

class Converter {
 public:
  Converter(const std::string& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  Node table(const toml::table& from, int depth) {
    Node node;
    node.where = location(from.source());
    if (depth > kTableDepth) {
      diagnostics_.add({.where = node.where,
                        .message = "tables are nested too deeply",
                        .expected = "at most " + std::to_string(kTableDepth) + " levels"});
      return node;
    }
    for (auto&& [key, value] : from) {
      Node child = convert(value, depth + 1);
      child.key = std::string(key.str());
      child.key_where = location(key.source());
      if (child.where.line == 0) child.where = child.key_where;
      node.children.push_back(std::move(child));
    }
    // The parser sorts by name; a reader of error messages expects the order of the file.
    std::stable_sort(node.children.begin(), node.children.end(), [](const Node& a, const Node& b) {
      return std::pair(a.key_where.line, a.key_where.column) < std::pair(b.key_where.line, b.key_where.column);
    });
    return node;
  }

 private:
  Location location(const toml::source_region& region) const {
    return {.file = file_, .line = region.begin.line, .column = region.begin.column};
  }

  Node convert(const toml::node& from, int depth) {
    if (const auto* as_table = from.as_table()) return table(*as_table, depth);
    Node node;
    node.where = location(from.source());
    if (const auto* array = from.as_array()) {
      node.kind = Node::Kind::kArray;
      for (const toml::node& item : *array) node.children.push_back(convert(item, depth + 1));
    } else if (const auto* text = from.as_string()) {
      node.kind = Node::Kind::kString;
      node.text = text->get();
    } else if (const auto* integer = from.as_integer()) {
      node.kind = Node::Kind::kInteger;
      node.integer = integer->get();
    } else if (const auto* number = from.as_floating_point()) {
      node.kind = Node::Kind::kNumber;
      node.number = number->get();
    } else if (const auto* boolean = from.as_boolean()) {
      node.kind = Node::Kind::kBoolean;
      node.integer = boolean->get() ? 1 : 0;
    } else {
      node.kind = Node::Kind::kTime;
    }
    return node;
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
};

void set_location(Node& node, const Location& where) {
  node.where = node.key_where = where;
  for (Node& child : node.children) set_location(child, where);
}

}  // namespace

std::optional<Node> read_toml(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  if (std::optional<Diagnostic> finding = screen_toml(text, file)) {
    diagnostics.add(std::move(*finding));
    return std::nullopt;
  }
  toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    diagnostics.add({.where = {.file = file, .line = error.source().begin.line, .column = error.source().begin.column},
                     .message = std::string(error.description())});
    return std::nullopt;
  }
  Node root = Converter(file, diagnostics).table(parsed.table(), 0);
  root.where = {.file = file, .line = 1, .column = 1};
  return root;
}

std::optional<Node> read_toml_value(std::string_view text, const Location& where) {
  Diagnostics ignored;
  std::optional<Node> root = read_toml("value = " + std::string(text), where.file, ignored);
  if (!root || ignored.has_errors() || root->children.size() != 1) return std::nullopt;
  Node value = std::move(root->children.front());
  if (value.key != "value") return std::nullopt;
  set_location(value, where);
  return value;
}

}  // namespace sluice::config
