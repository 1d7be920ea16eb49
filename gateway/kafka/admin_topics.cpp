#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <map>

#include "kafka/admin_client.hpp"
#include "kafka/errors.hpp"

namespace sluice::kafka {
namespace {

using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Deleter<rd_kafka_NewTopic_destroy>>;
using ConfigResource = std::unique_ptr<rd_kafka_ConfigResource_t, Deleter<rd_kafka_ConfigResource_destroy>>;

constexpr int kDefaultReplication = -1;

template <class Handle>
auto raw_pointers(const std::vector<Handle>& handles) {
  std::vector<typename Handle::pointer> raw;
  raw.reserve(handles.size());
  for (const Handle& handle : handles) raw.push_back(handle.get());
  return raw;
}

Result<NewTopic> new_topic(const TopicSpec& spec) {
  std::array<char, 256> error{};
  NewTopic topic(rd_kafka_NewTopic_new(spec.name.c_str(), static_cast<int>(spec.partitions), kDefaultReplication,
                                       error.data(), error.size()));
  if (topic == nullptr) return Status(Code::kInvalid, error.data()).with_context("topic " + spec.name);
  if (spec.retention_ms > 0) {
    rd_kafka_NewTopic_set_config(topic.get(), "retention.ms", std::to_string(spec.retention_ms).c_str());
  }
  if (spec.cleanup != Cleanup::kDelete) {
    rd_kafka_NewTopic_set_config(topic.get(), "cleanup.policy", std::string(to_string(spec.cleanup)).c_str());
  }
  return topic;
}

Status create_topics(rd_kafka_t* client, std::span<const TopicSpec* const> specs, const Deadline& deadline) {
  std::vector<NewTopic> topics;
  for (const TopicSpec* spec : specs) {
    Result<NewTopic> topic = new_topic(*spec);
    if (!topic) return topic.status();
    topics.push_back(std::move(*topic));
  }
  std::vector<rd_kafka_NewTopic_t*> raw = raw_pointers(topics);
  const Result<KafkaEvent> event = ask(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, deadline, "create topics",
                                       [client, &raw](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                                         rd_kafka_CreateTopics(client, raw.data(), raw.size(), options, queue);
                                       });
  if (!event) return event.status();
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    const char* const text = rd_kafka_topic_result_error_string(results[i]);
    return Status(to_status(error, "").code(), std::string("create topic ") + rd_kafka_topic_result_name(results[i]) +
                                                   ": " + (text != nullptr ? text : rd_kafka_err2str(error)));
  }
  return {};
}

std::map<std::string, std::uint32_t> partition_counts(const rd_kafka_metadata_t& metadata) {
  std::map<std::string, std::uint32_t> counts;
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata.topics[i];
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) counts[topic.topic] = static_cast<std::uint32_t>(topic.partition_cnt);
  }
  return counts;
}

TopicState state_of(const rd_kafka_metadata_topic_t& topic) {
  TopicState state{.name = topic.topic, .partitions = {}, .retention_ms = {}, .cleanup_policy = {}};
  for (int i = 0; i < topic.partition_cnt; ++i) {
    const rd_kafka_metadata_partition_t& partition = topic.partitions[i];
    state.partitions.push_back({.partition = partition.id,
                                .leader = partition.leader,
                                .replicas = static_cast<std::size_t>(partition.replica_cnt),
                                .in_sync_replicas = static_cast<std::size_t>(partition.isr_cnt)});
  }
  std::sort(state.partitions.begin(), state.partitions.end(),
            [](const PartitionState& a, const PartitionState& b) { return a.partition < b.partition; });
  return state;
}

/// Fills in low or high offsets; a partition without leader keeps -1.
Status add_offsets(rd_kafka_t* client, std::vector<TopicState>& topics, std::int64_t which,
                   std::int64_t PartitionState::*target, const Deadline& deadline) {
  const PartitionList list = new_partition_list(16);
  for (const TopicState& topic : topics) {
    for (const PartitionState& partition : topic.partitions) {
      if (partition.leader < 0) continue;
      rd_kafka_topic_partition_list_add(list.get(), topic.name.c_str(), partition.partition)->offset = which;
    }
  }
  if (Status status = resolve_offsets(client, list.get(), deadline); !status.ok()) return status;
  for (TopicState& topic : topics) {
    for (PartitionState& partition : topic.partitions) {
      const rd_kafka_topic_partition_t* const found =
          rd_kafka_topic_partition_list_find(list.get(), topic.name.c_str(), partition.partition);
      if (found != nullptr) partition.*target = found->offset;
    }
  }
  return {};
}

void add_config(TopicState& topic, const rd_kafka_ConfigResource_t* resource) {
  std::size_t count = 0;
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(resource, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* const value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value == nullptr) continue;
    const std::string_view name = rd_kafka_ConfigEntry_name(entries[i]);
    if (name == "cleanup.policy") topic.cleanup_policy = value;
    std::int64_t number = 0;
    if (name == "retention.ms" && std::from_chars(value, value + std::strlen(value), number).ec == std::errc()) {
      topic.retention_ms = number;
    }
  }
}

/// Retention and clean-up; brokers that do not tell (or not us) leave them absent.
void add_configs(rd_kafka_t* client, std::vector<TopicState>& topics, const Deadline& deadline) {
  std::vector<ConfigResource> resources;
  for (const TopicState& topic : topics) {
    resources.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str()));
  }
  std::vector<rd_kafka_ConfigResource_t*> raw = raw_pointers(resources);
  if (raw.empty() || is_mock_cluster(client, deadline)) return;  // a mock cluster would let the whole time pass
  const Result<KafkaEvent> event = ask(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, deadline, "describe topics",
                                       [client, &raw](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                                         rd_kafka_DescribeConfigs(client, raw.data(), raw.size(), options, queue);
                                       });
  if (!event) return;
  std::size_t count = 0;
  const rd_kafka_ConfigResource_t** answers =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_ConfigResource_error(answers[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    for (TopicState& topic : topics) {
      if (topic.name == rd_kafka_ConfigResource_name(answers[i])) add_config(topic, answers[i]);
    }
  }
}

}  // namespace

Result<std::vector<std::string>> ensure_topics(rd_kafka_t* client, bool can_create, std::span<const TopicSpec> topics,
                                               const Deadline& deadline) {
  Result<KafkaMetadata> metadata = ask_metadata(client, deadline);
  if (!metadata) return metadata.status();
  const std::map<std::string, std::uint32_t> existing = partition_counts(**metadata);
  std::vector<const TopicSpec*> missing;
  std::vector<std::string> warnings;
  for (const TopicSpec& spec : topics) {
    const auto found = existing.find(spec.name);
    if (found == existing.end()) {
      missing.push_back(&spec);
    } else if (found->second != spec.partitions) {
      warnings.push_back("topic " + spec.name + " has " + std::to_string(found->second) +
                         " partitions, configured are " + std::to_string(spec.partitions) +
                         "; those of the topic count");
    }
  }
  if (missing.empty()) return warnings;
  if (!can_create) {
    return Status(Code::kInvalid, "the embedded broker was started without topic " + missing.front()->name);
  }
  if (Status status = create_topics(client, missing, deadline); !status.ok()) return status;
  return warnings;
}

Result<std::vector<TopicState>> describe_topics(rd_kafka_t* client, std::span<const std::string> names,
                                                const Deadline& deadline) {
  const Result<KafkaMetadata> metadata = ask_metadata(client, deadline);
  if (!metadata) return metadata.status();
  std::vector<TopicState> topics;
  for (int i = 0; i < (*metadata)->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = (*metadata)->topics[i];
    const std::string_view name = topic.topic;
    const bool is_wanted =
        names.empty() ? !name.starts_with("__") : std::find(names.begin(), names.end(), name) != names.end();
    if (is_wanted) topics.push_back(state_of(topic));
  }
  for (const std::string& name : names) {
    const auto found =
        std::find_if(topics.begin(), topics.end(), [&name](const auto& topic) { return topic.name == name; });
    if (found == topics.end()) return Status(Code::kNotFound, "topic " + name + " does not exist");
  }
  std::sort(topics.begin(), topics.end(), [](const TopicState& a, const TopicState& b) { return a.name < b.name; });
  for (const auto& [which, target] : {std::pair(RD_KAFKA_OFFSET_BEGINNING, &PartitionState::low_offset),
                                      std::pair(RD_KAFKA_OFFSET_END, &PartitionState::high_offset)}) {
    if (Status status = add_offsets(client, topics, which, target, deadline); !status.ok()) return status;
  }
  add_configs(client, topics, deadline);
  return topics;
}

}  // namespace sluice::kafka
