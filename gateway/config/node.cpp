#include "config/node.hpp"

#include <algorithm>

namespace sluice::config {

Node* Node::find(std::string_view name) {
  for (Node& child : children) {
    if (child.key == name) return &child;
  }
  return nullptr;
}

const Node* Node::find(std::string_view name) const {
  for (const Node& child : children) {
    if (child.key == name) return &child;
  }
  return nullptr;
}

bool Node::is_array_of_tables() const {
  return kind == Kind::kArray && !children.empty() &&
         std::all_of(children.begin(), children.end(), [](const Node& child) { return child.is_table(); });
}

const char* Node::kind_name() const {
  switch (kind) {
    case Kind::kString:
      return "a string";
    case Kind::kInteger:
      return "an integer";
    case Kind::kNumber:
      return "a number";
    case Kind::kBoolean:
      return "a boolean";
    case Kind::kArray:
      return "a list";
    case Kind::kTable:
      return "a table";
    case Kind::kTime:
      return "a date or time";
    case Kind::kBroken:
      return "broken";
  }
  return "?";
}

std::optional<RawValue> to_raw_value(const Node& node, const std::string& what, Diagnostics& diagnostics) {
  RawValue raw{.value = std::string(), .where = node.where, .key_where = node.key_where, .is_untyped = node.is_untyped};
  switch (node.kind) {
    case Node::Kind::kString:
      raw.value = node.text;
      return raw;
    case Node::Kind::kInteger:
      raw.value = node.integer;
      return raw;
    case Node::Kind::kNumber:
      raw.value = node.number;
      return raw;
    case Node::Kind::kBoolean:
      raw.value = node.integer != 0;
      return raw;
    case Node::Kind::kArray: {
      std::vector<std::string> items;
      for (const Node& item : node.children) {
        if (item.kind == Node::Kind::kBroken) return std::nullopt;
        if (item.kind != Node::Kind::kString) {
          diagnostics.add({.where = item.where,
                           .message = what + " has " + item.kind_name() + " in its list",
                           .expected = "a list of strings"});
          return std::nullopt;
        }
        items.push_back(item.text);
      }
      raw.value = std::move(items);
      return raw;
    }
    case Node::Kind::kBroken:
      return std::nullopt;
    case Node::Kind::kTable:
    case Node::Kind::kTime:
      break;
  }
  diagnostics.add({.where = node.where,
                   .message = what + " is " + node.kind_name(),
                   .expected = "a string, a number, a boolean or a list of strings"});
  return std::nullopt;
}

}  // namespace sluice::config
