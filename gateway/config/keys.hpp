#pragma once

#include <span>

#include "core/options.hpp"

namespace sluice::config {

/// One key of the gateway's own configuration. The reader checks by it and the manual is printed from it.
struct KeySpec {
  const char* name;
  OptionType type;
  const char* default_text;  ///< as a user would write it; null: none
  const char* bounds;        ///< as OptionSpec::bounds
  const char* help;
  bool is_required = false;
};

/// One table of the configuration.
struct SectionSpec {
  const char* header;  ///< as it stands in a file: "[kafka]", "[[source]]"
  const char* prefix;  ///< of its keys in messages: "kafka."
  const char* help;
  std::span<const KeySpec> keys;
  std::span<const KeySpec> tables;  ///< tables below it that are read by themselves; type and bounds mean nothing here
};

extern const SectionSpec kRootSection;
extern const SectionSpec kGatewaySection;
extern const SectionSpec kLogSection;
extern const SectionSpec kAdminSection;
extern const SectionSpec kKafkaSection;
extern const SectionSpec kSchemaRegistrySection;
extern const SectionSpec kJournalSection;
extern const SectionSpec kSourceSection;
extern const SectionSpec kConsumerSection;
extern const SectionSpec kStreamSection;

/// Those with keys, in the order of the manual.
std::span<const SectionSpec* const> all_sections();

OptionSpec to_option_spec(const KeySpec& key);

}  // namespace sluice::config
