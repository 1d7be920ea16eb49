#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/kafka_options.hpp"
#include "cli/loaded_config.hpp"
#include "cli/terminal.hpp"
#include "runtime/log.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::ordered_json;

struct TopicsOptions {
  KafkaOptions kafka;
  std::vector<std::string> names;
  std::string create;
  bool is_json = false;
};

std::string retention_text(const std::optional<std::int64_t>& retention_ms) {
  if (!retention_ms) return "-";
  if (*retention_ms < 0) return "for ever";
  constexpr std::int64_t kDayMs = 86'400'000;
  if (*retention_ms % kDayMs == 0) return std::to_string(*retention_ms / kDayMs) + "d";
  return std::to_string(*retention_ms) + "ms";
}

std::string count_text(std::int64_t count) { return count < 0 ? "-" : std::to_string(count); }

int create_topics(const TopicsOptions& options, kafka::Admin& admin) {
  const auto loaded = load_config(options.create, {});
  if (!loaded) return kUsage;
  std::vector<kafka::TopicSpec> specs;
  for (const app::TopicNeed& need : loaded->binding.topics) {
    specs.push_back({need.name, need.partitions, need.retention_ms, need.cleanup});
  }
  auto warnings = admin.ensure_topics(specs, options.kafka.timeout);
  if (!warnings) return report_error(warnings.status());
  for (const std::string& warning : *warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  return kDone;
}

int list_topics(const TopicsOptions& options, kafka::Admin& admin) {
  auto topics = admin.topics(options.names, options.kafka.timeout);
  if (!topics) return report_error(topics.status());
  Json all = Json::array();
  TextTable table(
      {"topic", "partition", "leader", "replicas", "in sync", "first", "end", "records", "retention", "cleanup"});
  for (const kafka::TopicState& topic : *topics) {
    Json partitions = Json::array();
    for (const kafka::PartitionState& at : topic.partitions) {
      const std::int64_t records = at.low_offset < 0 || at.high_offset < 0 ? -1 : at.high_offset - at.low_offset;
      partitions.push_back({{"partition", at.partition},
                            {"leader", at.leader},
                            {"replicas", at.replicas},
                            {"in_sync_replicas", at.in_sync_replicas},
                            {"first", at.low_offset},
                            {"end", at.high_offset}});
      table.add({topic.name, std::to_string(at.partition), count_text(at.leader), std::to_string(at.replicas),
                 std::to_string(at.in_sync_replicas), count_text(at.low_offset), count_text(at.high_offset),
                 count_text(records), retention_text(topic.retention_ms),
                 topic.cleanup_policy.empty() ? "-" : topic.cleanup_policy});
    }
    Json entry = {{"topic", topic.name}, {"partitions", std::move(partitions)}};
    if (topic.retention_ms) entry["retention_ms"] = *topic.retention_ms;
    if (!topic.cleanup_policy.empty()) entry["cleanup"] = topic.cleanup_policy;
    all.push_back(std::move(entry));
  }
  if (options.is_json) {
    std::printf("%s\n", all.dump().c_str());
  } else {
    table.print(stdout);
  }
  return kDone;
}

int run_topics(const TopicsOptions& options) {
  const std::unique_ptr<Log> log = runtime::make_log(LogLevel::kError);
  auto admin = open_admin(options.kafka, *log);
  if (!admin) return report_error(admin.status());
  if (!options.create.empty()) {
    if (const int code = create_topics(options, **admin); code != kDone) return code;
  }
  return list_topics(options, **admin);
}

}  // namespace

void add_topics(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("topics", "Topics of a cluster: partitions, offsets, retention");
  auto options = std::make_shared<TopicsOptions>();
  command->add_option("TOPIC", options->names, "Only these topics");
  command->add_option("--create", options->create,
                      "First create the topics this configuration needs; existing ones stay as they are");
  command->add_flag("--json", options->is_json, "As JSON");
  add_kafka_options(*command, options->kafka);
  command->callback([options, &exit_code] { exit_code = run_topics(*options); });
}

}  // namespace sluice::cli
