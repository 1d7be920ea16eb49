#include <array>
#include <cctype>

#include "config/diagnostic.hpp"
#include "config/read.hpp"
#include "config/secret_file.hpp"

namespace sluice::config {
namespace {

constexpr std::string_view kFileSuffix = "_file";

/// Settings on which the delivery promise rests, under each name librdkafka knows them by.
struct Guarded {
  std::string_view name;
  std::array<std::string_view, 3> allowed;  // lower case
  const char* reason;
  const char* expected;
};
constexpr std::string_view kNone = "\n";
constexpr std::array kGuarded{
    Guarded{"enable.idempotence", {"true", "t", "1"}, "without it a retry may duplicate and reorder records", "true"},
    Guarded{
        "acks", {"all", "-1", kNone}, "a record only some replicas have can be lost after it was acknowledged", "all"},
    Guarded{"request.required.acks",
            {"all", "-1", kNone},
            "a record only some replicas have can be lost after it was acknowledged",
            "all"},
    Guarded{"message.timeout.ms",
            {"0", kNone, kNone},
            "the journal keeps records until Kafka has them, so none may expire inside the client",
            "0"},
    Guarded{"delivery.timeout.ms",
            {"0", kNone, kNone},
            "the journal keeps records until Kafka has them, so none may expire inside the client",
            "0"},
};
constexpr std::array<std::string_view, 2> kBootstrap{"bootstrap.servers", "metadata.broker.list"};

void check_guarded(const std::string& name, const std::string& value, const Location& where, Diagnostics& diagnostics) {
  std::string lower = value;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const Guarded& guarded : kGuarded) {
    if (guarded.name != name) continue;
    for (const std::string_view allowed : guarded.allowed) {
      if (lower == allowed) return;
    }
    diagnostics.add({.where = where,
                     .message = "kafka property '" + name + "' is " + shown_text(value) + ": " + guarded.reason,
                     .expected = guarded.expected});
  }
  for (const std::string_view bootstrap : kBootstrap) {
    if (name != bootstrap) continue;
    diagnostics.add({.where = where,
                     .message = "kafka property '" + name + "' is set",
                     .expected = "the brokers in bootstrap_servers of [kafka]"});
  }
}

std::optional<std::string> scalar_text(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kString:
      return node.text;
    case Node::Kind::kInteger:
      return std::to_string(node.integer);
    case Node::Kind::kBoolean:
      return node.integer != 0 ? "true" : "false";
    case Node::Kind::kNumber: {
      std::string text = std::to_string(node.number);
      text.erase(text.find_last_not_of('0') + 1);
      return text.ends_with('.') ? text + "0" : text;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

void read_kafka_properties(const Node* properties, const Environment& environment, Config& config,
                           Diagnostics& diagnostics) {
  if (properties == nullptr) return;
  if (!properties->is_table()) {
    diagnostics.add({.where = properties->key_where,
                     .message = std::string("'properties' is ") + properties->kind_name(),
                     .expected = "a table [kafka.properties]"});
    return;
  }
  const char* credentials = environment("CREDENTIALS_DIRECTORY");
  for (const Node& child : properties->children) {
    if (child.kind == Node::Kind::kBroken) continue;
    std::optional<std::string> value = scalar_text(child);
    if (!value) {
      diagnostics.add({.where = child.where,
                       .message = "kafka property " + shown_text(child.key) + " is " + child.kind_name(),
                       .expected = "a string, a number or a boolean"});
      continue;
    }
    std::string name = child.key;
    if (name.ends_with(kFileSuffix)) {
      name.resize(name.size() - kFileSuffix.size());
      Result<std::string> secret =
          read_secret_file(resolve_path(*value, child.where), credentials != nullptr ? credentials : "");
      if (!secret.ok()) {
        diagnostics.add({.where = child.where,
                         .message = "kafka property " + shown_text(child.key) + ": " + secret.status().text(),
                         .expected = "a readable file that only its owner can read"});
        continue;
      }
      value = std::move(*secret);
    }
    if (name.empty()) {
      diagnostics.add({.where = child.key_where, .message = "a kafka property has no name", .expected = "a name"});
      continue;
    }
    check_guarded(name, *value, child.where, diagnostics);
    if (!config.kafka.properties.emplace(name, std::move(*value)).second) {
      diagnostics.add({.where = child.key_where,
                       .message = "kafka property '" + name + "' is already given at " +
                                  place(config.kafka.property_locations[name]),
                       .expected = "either '" + name + "' or '" + name + "_file'"});
      continue;
    }
    config.kafka.property_locations[name] = child.key_where;
  }
}

}  // namespace sluice::config
