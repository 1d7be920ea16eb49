#include <array>

#include "config/diagnostic.hpp"
#include "config/node.hpp"

namespace sluice::config {
namespace {

void flatten(Node table, const std::string& prefix, Node& out, Diagnostics& diagnostics) {
  for (Node& child : table.children) {
    const std::string name = prefix.empty() ? child.key : prefix + "." + child.key;
    if (child.is_table()) {
      flatten(std::move(child), name, out, diagnostics);
    } else if (const Node* first = out.find(name)) {
      diagnostics.add({.where = child.key_where,
                       .message = "kafka property '" + name + "' is already given at " + place(first->key_where),
                       .expected = "it once"});
    } else {
      child.key = name;
      out.children.push_back(std::move(child));
    }
  }
}

// ---- --set KEY=VALUE ----

/// Splits at dots outside of quotes; null when a part is empty or a quote is open.
std::optional<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> parts(1);
  bool is_quoted = false;
  char quote = '\0';
  for (const char c : path) {
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        parts.back().push_back(c);
      }
    } else if ((c == '"' || c == '\'') && parts.back().empty() && !is_quoted) {
      quote = c;
      is_quoted = true;
    } else if (c == '.') {
      if (parts.back().empty()) return std::nullopt;
      parts.emplace_back();
      is_quoted = false;
    } else if (is_quoted) {
      return std::nullopt;
    } else {
      parts.back().push_back(c);
    }
  }
  if (quote != '\0' || parts.back().empty()) return std::nullopt;
  return parts;
}

Node override_value(std::string_view text, const Location& where) {
  // Only what can be nothing else is read as TOML: 127.0.0.1:80, lz4 and a password need no quotes, and untyped text
  // becomes a number or boolean where the key wants one.
  if (!text.empty() && std::string_view("\"'[{").find(text.front()) != std::string_view::npos) {
    if (std::optional<Node> value = read_toml_value(text, where)) return std::move(*value);
  }
  Node value;
  value.kind = Node::Kind::kString;
  value.where = value.key_where = where;
  value.text = std::string(text);
  value.is_untyped = true;
  return value;
}

/// The table of the named instance in [[source]] or [[consumer]]; null, with an error, when there is none.
Node* find_instance(Node& root, const std::string& kind, const std::string& name, const Location& where,
                    Diagnostics& diagnostics) {
  std::vector<std::string> known;
  if (Node* instances = root.find(kind); instances != nullptr && instances->is_array_of_tables()) {
    for (Node& instance : instances->children) {
      const Node* its_name = instance.find("name");
      if (its_name == nullptr || its_name->kind != Node::Kind::kString) continue;
      if (its_name->text == name) return &instance;
      known.push_back(its_name->text);
    }
  }
  diagnostics.add({.where = where,
                   .message = "no " + kind + " is named '" + name + "'",
                   .expected = known.empty() ? "a configuration with a [[" + kind + "]]" : one_of(known),
                   .suggestion = nearest(name, known)});
  return nullptr;
}

constexpr std::size_t kPathParts = 8;

}  // namespace

void flatten_properties(Node& root, Diagnostics& diagnostics) {
  Node* kafka = root.find("kafka");
  Node* properties = kafka != nullptr && kafka->is_table() ? kafka->find("properties") : nullptr;
  if (properties == nullptr || !properties->is_table()) return;
  Node flat;
  Node nested;
  nested.children = std::move(properties->children);
  flatten(std::move(nested), "", flat, diagnostics);
  properties->children = std::move(flat.children);
}

void merge_into(Node& base, Node overlay, Diagnostics& diagnostics) {
  for (Node& theirs : overlay.children) {
    Node* ours = base.find(theirs.key);
    if (ours == nullptr) {
      base.children.push_back(std::move(theirs));
    } else if (ours->is_table() != theirs.is_table() || ours->is_array_of_tables() != theirs.is_array_of_tables()) {
      diagnostics.add({.where = theirs.key_where,
                       .message = "'" + theirs.key + "' is " + theirs.kind_name() + " here and " + ours->kind_name() +
                                  " at " + place(ours->key_where),
                       .expected = "the same kind in every file"});
    } else if (ours->is_table()) {
      merge_into(*ours, std::move(theirs), diagnostics);
    } else if (ours->is_array_of_tables()) {
      for (Node& item : theirs.children) ours->children.push_back(std::move(item));
    } else {
      *ours = std::move(theirs);
    }
  }
}

void apply_override(Node& root, std::string_view assignment, Diagnostics& diagnostics) {
  const std::size_t equals = assignment.find('=');
  const std::string path(assignment.substr(0, equals));
  // The value stays out of messages: it may be a password.
  const Location where{.file = "--set " + path};
  std::optional<std::vector<std::string>> parts = split_path(path);
  if (equals == std::string_view::npos || !parts || parts->size() < 2) {
    diagnostics.add(
        {.where = where,
         .message = "not an assignment",
         .expected = "KEY=VALUE with a dotted key, such as journal.max_bytes=64MiB or source.NAME.options.KEY=5"});
    return;
  }
  Node value = override_value(assignment.substr(equals + 1), where);

  Node* table = &root;
  std::size_t next = 0;
  if (parts->front() == "source" || parts->front() == "consumer") {
    table = find_instance(root, parts->front(), (*parts)[1], where, diagnostics);
    if (table == nullptr) return;
    next = 2;
  } else if (parts->size() > 2 && (*parts)[0] == "kafka" && (*parts)[1] == "properties") {
    for (std::size_t i = 3; i < parts->size(); ++i) (*parts)[2] += "." + (*parts)[i];
    parts->resize(3);
  }
  if (next == parts->size() || parts->size() > kPathParts) {
    diagnostics.add({.where = where, .message = "not a key", .expected = "a key below it, such as " + path + ".KEY"});
    return;
  }
  for (; next + 1 < parts->size(); ++next) {
    Node* child = table->find((*parts)[next]);
    if (child == nullptr) {
      Node made;
      made.key = (*parts)[next];
      made.where = made.key_where = where;
      child = &table->children.emplace_back(std::move(made));
    } else if (!child->is_table()) {
      diagnostics.add(
          {.where = where,
           .message = "'" + (*parts)[next] + "' is " + child->kind_name() + " at " + place(child->key_where),
           .expected = "a table"});
      return;
    }
    table = child;
  }
  value.key = (*parts)[next];
  if (Node* existing = table->find(value.key)) {
    *existing = std::move(value);
  } else {
    table->children.push_back(std::move(value));
  }
}

}  // namespace sluice::config
