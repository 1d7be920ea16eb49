#include "app/instance_specs.hpp"

#include <filesystem>
#include <map>
#include <utility>

#include "codec/codec.hpp"
#include "kafka/subscription.hpp"

namespace sluice::app {
namespace {

/// A folder of the instance's own below the state folder.
std::filesystem::path instance_folder(const SpecParts& parts, const BoundInstance& bound) {
  const std::filesystem::path folder = parts.config.gateway.state_dir / "state" / bound.settings->name;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) parts.log.warning(bound.settings->name, folder.string() + ": " + error.message());
  return folder;
}

plugin::CreateArgs create_args(const SpecParts& parts, const BoundInstance& bound) {
  plugin::CreateArgs args;
  args.instance = bound.settings->name;
  args.state_dir = instance_folder(parts, bound).string();
  args.values = bound.options;
  args.streams = bound.streams;
  return args;
}

pipeline::Host::Parts host_parts(const SpecParts& parts, const BoundInstance& bound) {
  pipeline::Host::Parts host;
  host.name = bound.settings->name;
  host.plugin = bound.plugin.name;
  host.plugin_version = bound.plugin.version;
  for (std::size_t i = 0; i < bound.streams.size(); ++i) {
    pipeline::InstanceStream stream;
    stream.name = bound.streams[i].name;
    if (bound.out_ids[i]) stream.stream = &parts.binding.streams[*bound.out_ids[i]];
    host.streams.push_back(std::move(stream));
  }
  return host;
}

/// Null when the instance is quarantined: it is listed and does not run.
template <class Factory>
Factory unless_quarantined(const SpecParts& parts, const BoundInstance& bound, Factory factory) {
  const auto reason = parts.quarantine.is_quarantined(bound.settings->name, bound.plugin.path);
  if (!reason) return factory;
  parts.log.error(bound.settings->name, *reason);
  return nullptr;
}

Result<pipeline::SourceSpec> source_spec(const SpecParts& parts, const BoundInstance& bound) {
  Result<plugin::LoadedPlugin> loaded = parts.plugins.find(bound.plugin.name);
  if (!loaded) return loaded.status();
  pipeline::SourceSpec spec;
  spec.parts = host_parts(parts, bound);
  spec.parts.state_file = parts.config.gateway.state_dir / "state" / (bound.settings->name + ".source");
  spec.is_required = bound.settings->is_required;
  spec.factory = unless_quarantined<pipeline::SourceFactory>(
      parts, bound,
      [plugin = *loaded, args = create_args(parts, bound)](InstanceHost& host, std::string_view saved_state) {
        plugin::CreateArgs now = args;
        now.saved_state = std::string(saved_state);
        return plugin.create_source(std::move(now), host);
      });
  return spec;
}

Status add_journal_inputs(const SpecParts& parts, const BoundInstance& bound, pipeline::ConsumerSpec& spec) {
  for (const InputBinding& input : bound.inputs) {
    for (const Stream& stream : parts.binding.streams) {
      if (stream.topic != input.topic || stream.kind == StreamKind::kTable) continue;
      const bool is_json = bound.streams[input.stream].is_json;
      spec.journal_streams.push_back({stream.id, input.stream, is_json ? parts.codecs[stream.id].get() : nullptr});
    }
  }
  return {};
}

Status add_kafka_inputs(const SpecParts& parts, const BoundInstance& bound, const config::ConsumerSettings& settings,
                        pipeline::ConsumerSpec& spec) {
  kafka::SubscriptionSettings subscription;
  subscription.client = parts.client;
  subscription.group =
      settings.group.empty() ? "sluice-" + parts.config.gateway.name + "-" + settings.name : settings.group;
  subscription.start =
      settings.start == config::StartAt::kEarliest ? kafka::StartOffset::kEarliest : kafka::StartOffset::kLatest;
  subscription.prefetch_max_bytes = parts.prefetch_max_bytes;
  for (const InputBinding& input : bound.inputs) {
    codec::DecoderSpec decoder;
    decoder.schema = input.schema;
    decoder.key_field = input.key_field;
    decoder.time_field = input.time_field;
    decoder.timezone = input.timezone;
    decoder.wants_json = bound.streams[input.stream].is_json;
    auto made = codec::make_record_decoder(decoder);
    if (!made) return made.status().with_context("consumer '" + settings.name + "', topic '" + input.topic + "'");
    parts.decoders.push_back(std::move(*made));
    spec.topics.push_back({input.topic, input.stream, parts.decoders.back().get()});
    subscription.topics.push_back(input.topic);
  }
  spec.cluster = parts.cluster;
  spec.subscribe = [subscription = std::move(subscription), &log = parts.log](const pipeline::ConsumerStart& start) {
    kafka::SubscriptionSettings now = subscription;
    now.start_positions = start.positions;
    now.use_group_offsets = start.use_group_offsets;
    return kafka::open_subscription(now, log);
  };
  return {};
}

Result<pipeline::ConsumerSpec> consumer_spec(const SpecParts& parts, const BoundInstance& bound) {
  Result<plugin::LoadedPlugin> loaded = parts.plugins.find(bound.plugin.name);
  if (!loaded) return loaded.status();
  const auto& settings = static_cast<const config::ConsumerSettings&>(*bound.settings);
  pipeline::ConsumerSpec spec;
  spec.parts = host_parts(parts, bound);
  spec.is_required = settings.is_required;
  spec.snapshot_file = parts.config.gateway.state_dir / "state" / (settings.name + ".snapshot");
  spec.factory = unless_quarantined<pipeline::ConsumerFactory>(
      parts, bound, [plugin = *loaded, args = create_args(parts, bound)](InstanceHost& host) {
        return plugin.create_consumer(args, host);
      });
  const Status status = settings.from == config::InputRoad::kJournal ? add_journal_inputs(parts, bound, spec)
                                                                     : add_kafka_inputs(parts, bound, settings, spec);
  if (!status.ok()) return status;
  return spec;
}

}  // namespace

Result<InstanceSpecs> make_instance_specs(const SpecParts& parts) {
  InstanceSpecs specs;
  for (const BoundInstance& bound : parts.binding.sources) {
    auto spec = source_spec(parts, bound);
    if (!spec) return spec.status();
    specs.sources.push_back(std::move(*spec));
  }
  for (const BoundInstance& bound : parts.binding.consumers) {
    auto spec = consumer_spec(parts, bound);
    if (!spec) return spec.status();
    specs.consumers.push_back(std::move(*spec));
  }
  return specs;
}

}  // namespace sluice::app
