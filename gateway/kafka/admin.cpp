#include "kafka/admin.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>

#include "kafka/admin_client.hpp"
#include "kafka/errors.hpp"

namespace sluice::kafka {
namespace {

// An answer that is due at the deadline may need a moment more to come through librdkafka's threads.
constexpr int kAnswerGraceMs = 500;
constexpr std::chrono::milliseconds kLeaderRetry{100};

class KafkaAdmin final : public Admin {
 public:
  KafkaAdmin(const ClientSettings& settings, Log& log) : settings_(settings), context_{log, this} {}

  Status open() {
    Result<KafkaConf> conf = new_conf(ClientKind::kAdmin, settings_, {}, context_);
    if (!conf) return conf.status();
    Result<KafkaClient> client = new_client(ClientKind::kAdmin, std::move(*conf));
    if (!client) return client.status();
    client_ = std::move(*client);
    return {};
  }

  Result<std::vector<std::string>> ensure_topics(std::span<const TopicSpec> topics, Timeout timeout) override {
    return kafka::ensure_topics(client_.get(), !settings_.is_embedded, topics, Deadline(timeout));
  }
  Result<std::vector<TopicState>> topics(std::span<const std::string> names, Timeout timeout) override {
    return describe_topics(client_.get(), names, Deadline(timeout));
  }
  Result<std::vector<GroupSummary>> groups(Timeout timeout) override {
    const Deadline deadline(timeout);
    if (is_embedded(deadline)) return no_groups();
    return list_groups(client_.get(), deadline);
  }
  Result<GroupState> group(const std::string& name, Timeout timeout) override {
    const Deadline deadline(timeout);
    if (is_embedded(deadline)) return no_groups();
    return describe_group(client_.get(), name, deadline);
  }
  Result<std::vector<OffsetReset>> reset_offsets(const std::string& group, const std::string& topic, ResetTarget target,
                                                 ResetMode mode, Timeout timeout) override {
    const Deadline deadline(timeout);
    if (is_embedded(deadline)) return no_groups();
    return kafka::reset_offsets(client_.get(), group, topic, target, mode, deadline);
  }

 private:
  /// Of this process or of another one. It must not be asked for groups: librdkafka 2.0 never destroys a client that
  /// was refused such a question.
  [[nodiscard]] bool is_embedded(const Deadline& deadline) const {
    return settings_.is_embedded || is_mock_cluster(client_.get(), deadline);
  }
  static Status no_groups() { return {Code::kInvalid, "the embedded broker cannot show groups"}; }

  const ClientSettings settings_;
  ClientContext context_;
  KafkaClient client_;
};

}  // namespace

Result<std::unique_ptr<Admin>> Admin::open(const ClientSettings& settings, Log& log) {
  auto admin = std::make_unique<KafkaAdmin>(settings, log);
  if (Status status = admin->open(); !status.ok()) return std::move(status).with_context("kafka admin");
  return Result<std::unique_ptr<Admin>>(std::move(admin));
}

int Deadline::left_ms() const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 1));
}

Result<KafkaEvent> ask(rd_kafka_t* client, rd_kafka_admin_op_t operation, const Deadline& deadline,
                       std::string_view what,
                       const std::function<void(const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& send) {
  const AdminOptions options(rd_kafka_AdminOptions_new(client, operation));
  const KafkaQueue queue(rd_kafka_queue_new(client));
  std::array<char, 256> error{};
  const int timeout_ms = deadline.left_ms();
  if (const auto code =
          rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, error.data(), error.size());
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Status(Code::kInternal, error.data()).with_context(what);
  }
  send(options.get(), queue.get());
  KafkaEvent event(rd_kafka_queue_poll(queue.get(), timeout_ms + kAnswerGraceMs));
  if (event == nullptr) return Status(Code::kTimeout, "no answer").with_context(what);
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const Status status = to_status(code, what);
    return Status(status.code(), std::string(what) + ": " + rd_kafka_event_error_string(event.get()));
  }
  return event;
}

bool is_mock_cluster(rd_kafka_t* client, const Deadline& deadline) {
  char* const id = rd_kafka_clusterid(client, deadline.left_ms());
  if (id == nullptr) return false;
  const bool is_mock = std::string_view(id).starts_with("mockCluster");
  rd_kafka_mem_free(client, id);
  return is_mock;
}

Result<KafkaMetadata> ask_metadata(rd_kafka_t* client, const Deadline& deadline) {
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(client, 1, nullptr, &raw, deadline.left_ms());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return to_status(error, "ask for topics");
  return KafkaMetadata(raw);
}

Status resolve_offsets(rd_kafka_t* client, rd_kafka_topic_partition_list_t* partitions, const Deadline& deadline) {
  if (partitions->cnt == 0) return {};
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  do {
    error = rd_kafka_offsets_for_times(client, partitions, deadline.left_ms());
    // A leader just elected does not know of it yet.
    if (error != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION && error != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) break;
    std::this_thread::sleep_for(kLeaderRetry);
  } while (deadline.left_ms() > 1);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return to_status(error, "ask for offsets");
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t& partition = partitions->elems[i];
    if (partition.err != RD_KAFKA_RESP_ERR_NO_ERROR || partition.offset < 0) partition.offset = -1;
  }
  return {};
}

}  // namespace sluice::kafka
