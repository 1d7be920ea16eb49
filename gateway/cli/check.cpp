#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/command.hpp"
#include "cli/kafka_options.hpp"
#include "cli/loaded_config.hpp"
#include "cli/terminal.hpp"
#include "codec/codec.hpp"
#include "kafka/admin.hpp"
#include "runtime/log.hpp"

namespace sluice::cli {
namespace {

constexpr std::chrono::milliseconds kClusterTimeout{5'000};

struct CheckOptions {
  std::string config;
  std::vector<std::string> sets;
  bool is_offline = false;
};

void print_instances(const app::Binding& binding) {
  TextTable table({"instance", "plugin", "version", "stream", "topic", "format", "partitions"});
  for (const auto* list : {&binding.sources, &binding.consumers}) {
    for (const app::BoundInstance& bound : *list) {
      for (std::size_t i = 0; i < bound.streams.size(); ++i) {
        if (!bound.out_ids[i]) continue;
        const Stream& stream = binding.streams[*bound.out_ids[i]];
        table.add({bound.settings->name, bound.plugin.name, bound.plugin.version, "> " + stream.name, stream.topic,
                   std::string(to_string(stream.format)), std::to_string(stream.partitions)});
      }
      for (const app::InputBinding& input : bound.inputs) {
        table.add({bound.settings->name, bound.plugin.name, bound.plugin.version,
                   "< " + bound.streams[input.stream].name, input.topic, "-", "-"});
      }
    }
  }
  table.print(stdout);
}

/// What the gateway would only meet when it starts: every stream's plan, every input's decoder.
Status check_codecs(const app::Binding& binding) {
  for (const Stream& stream : binding.streams) {
    if (auto codec = codec::make_stream_codec(stream); !codec) {
      return codec.status().with_context("stream '" + stream.name + "' of '" + stream.owner + "'");
    }
  }
  for (const app::BoundInstance& bound : binding.consumers) {
    for (const app::InputBinding& input : bound.inputs) {
      codec::DecoderSpec spec;
      spec.schema = input.schema;
      spec.key_field = input.key_field;
      spec.time_field = input.time_field;
      spec.timezone = input.timezone;
      if (auto decoder = codec::make_record_decoder(spec); !decoder) {
        return decoder.status().with_context("consumer '" + bound.settings->name + "', topic '" + input.topic + "'");
      }
    }
  }
  return {};
}

int check_cluster(const LoadedConfig& loaded) {
  if (loaded.config.kafka.is_embedded) {
    std::printf("broker: embedded (volatile)\n");
    return kDone;
  }
  const std::unique_ptr<Log> log = runtime::make_log(LogLevel::kError);
  kafka::ClientSettings settings;
  settings.bootstrap = std::make_shared<const kafka::Bootstrap>(loaded.config.kafka.bootstrap_servers);
  settings.properties = loaded.config.kafka.properties;
  auto admin = kafka::Admin::open(settings, *log);
  if (!admin) return report_error(admin.status());
  auto topics = (*admin)->topics({}, kClusterTimeout);
  if (!topics) {
    std::fprintf(stderr, "warning: broker %s does not answer (%s); the gateway would start and wait for it\n",
                 loaded.config.kafka.bootstrap_servers.c_str(), topics.status().text().c_str());
    return kDone;
  }
  for (const app::TopicNeed& need : loaded.binding.topics) {
    const auto found = std::find_if(topics->begin(), topics->end(),
                                    [&](const kafka::TopicState& topic) { return topic.name == need.name; });
    if (found == topics->end()) {
      std::printf("topic %s: would be created with %u partitions\n", need.name.c_str(), need.partitions);
    } else if (found->partitions.size() != need.partitions) {
      std::fprintf(stderr,
                   "warning: topic %s has %zu partitions, the configuration says %u; the topic's count is used\n",
                   need.name.c_str(), found->partitions.size(), need.partitions);
    }
  }
  return kDone;
}

int run_check(const CheckOptions& options) {
  const auto loaded = load_config(options.config, options.sets);
  if (!loaded) return kUsage;
  if (Status status = check_codecs(loaded->binding); !status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.text().c_str());
    return kUsage;
  }
  print_instances(loaded->binding);
  if (!options.is_offline) {
    if (const int code = check_cluster(*loaded); code != kDone) return code;
  }
  std::printf("%s: ok\n", options.config.c_str());
  return kDone;
}

}  // namespace

void add_check(CLI::App& root, int& exit_code) {
  CLI::App* command =
      root.add_subcommand("check", "Say everything that is wrong with a configuration, without running it");
  auto options = std::make_shared<CheckOptions>();
  command->add_option("CONFIG", options->config, "Configuration file")->required();
  command->add_option("--set", options->sets, "KEY=VALUE over the file's value, may be repeated")
      ->allow_extra_args(false);
  command->add_flag("--offline", options->is_offline, "Do not ask the cluster");
  command->callback([options, &exit_code] { exit_code = run_check(*options); });
}

}  // namespace sluice::cli
