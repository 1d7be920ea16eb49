#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/kafka_options.hpp"
#include "cli/terminal.hpp"
#include "runtime/log.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::ordered_json;

struct GroupsOptions {
  KafkaOptions kafka;
  std::string group;
  std::string topic;
  bool is_json = false;
  bool to_earliest = false;
  bool to_latest = false;
  bool is_executed = false;
};

std::string offset_text(std::int64_t offset) { return offset < 0 ? "-" : std::to_string(offset); }

int list(const GroupsOptions& options, kafka::Admin& admin) {
  auto groups = admin.groups(options.kafka.timeout);
  if (!groups) return report_error(groups.status());
  if (options.is_json) {
    Json all = Json::array();
    for (const auto& group : *groups) all.push_back({{"group", group.name}, {"state", group.state}});
    std::printf("%s\n", all.dump().c_str());
    return kDone;
  }
  TextTable table({"group", "state"});
  for (const auto& group : *groups) table.add({group.name, group.state});
  table.print(stdout);
  return kDone;
}

void print_json(const kafka::GroupState& group) {
  Json offsets = Json::array();
  for (const auto& at : group.offsets) {
    offsets.push_back({{"topic", at.topic},
                       {"partition", at.partition},
                       {"committed", at.committed},
                       {"end", at.high_offset},
                       {"lag", at.lag_records},
                       {"client", at.client_id}});
  }
  Json members = Json::array();
  for (const auto& member : group.members) {
    members.push_back({{"client", member.client_id},
                       {"member", member.member_id},
                       {"host", member.host},
                       {"partitions", member.partitions}});
  }
  const Json all = {{"group", group.name},      {"state", group.state},     {"assignor", group.assignor},
                    {"lag", group.lag_records}, {"balance", group.balance}, {"members", members},
                    {"offsets", offsets}};
  std::printf("%s\n", all.dump().c_str());
}

int describe(const GroupsOptions& options, kafka::Admin& admin) {
  auto group = admin.group(options.group, options.kafka.timeout);
  if (!group) return report_error(group.status());
  if (options.is_json) {
    print_json(*group);
    return kDone;
  }
  std::printf("group %s  state %s  members %zu  lag %lld  balance %.2f\n\n", group->name.c_str(), group->state.c_str(),
              group->members.size(), static_cast<long long>(group->lag_records), group->balance);
  TextTable table({"topic", "partition", "committed", "end", "lag", "client"});
  for (const auto& at : group->offsets) {
    table.add({at.topic, std::to_string(at.partition), offset_text(at.committed), offset_text(at.high_offset),
               offset_text(at.lag_records), at.client_id.empty() ? "-" : at.client_id});
  }
  table.print(stdout);
  return kDone;
}

int reset(const GroupsOptions& options, kafka::Admin& admin) {
  if (options.to_earliest == options.to_latest) {
    std::fprintf(stderr, "error: where to is missing, expected one of --to-earliest, --to-latest\n");
    return kUsage;
  }
  const auto target = options.to_earliest ? kafka::ResetTarget::kEarliest : kafka::ResetTarget::kLatest;
  const auto mode = options.is_executed ? kafka::ResetMode::kExecute : kafka::ResetMode::kDryRun;
  auto done = admin.reset_offsets(options.group, options.topic, target, mode, options.kafka.timeout);
  if (!done) return report_error(done.status());
  TextTable table({"topic", "partition", "from", "to"});
  for (const auto& at : *done)
    table.add({at.topic, std::to_string(at.partition), offset_text(at.from), std::to_string(at.to)});
  table.print(stdout);
  if (!options.is_executed) std::printf("dry run: nothing was changed; --execute does it\n");
  return kDone;
}

template <class Body>
void on_call(CLI::App& command, const std::shared_ptr<GroupsOptions>& options, int& exit_code, Body body) {
  add_kafka_options(command, options->kafka);
  command.callback([options, &exit_code, body] {
    const std::unique_ptr<Log> log = runtime::make_log(LogLevel::kError);
    auto admin = open_admin(options->kafka, *log);
    exit_code = admin ? body(*options, **admin) : report_error(admin.status());
  });
}

}  // namespace

void add_groups(CLI::App& root, int& exit_code) {
  CLI::App* groups = root.add_subcommand("groups", "Consumer groups: list, describe, reset");
  groups->require_subcommand(1);
  auto options = std::make_shared<GroupsOptions>();

  CLI::App* listing = groups->add_subcommand("list", "All groups and their states");
  listing->add_flag("--json", options->is_json, "As JSON");
  on_call(*listing, options, exit_code, list);

  CLI::App* description = groups->add_subcommand("describe", "Members, offsets and lag of one group");
  description->add_option("GROUP", options->group, "Name of the group")->required();
  description->add_flag("--json", options->is_json, "As JSON");
  on_call(*description, options, exit_code, describe);

  CLI::App* moving =
      groups->add_subcommand("reset", "Move a group's offsets of one topic; without --execute only show it");
  moving->add_option("GROUP", options->group, "Name of the group; it must have no running member")->required();
  moving->add_option("--topic", options->topic, "Topic whose offsets are moved")->required();
  moving->add_flag("--to-earliest", options->to_earliest, "To the first record kept");
  moving->add_flag("--to-latest", options->to_latest, "Behind the last record");
  moving->add_flag("--execute", options->is_executed, "Do it");
  on_call(*moving, options, exit_code, reset);
}

}  // namespace sluice::cli
