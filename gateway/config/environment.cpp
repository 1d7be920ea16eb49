#include <cctype>

#include "config/node.hpp"

namespace sluice::config {
namespace {

bool is_variable_name(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) return false;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') return false;
  }
  return true;
}

class Expander {
 public:
  Expander(const std::function<const char*(const char*)>& environment, Diagnostics& diagnostics)
      : environment_(environment), diagnostics_(diagnostics) {}

  void expand(Node& node) {
    if (node.kind == Node::Kind::kString && !expand_text(node)) node.kind = Node::Kind::kBroken;
    for (Node& child : node.children) expand(child);
  }

 private:
  bool expand_text(Node& node) {
    const std::string_view text = node.text;
    if (text.find("${") == std::string_view::npos) return true;
    std::string out;
    std::size_t replaced = 0;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::string_view rest = text.substr(at);
      if (rest.starts_with("$${")) {
        out += "${";
        at += 3;
      } else if (rest.starts_with("${")) {
        const std::size_t end = rest.find('}');
        if (end == std::string_view::npos) {
          diagnostics_.add({.where = node.where,
                            .message = "'${' has no closing '}'",
                            .expected = "${NAME} or ${NAME:-default}, or $${ for a literal ${"});
          return false;
        }
        if (!replace(rest.substr(2, end - 2), node.where, out)) return false;
        replaced = end + 1;
        at += end + 1;
      } else {
        out.push_back(text[at]);
        ++at;
      }
    }
    if (replaced == text.size()) node.is_untyped = true;
    node.text = std::move(out);
    return true;
  }

  bool replace(std::string_view body, const Location& where, std::string& out) {
    const std::size_t colon = body.find(":-");
    const std::string name(body.substr(0, colon));
    if (!is_variable_name(name)) {
      diagnostics_.add({.where = where,
                        .message = "'${" + std::string(body) + "}' does not name an environment variable",
                        .expected = "${NAME} or ${NAME:-default}, or $${ for a literal ${"});
      return false;
    }
    const char* value = environment_(name.c_str());
    const bool has_default = colon != std::string_view::npos;
    if (value != nullptr && (*value != '\0' || !has_default)) {
      out += value;
    } else if (has_default) {
      out += body.substr(colon + 2);
    } else {
      diagnostics_.add({.where = where,
                        .message = "environment variable " + name + " is not set",
                        .expected = "it set, or a default as in ${" + name + ":-default}"});
      return false;
    }
    return true;
  }

  const std::function<const char*(const char*)>& environment_;
  Diagnostics& diagnostics_;
};

}  // namespace

void expand_environment(Node& root, const std::function<const char*(const char*)>& environment,
                        Diagnostics& diagnostics) {
  Expander(environment, diagnostics).expand(root);
}

}  // namespace sluice::config
