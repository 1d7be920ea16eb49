#pragma once

/// For gateway/kafka/*.cpp only: librdkafka's handles as owners, and how a client is configured and made.

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/log.hpp"
#include "core/status.hpp"
#include "kafka/client_settings.hpp"

namespace sluice::kafka {

template <auto destroy>
struct Deleter {
  void operator()(auto* handle) const noexcept { destroy(handle); }
};

using KafkaConf = std::unique_ptr<rd_kafka_conf_t, Deleter<rd_kafka_conf_destroy>>;
using KafkaClient = std::unique_ptr<rd_kafka_t, Deleter<rd_kafka_destroy>>;
using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, Deleter<rd_kafka_topic_destroy>>;
using KafkaQueue = std::unique_ptr<rd_kafka_queue_t, Deleter<rd_kafka_queue_destroy>>;
using KafkaEvent = std::unique_ptr<rd_kafka_event_t, Deleter<rd_kafka_event_destroy>>;
using KafkaMetadata = std::unique_ptr<const rd_kafka_metadata_t, Deleter<rd_kafka_metadata_destroy>>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, Deleter<rd_kafka_topic_partition_list_destroy>>;

inline PartitionList new_partition_list(std::size_t size_hint) {
  return PartitionList(rd_kafka_topic_partition_list_new(static_cast<int>(size_hint)));
}

enum class ClientKind { kProducer = 1, kConsumer, kAdmin };

/// What a client's callbacks find behind its opaque pointer; outlives the client.
struct ClientContext {
  Log& log;
  void* owner = nullptr;  ///< the object whose callbacks are set on the conf
};

/// A configuration with the gateway's defaults, then the user's properties that fit `kind`, then `forced`.
/// kInvalid names the property. The conf logs into `context.log`.
Result<KafkaConf> new_conf(ClientKind kind, const ClientSettings& settings,
                           const std::vector<std::pair<std::string, std::string>>& forced, ClientContext& context);

/// Makes the client; needs no broker to be up. kInvalid: a combination of properties, a file that cannot be read.
Result<KafkaClient> new_client(ClientKind kind, KafkaConf conf);

/// True when this librdkafka knows the property (its value is not checked).
bool is_known_property(const char* name, const char* value);

}  // namespace sluice::kafka
