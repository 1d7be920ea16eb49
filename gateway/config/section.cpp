#include "config/section.hpp"

#include <cstdlib>

#include "config/bind.hpp"
#include "config/diagnostic.hpp"

namespace sluice::config {
namespace {

std::string full_name(const SectionSpec& spec, const char* key, const std::string& owner) {
  const std::string name = spec.prefix + std::string(key);
  return owner.empty() ? "'" + name + "'" : "'" + name + "' of " + owner;
}

}  // namespace

Section::Section(const SectionSpec& spec, const Node* table, const std::string& owner, Diagnostics& diagnostics)
    : spec_(spec), table_(table) {
  if (table_ != nullptr && table_->kind == Node::Kind::kBroken) table_ = nullptr;
  if (table_ != nullptr && !table_->is_table()) {
    diagnostics.add({.where = table_->key_where,
                     .message = shown_text(table_->key) + " is " + table_->kind_name(),
                     .expected = std::string("a table ") + spec.header});
    table_ = nullptr;
  }
  for (const KeySpec& key : spec_.keys) {
    const OptionSpec option = to_option_spec(key);
    const Node* node = table_ != nullptr ? table_->find(key.name) : nullptr;
    std::optional<OptionValue> value;
    if (node != nullptr) {
      const std::string what = full_name(spec_, key.name, owner);
      if (const std::optional<RawValue> raw = to_raw_value(*node, what, diagnostics)) {
        value = bind_value(option, *raw, what, diagnostics);
      }
    } else if (key.is_required && table_ != nullptr) {
      diagnostics.add({.where = table_->where,
                       .message = full_name(spec_, key.name, owner) + " is missing",
                       .expected = expectation(option)});
    }
    values_.push_back(value ? std::move(*value) : default_value(option));
  }
  if (table_ != nullptr) check_unknown(owner, diagnostics);
}

void Section::check_unknown(const std::string& owner, Diagnostics& diagnostics) const {
  std::vector<std::string> known;
  for (const KeySpec& key : spec_.keys) known.emplace_back(key.name);
  for (const KeySpec& key : spec_.tables) known.emplace_back(key.name);
  for (const Node& child : table_->children) {
    bool is_known = false;
    for (const std::string& name : known) is_known = is_known || name == child.key;
    if (is_known) continue;
    diagnostics.add(
        {.where = child.key_where,
         .message = "unknown key " + shown_text(child.key) + " in " + (owner.empty() ? spec_.header : owner),
         .expected = one_of(known),
         .suggestion = nearest(child.key, known)});
  }
}

const OptionValue& Section::operator[](std::string_view name) const {
  for (std::size_t i = 0; i < spec_.keys.size(); ++i) {
    if (spec_.keys[i].name == name) return values_[i];
  }
  std::abort();  // a key this program asks for and its own table lacks
}

Location Section::where(std::string_view name) const {
  const Node* node = table_ != nullptr ? table_->find(name) : nullptr;
  if (node != nullptr) return node->where;
  return table_ != nullptr ? table_->where : Location{};
}

const Node* Section::table(std::string_view name) const { return table_ != nullptr ? table_->find(name) : nullptr; }

}  // namespace sluice::config
