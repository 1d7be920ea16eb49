#include <algorithm>
#include <tuple>

#include "kafka/admin_client.hpp"
#include "kafka/errors.hpp"

namespace sluice::kafka {
namespace {

using FetchOffsets =
    std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t, Deleter<rd_kafka_ListConsumerGroupOffsets_destroy>>;
using AlterOffsets =
    std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t, Deleter<rd_kafka_AlterConsumerGroupOffsets_destroy>>;

// "Local: Required feature not supported by broker" would leave the reader wondering which feature of which broker.
Status explain(Status status) {
  if (status.code() != Code::kInvalid) return status;
  return std::move(status).with_context("this broker cannot show groups (the embedded one never can)");
}

Status error_of(const rd_kafka_error_t* error, std::string_view context) {
  if (error == nullptr) return {};
  const Status status = to_status(rd_kafka_error_code(error), context);
  return status.ok() ? Status() : Status(status.code(), std::string(context) + ": " + rd_kafka_error_string(error));
}

/// Committed offsets of the group: of `partitions`, or of all it has.
Result<PartitionList> committed_offsets(rd_kafka_t* client, const std::string& group,
                                        const rd_kafka_topic_partition_list_t* partitions, const Deadline& deadline) {
  const FetchOffsets request(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), partitions));
  rd_kafka_ListConsumerGroupOffsets_t* raw = request.get();
  const Result<KafkaEvent> event =
      ask(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, deadline, "offsets of group " + group,
          [client, &raw](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
            rd_kafka_ListConsumerGroupOffsets(client, &raw, 1, options, queue);
          });
  if (!event) return event.status();
  std::size_t count = 0;
  const rd_kafka_group_result_t** results = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event->get()), &count);
  if (count != 1) return Status(Code::kInternal, "offsets of group " + group + ": no answer for the group");
  if (Status status = error_of(rd_kafka_group_result_error(results[0]), "offsets of group " + group); !status.ok()) {
    return status;
  }
  return PartitionList(rd_kafka_topic_partition_list_copy(rd_kafka_group_result_partitions(results[0])));
}

Status add_members(rd_kafka_t* client, GroupState& group, const Deadline& deadline) {
  const char* name = group.name.c_str();
  const Result<KafkaEvent> event =
      ask(client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, deadline, "describe group " + group.name,
          [client, &name](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
            rd_kafka_DescribeConsumerGroups(client, &name, 1, options, queue);
          });
  if (!event) return explain(event.status());
  std::size_t count = 0;
  const rd_kafka_ConsumerGroupDescription_t** results =
      rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event->get()), &count);
  if (count != 1) return {Code::kInternal, "describe group " + group.name + ": no answer for the group"};
  const rd_kafka_ConsumerGroupDescription_t* const found = results[0];
  if (Status status = error_of(rd_kafka_ConsumerGroupDescription_error(found), "describe group " + group.name);
      !status.ok()) {
    return explain(std::move(status));
  }
  group.state = rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(found));
  if (const char* assignor = rd_kafka_ConsumerGroupDescription_partition_assignor(found); assignor != nullptr) {
    group.assignor = assignor;
  }
  for (std::size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(found); ++i) {
    const rd_kafka_MemberDescription_t* const member = rd_kafka_ConsumerGroupDescription_member(found, i);
    const rd_kafka_MemberAssignment_t* const assignment = rd_kafka_MemberDescription_assignment(member);
    const rd_kafka_topic_partition_list_t* const held =
        assignment == nullptr ? nullptr : rd_kafka_MemberAssignment_partitions(assignment);
    group.members.push_back({.client_id = rd_kafka_MemberDescription_client_id(member),
                             .member_id = rd_kafka_MemberDescription_consumer_id(member),
                             .host = rd_kafka_MemberDescription_host(member),
                             .partitions = held == nullptr ? 0 : static_cast<std::size_t>(held->cnt)});
    for (int k = 0; held != nullptr && k < held->cnt; ++k) {
      group.offsets.push_back({.topic = held->elems[k].topic,
                               .partition = held->elems[k].partition,
                               .client_id = group.members.back().client_id});
    }
  }
  return {};
}

Status add_committed(rd_kafka_t* client, GroupState& group, const Deadline& deadline) {
  const Result<PartitionList> committed = committed_offsets(client, group.name, nullptr, deadline);
  if (!committed) return committed.status();
  for (int i = 0; i < (*committed)->cnt; ++i) {
    const rd_kafka_topic_partition_t& partition = (*committed)->elems[i];
    const auto found =
        std::find_if(group.offsets.begin(), group.offsets.end(), [&partition](const GroupOffset& offset) {
          return offset.partition == partition.partition && offset.topic == partition.topic;
        });
    GroupOffset& offset = found != group.offsets.end()
                              ? *found
                              : group.offsets.emplace_back(GroupOffset{
                                    .topic = partition.topic, .partition = partition.partition, .client_id = {}});
    offset.committed = std::max<std::int64_t>(partition.offset, -1);
  }
  return {};
}

Status add_lag(rd_kafka_t* client, GroupState& group, const Deadline& deadline) {
  const PartitionList ends = new_partition_list(group.offsets.size());
  for (const GroupOffset& offset : group.offsets) {
    rd_kafka_topic_partition_list_add(ends.get(), offset.topic.c_str(), offset.partition)->offset = RD_KAFKA_OFFSET_END;
  }
  if (Status status = resolve_offsets(client, ends.get(), deadline); !status.ok()) return status;
  for (GroupOffset& offset : group.offsets) {
    const rd_kafka_topic_partition_t* const end =
        rd_kafka_topic_partition_list_find(ends.get(), offset.topic.c_str(), offset.partition);
    if (end != nullptr) offset.high_offset = end->offset;
    if (offset.high_offset < 0 || offset.committed < 0) continue;
    offset.lag_records = std::max<std::int64_t>(offset.high_offset - offset.committed, 0);
    group.lag_records += offset.lag_records;
  }
  return {};
}

double balance_of(const std::vector<GroupMember>& members) {
  if (members.empty()) return 1;
  const auto [least, most] =
      std::minmax_element(members.begin(), members.end(),
                          [](const GroupMember& a, const GroupMember& b) { return a.partitions < b.partitions; });
  return most->partitions == 0 ? 1 : static_cast<double>(least->partitions) / static_cast<double>(most->partitions);
}

Status commit_resets(rd_kafka_t* client, const std::string& group, const std::vector<OffsetReset>& resets,
                     const Deadline& deadline) {
  const PartitionList list = new_partition_list(resets.size());
  for (const OffsetReset& reset : resets) {
    rd_kafka_topic_partition_list_add(list.get(), reset.topic.c_str(), reset.partition)->offset = reset.to;
  }
  const AlterOffsets request(rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
  rd_kafka_AlterConsumerGroupOffsets_t* raw = request.get();
  const std::string what = "reset group " + group;
  const Result<KafkaEvent> event = ask(client, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, deadline, what,
                                       [client, &raw](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                                         rd_kafka_AlterConsumerGroupOffsets(client, &raw, 1, options, queue);
                                       });
  if (!event) return event.status();
  std::size_t count = 0;
  const rd_kafka_group_result_t** results = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (Status status = error_of(rd_kafka_group_result_error(results[i]), what); !status.ok()) return status;
    const rd_kafka_topic_partition_list_t* const partitions = rd_kafka_group_result_partitions(results[i]);
    for (int k = 0; partitions != nullptr && k < partitions->cnt; ++k) {
      const rd_kafka_resp_err_t error = partitions->elems[k].err;
      if (error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID) {
        return {Code::kInvalid, what + ": the group has members; stop them first"};
      }
      if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return to_status(error, what);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<GroupSummary>> list_groups(rd_kafka_t* client, const Deadline& deadline) {
  const Result<KafkaEvent> event = ask(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, deadline, "list groups",
                                       [client](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                                         rd_kafka_ListConsumerGroups(client, options, queue);
                                       });
  if (!event) return explain(event.status());
  const rd_kafka_ListConsumerGroups_result_t* const result = rd_kafka_event_ListConsumerGroups_result(event->get());
  std::size_t count = 0;
  const rd_kafka_error_t** errors = rd_kafka_ListConsumerGroups_result_errors(result, &count);
  if (count > 0) return explain(error_of(errors[0], "list groups"));
  std::vector<GroupSummary> groups;
  const rd_kafka_ConsumerGroupListing_t** found = rd_kafka_ListConsumerGroups_result_valid(result, &count);
  for (std::size_t i = 0; i < count; ++i) {
    groups.push_back({rd_kafka_ConsumerGroupListing_group_id(found[i]),
                      rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupListing_state(found[i]))});
  }
  std::sort(groups.begin(), groups.end(), [](const GroupSummary& a, const GroupSummary& b) { return a.name < b.name; });
  return groups;
}

Result<GroupState> describe_group(rd_kafka_t* client, const std::string& name, const Deadline& deadline) {
  GroupState group;
  group.name = name;
  if (Status status = add_members(client, group, deadline); !status.ok()) return status;
  if (Status status = add_committed(client, group, deadline); !status.ok()) return status;
  if (group.members.empty() && group.offsets.empty()) {
    return Status(Code::kNotFound, "group " + name + " has neither members nor offsets");
  }
  if (Status status = add_lag(client, group, deadline); !status.ok()) return status;
  std::sort(group.offsets.begin(), group.offsets.end(), [](const GroupOffset& a, const GroupOffset& b) {
    return std::tie(a.topic, a.partition) < std::tie(b.topic, b.partition);
  });
  group.balance = balance_of(group.members);
  return group;
}

Result<std::vector<OffsetReset>> reset_offsets(rd_kafka_t* client, const std::string& group, const std::string& topic,
                                               ResetTarget target, ResetMode mode, const Deadline& deadline) {
  const Result<KafkaMetadata> metadata = ask_metadata(client, deadline);
  if (!metadata) return metadata.status();
  int partitions = 0;
  for (int i = 0; i < (*metadata)->topic_cnt; ++i) {
    if ((*metadata)->topics[i].topic == topic) partitions = (*metadata)->topics[i].partition_cnt;
  }
  if (partitions == 0) return Status(Code::kNotFound, "topic " + topic + " does not exist");
  const PartitionList goals = new_partition_list(static_cast<std::size_t>(partitions));
  for (int i = 0; i < partitions; ++i) {
    rd_kafka_topic_partition_list_add(goals.get(), topic.c_str(), i)->offset =
        target == ResetTarget::kEarliest ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
  }
  const Result<PartitionList> committed = committed_offsets(client, group, goals.get(), deadline);
  if (!committed) return committed.status();
  if (Status status = resolve_offsets(client, goals.get(), deadline); !status.ok()) return status;
  std::vector<OffsetReset> resets;
  for (int i = 0; i < partitions; ++i) {
    const rd_kafka_topic_partition_t* const before =
        rd_kafka_topic_partition_list_find(committed->get(), topic.c_str(), i);
    const std::int64_t to = goals->elems[i].offset;
    if (to < 0) return Status(Code::kUnavailable, "topic " + topic + ": a partition has no leader");
    resets.push_back({topic, i, before == nullptr ? -1 : std::max<std::int64_t>(before->offset, -1), to});
  }
  if (mode == ResetMode::kDryRun) return resets;
  if (Status status = commit_resets(client, group, resets, deadline); !status.ok()) return status;
  return resets;
}

}  // namespace sluice::kafka
