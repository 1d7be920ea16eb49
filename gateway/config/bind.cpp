#include "config/bind.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "config/diagnostic.hpp"
#include "config/node.hpp"
#include "config/units.hpp"

namespace sluice::config {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

OptionValue value_of(OptionType type, bool is_set) {
  OptionValue value;
  value.type = type;
  value.is_set = is_set;
  return value;
}

Result<std::vector<std::string>> parse_list(std::string_view text) {
  std::vector<std::string> items;
  if (text.empty()) return items;
  if (text.front() != '[') {
    for (std::string& item : split(text, ',')) {
      const std::size_t first = item.find_first_not_of(' ');
      const std::size_t last = item.find_last_not_of(' ');
      if (first != std::string::npos) items.push_back(item.substr(first, last - first + 1));
    }
    return items;
  }
  const std::optional<Node> array = read_toml_value(text, {});
  if (!array || array->kind != Node::Kind::kArray) return Status(Code::kInvalid, shown_text(text) + " is not a list");
  for (const Node& item : array->children) {
    if (item.kind != Node::Kind::kString) return Status(Code::kInvalid, shown_text(text) + " is not a list of strings");
    items.push_back(item.text);
  }
  return items;
}

/// A text as a user would write it: option defaults, the environment, --set.
Result<OptionValue> from_text(const OptionSpec& spec, std::string_view text) {
  OptionValue value = value_of(spec.type, true);
  const auto take_integer = [&](Result<std::int64_t> parsed) -> Result<OptionValue> {
    if (!parsed) return parsed.status();
    value.integer = *parsed;
    return value;
  };
  switch (spec.type) {
    case OptionType::kString:
    case OptionType::kEnum:
      value.text = std::string(text);
      return value;
    case OptionType::kInteger:
      return take_integer(parse_integer(text));
    case OptionType::kDuration:
      return take_integer(parse_duration_us(text));
    case OptionType::kBytes:
      return take_integer(parse_bytes(text));
    case OptionType::kNumber: {
      Result<double> parsed = parse_number(text);
      if (!parsed) return parsed.status();
      value.number = *parsed;
      return value;
    }
    case OptionType::kBoolean:
      if (text != "true" && text != "false") return Status(Code::kInvalid, shown_text(text) + " is not a boolean");
      value.integer = text == "true" ? 1 : 0;
      return value;
    case OptionType::kList: {
      Result<std::vector<std::string>> parsed = parse_list(text);
      if (!parsed) return parsed.status();
      value.list = std::move(*parsed);
      return value;
    }
  }
  return Status(Code::kInvalid, "no such option type");
}

/// A value as TOML typed it. kInvalid names what was found; its text continues "option 'x' is ".
Result<OptionValue> from_typed(const OptionSpec& spec, const RawValue& raw) {
  OptionValue value = value_of(spec.type, true);
  if (const auto* text = std::get_if<std::string>(&raw.value)) {
    switch (spec.type) {
      case OptionType::kString:
      case OptionType::kEnum:
        value.text = *text;
        return value;
      case OptionType::kDuration:
      case OptionType::kBytes:
        if (Result<OptionValue> parsed = from_text(spec, *text); parsed.ok()) {
          return parsed;
        }
        return Status(Code::kInvalid, shown_text(*text));
      default:
        return Status(Code::kInvalid, "a string");
    }
  }
  if (const auto* integer = std::get_if<std::int64_t>(&raw.value)) {
    value.integer = *integer;
    value.number = static_cast<double>(*integer);
    if (spec.type == OptionType::kInteger || spec.type == OptionType::kNumber) return value;
    if (spec.type == OptionType::kBytes)
      return *integer >= 0 ? Result<OptionValue>(value) : Status(Code::kInvalid, std::to_string(*integer));
    return Status(Code::kInvalid, spec.type == OptionType::kDuration ? "a number without a unit" : "an integer");
  }
  if (const auto* number = std::get_if<double>(&raw.value)) {
    value.number = *number;
    if (spec.type != OptionType::kNumber) return Status(Code::kInvalid, "a number with a fraction");
    if (!std::isfinite(*number)) return Status(Code::kInvalid, "not finite");
    return value;
  }
  if (const auto* boolean = std::get_if<bool>(&raw.value)) {
    value.integer = *boolean ? 1 : 0;
    if (spec.type != OptionType::kBoolean) return Status(Code::kInvalid, "a boolean");
    return value;
  }
  value.list = std::get<std::vector<std::string>>(raw.value);
  if (spec.type != OptionType::kList) return Status(Code::kInvalid, "a list");
  return value;
}

struct Range {
  std::string_view low;
  std::string_view high;
};

std::optional<Range> split_range(std::string_view bounds) {
  const std::size_t dots = bounds.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  return Range{bounds.substr(0, dots), bounds.substr(dots + 2)};
}

bool has_range(OptionType type) {
  return type == OptionType::kInteger || type == OptionType::kNumber || type == OptionType::kDuration ||
         type == OptionType::kBytes;
}

bool is_less(const OptionValue& a, const OptionValue& b) {
  return a.type == OptionType::kNumber ? a.number < b.number : a.integer < b.integer;
}

/// Bounds that cannot be read admit everything: check_option_table refused them before.
bool is_within(const OptionSpec& spec, const OptionValue& value) {
  if (spec.type == OptionType::kEnum) {
    const std::vector<std::string> words = split(spec.bounds, '|');
    return std::find(words.begin(), words.end(), value.text) != words.end();
  }
  const std::optional<Range> range = has_range(spec.type) ? split_range(spec.bounds) : std::nullopt;
  if (!range) return true;
  if (Result<OptionValue> low = from_text(spec, range->low); low.ok() && is_less(value, *low)) return false;
  if (Result<OptionValue> high = from_text(spec, range->high); high.ok() && is_less(*high, value)) return false;
  return true;
}

std::string shown(const RawValue& raw) {
  if (const auto* text = std::get_if<std::string>(&raw.value)) return shown_text(*text);
  if (const auto* integer = std::get_if<std::int64_t>(&raw.value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&raw.value)) {
    std::string text = std::to_string(*number);
    text.erase(text.find_last_not_of('0') + 1);
    return text.back() == '.' ? text + "0" : text;
  }
  return "out of bounds";
}

Status check_bounds(const OptionSpec& spec) {
  if (spec.type == OptionType::kEnum) {
    const std::vector<std::string> words = split(spec.bounds, '|');
    for (const std::string& word : words) {
      if (word.empty()) return Status(Code::kInvalid, "bounds '" + spec.bounds + "' are not a list of words 'a|b|c'");
      if (std::count(words.begin(), words.end(), word) > 1) {
        return Status(Code::kInvalid, "bounds name '" + word + "' twice");
      }
    }
    return {};
  }
  if (spec.bounds.empty()) return {};
  if (!has_range(spec.type)) return Status(Code::kInvalid, std::string("a ") + to_string(spec.type) + " has no bounds");
  const std::optional<Range> range = split_range(spec.bounds);
  if (!range) return Status(Code::kInvalid, "bounds '" + spec.bounds + "' are not 'LOW..HIGH'");
  std::optional<OptionValue> low;
  if (!range->low.empty()) {
    Result<OptionValue> parsed = from_text(spec, range->low);
    if (!parsed) return Status(parsed.status()).with_context("bounds");
    low = *parsed;
  }
  if (!range->high.empty()) {
    Result<OptionValue> parsed = from_text(spec, range->high);
    if (!parsed) return Status(parsed.status()).with_context("bounds");
    if (low && is_less(*parsed, *low)) return Status(Code::kInvalid, "bounds '" + spec.bounds + "' are reversed");
  }
  return {};
}

Status check_option(const OptionSpec& spec) {
  if (!is_name(spec.name, false)) return Status(Code::kInvalid, "the name is not [a-z0-9_]{1,64}");
  if (spec.type < OptionType::kString || spec.type > OptionType::kList) {
    return Status(Code::kInvalid, "type " + std::to_string(static_cast<int>(spec.type)) + " is unknown");
  }
  if (Status bounds = check_bounds(spec); !bounds.ok()) return bounds;
  if (!spec.has_default) return {};
  if (spec.is_required) return Status(Code::kInvalid, "it is required and has a default");
  Result<OptionValue> value = from_text(spec, spec.default_text);
  if (!value) return Status(value.status()).with_context("default");
  if (!is_within(spec, *value)) {
    return Status(Code::kInvalid, "default " + shown_text(spec.default_text) + " is not within '" + spec.bounds + "'");
  }
  return {};
}

}  // namespace

std::string expectation(const OptionSpec& spec) {
  const std::string range = spec.bounds.empty() ? "" : " in " + spec.bounds;
  switch (spec.type) {
    case OptionType::kString:
      return "a string";
    case OptionType::kInteger:
      return "an integer" + range;
    case OptionType::kNumber:
      return "a number" + range;
    case OptionType::kBoolean:
      return "true or false";
    case OptionType::kDuration:
      return "a duration such as \"250ms\", \"5s\" or \"7d\"" + range;
    case OptionType::kBytes:
      return "a size such as \"64KiB\", \"1GiB\" or 65536" + range;
    case OptionType::kEnum:
      return one_of(split(spec.bounds, '|'));
    case OptionType::kList:
      return "a list of strings";
  }
  return "";
}

std::optional<OptionValue> bind_value(const OptionSpec& spec, const RawValue& raw, const std::string& what,
                                      Diagnostics& diagnostics) {
  const auto* text = raw.is_untyped ? std::get_if<std::string>(&raw.value) : nullptr;
  Result<OptionValue> value = text != nullptr ? from_text(spec, *text) : from_typed(spec, raw);
  if (!value.ok()) {
    const std::string found = text != nullptr ? shown_text(*text) : value.status().text();
    diagnostics.add({.where = raw.where, .message = what + " is " + found, .expected = expectation(spec)});
    return std::nullopt;
  }
  if (!is_within(spec, *value)) {
    const bool is_enum = spec.type == OptionType::kEnum;
    diagnostics.add({.where = raw.where,
                     .message = what + " is " + shown(raw),
                     .expected = expectation(spec),
                     .suggestion = is_enum ? nearest(value->text, split(spec.bounds, '|')) : ""});
    return std::nullopt;
  }
  value->is_explicit = true;
  return std::move(*value);
}

OptionValue default_value(const OptionSpec& spec) {
  if (spec.has_default) {
    if (Result<OptionValue> value = from_text(spec, spec.default_text); value.ok()) return std::move(*value);
  }
  return value_of(spec.type, false);
}

std::vector<OptionValue> bind_options(const std::vector<OptionSpec>& table,
                                      const std::map<std::string, RawValue>& given, const Location& instance_where,
                                      std::string_view instance, Diagnostics& diagnostics) {
  const std::string of_instance = " of '" + std::string(instance) + "'";
  std::vector<std::string> names;
  std::vector<OptionValue> values;
  for (const OptionSpec& spec : table) {
    names.push_back(spec.name);
    std::optional<OptionValue> value;
    if (const auto found = given.find(spec.name); found != given.end()) {
      value = bind_value(spec, found->second, "option '" + spec.name + "'" + of_instance, diagnostics);
    } else if (spec.is_required) {
      diagnostics.add({.where = instance_where,
                       .message = "option '" + spec.name + "'" + of_instance + " is missing",
                       .expected = expectation(spec)});
    }
    values.push_back(value ? std::move(*value) : default_value(spec));
  }
  for (const auto& [name, raw] : given) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    diagnostics.add({.where = raw.key_where,
                     .message = "unknown option " + shown_text(name) + of_instance,
                     .expected = names.empty() ? "none: the plugin has no options" : one_of(names),
                     .suggestion = nearest(name, names)});
  }
  return values;
}

Status check_option_table(const std::vector<OptionSpec>& table) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::string context = "option " + shown_text(table[i].name);
    if (Status status = check_option(table[i]); !status.ok()) return std::move(status).with_context(context);
    for (std::size_t j = 0; j < i; ++j) {
      if (table[j].name == table[i].name) return Status(Code::kInvalid, context + ": named twice");
    }
  }
  return {};
}

}  // namespace sluice::config
