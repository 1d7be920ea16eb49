#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/binding.hpp"
#include "app/plugin_set.hpp"
#include "config/config.hpp"
#include "core/ports.hpp"
#include "core/status.hpp"
#include "kafka/client_settings.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/quarantine.hpp"

namespace sluice::app {

/// The decoders of all consumers' inputs; they outlive the pipeline.
using InstanceDecoders = std::vector<std::unique_ptr<RecordDecoder>>;

/// What the specs refer to; all of it outlives the pipeline made from them.
struct SpecParts {
  const config::Config& config;
  const PluginSet& plugins;
  const Binding& binding;
  Log& log;
  const kafka::ClientSettings& client;
  plugin::Quarantine& quarantine;
  const std::vector<std::unique_ptr<StreamCodec>>& codecs;  ///< by StreamId
  InstanceDecoders& decoders;                               ///< filled here
  std::uint64_t prefetch_max_bytes = 8U << 20U;             ///< of each consumer
  std::function<std::string()> cluster = nullptr;           ///< id or incarnation of the cluster now
};

struct InstanceSpecs {
  std::vector<pipeline::SourceSpec> sources;
  std::vector<pipeline::ConsumerSpec> consumers;
};

/// Turns bound instances into what the pipeline runs: factories over loaded plugins, subscriptions, decoders, state
/// files.
Result<InstanceSpecs> make_instance_specs(const SpecParts& parts);

}  // namespace sluice::app
