#include "kafka/client_settings.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "kafka/handles.hpp"

namespace sluice::kafka {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// The gateway's promises rest on these: refused with the reason, whatever the value.
struct OwnedProperty {
  std::string_view name;
  std::string_view reason;
};
constexpr OwnedProperty kOwned[] = {
    {"bootstrap.servers", "is set by bootstrap_servers under [kafka]"},
    {"metadata.broker.list", "is set by bootstrap_servers under [kafka]"},
    {"group.id", "is set by group under [[consumer]]"},
    {"auto.offset.reset", "is set by start under [[consumer]]"},
    {"enable.auto.commit", "offsets are committed by the gateway once events are handled"},
    {"enable.auto.offset.store", "offsets are committed by the gateway once events are handled"},
    {"enable.partition.eof", "the gateway needs it on"},
    {"offset.store.method", "offsets are kept by the broker"},
    {"transactional.id", "transactions are not supported"},
    {"plugin.library.paths", "librdkafka plugins are not loaded"},
    {"enabled_events", "events are chosen by the gateway"},
    {"log.queue", "logging is set up by the gateway"},
    {"test.mock.num.brokers", "use bootstrap_servers = \"embedded\""},
};

// May only be given with the value that keeps the promise.
struct PromisedProperty {
  std::string_view name;
  std::string_view allowed;
  std::string_view also_allowed;
  std::string_view reason;
};
constexpr PromisedProperty kPromised[] = {
    {"enable.idempotence", "true", "true", "without it retries reorder and duplicate records"},
    {"acks", "all", "-1", "a record counts as delivered only when all in-sync replicas have it"},
    {"request.required.acks", "all", "-1", "a record counts as delivered only when all in-sync replicas have it"},
    {"message.timeout.ms", "0", "0", "the journal keeps the deadline; an expired record would leave a gap"},
    {"delivery.timeout.ms", "0", "0", "the journal keeps the deadline; an expired record would leave a gap"},
};

const Pairs& common_defaults() {
  static const auto* const defaults = new Pairs{
      {"socket.nagle.disable", "true"},  {"socket.keepalive.enable", "true"},
      {"socket.timeout.ms", "10000"},    {"socket.connection.setup.timeout.ms", "5000"},
      {"reconnect.backoff.ms", "100"},   {"reconnect.backoff.max.ms", "1000"},
      {"log.connection.close", "false"}, {"allow.auto.create.topics", "false"},
  };
  return *defaults;
}

const Pairs& producer_defaults() {
  static const auto* const defaults = new Pairs{
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"max.in.flight.requests.per.connection", "5"},
      {"message.timeout.ms", "0"},
      {"linger.ms", "20"},
      {"queue.buffering.max.messages", "10000"},
      {"queue.buffering.max.kbytes", "16384"},
      // A topic that is not there yet is waited for, not failed: it is created in the background. More than 2,147,483
      // ms overflows inside librdkafka and fails at once.
      {"topic.metadata.propagation.max.ms", "2000000"},
  };
  return *defaults;
}

const Pairs& consumer_defaults() {
  static const auto* const defaults = new Pairs{
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"enable.partition.eof", "true"},
      // After a crash the group waits for the dead member this long before partitions move.
      {"session.timeout.ms", "10000"},
      {"fetch.wait.max.ms", "100"},
      {"fetch.error.backoff.ms", "100"},
      // A topic created after the subscription is noticed within this time.
      {"topic.metadata.refresh.interval.ms", "5000"},
  };
  return *defaults;
}

/// Which clients a property is for: 'C', 'P' or '*', as librdkafka's own table says; 0 when it is not in the table.
class PropertyKinds {
 public:
  PropertyKinds() {
    char* text = nullptr;
    std::size_t size = 0;
    if (std::FILE* out = open_memstream(&text, &size); out != nullptr) {
      rd_kafka_conf_properties_show(out);
      std::fclose(out);
    }
    table_.reset(text);
    size_ = size;
  }

  [[nodiscard]] char kind_of(std::string_view property) const {
    std::string_view rest(table_.get(), size_);
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      const std::size_t bar = line.find('|');
      if (bar == std::string_view::npos || line.substr(0, line.find(' ')) != property) continue;
      const std::size_t at = line.find_first_not_of(' ', bar + 1);
      if (at != std::string_view::npos) return line[at];
    }
    return 0;
  }

 private:
  std::unique_ptr<char, Deleter<std::free>> table_;
  std::size_t size_ = 0;
};

Status set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> error{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size()) == RD_KAFKA_CONF_OK) return {};
  return Status(Code::kInvalid, error.data()).with_context("property " + name);
}

Status set_all(rd_kafka_conf_t* conf, const Pairs& pairs) {
  for (const auto& [name, value] : pairs) {
    if (Status status = set(conf, name, value); !status.ok()) return status;
  }
  return {};
}

bool is_zstd(const ClientSettings& settings) {
  for (const char* name : {"compression.type", "compression.codec"}) {
    const auto found = settings.properties.find(name);
    if (found != settings.properties.end() && found->second == "zstd") return true;
  }
  return false;
}

Status set_user_properties(rd_kafka_conf_t* conf, ClientKind kind, const ClientSettings& settings) {
  if (settings.properties.empty()) return {};
  const PropertyKinds kinds;
  for (const auto& [name, value] : settings.properties) {
    const char only_for = kinds.kind_of(name);
    if (only_for == 'P' && kind != ClientKind::kProducer) continue;
    if (only_for == 'C' && kind != ClientKind::kConsumer) continue;
    if (Status status = set(conf, name, value); !status.ok()) return status;
  }
  return {};
}

LogLevel level_of(int syslog_level) {
  if (syslog_level <= 2) return LogLevel::kError;
  if (syslog_level <= 4) return LogLevel::kWarning;  // a lost connection is "error" to librdkafka; it heals by itself
  return syslog_level <= 6 ? LogLevel::kInfo : LogLevel::kDebug;
}

// Thread: any of librdkafka's.
void on_log(const rd_kafka_t* client, int level, const char* /*facility*/, const char* text) {
  const auto* context = client == nullptr ? nullptr : static_cast<const ClientContext*>(rd_kafka_opaque(client));
  if (context != nullptr) context->log.write(level_of(level), "kafka", text);
}

void log_version_once(Log& log) {
  static std::atomic<bool> is_logged{false};
  if (!is_logged.exchange(true)) log.info("kafka", "librdkafka " + library_version());
}

std::optional<std::string> refusal(const std::string& name, const std::string& value) {
  for (const OwnedProperty& owned : kOwned) {
    if (name == owned.name) return "cannot be set here: " + std::string(owned.reason);
  }
  for (const PromisedProperty& promised : kPromised) {
    if (name == promised.name && value != promised.allowed && value != promised.also_allowed) {
      return "must be " + std::string(promised.allowed) + ": " + std::string(promised.reason);
    }
  }
  if (name == "debug") {
    for (const char* leaky : {"all", "security", "protocol", "conf"}) {
      if (value.find(leaky) != std::string::npos) {
        return "debug context '" + std::string(leaky) + "' may write credentials into the log";
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<PropertyError> check_properties(const std::map<std::string, std::string>& properties) {
  std::vector<PropertyError> errors;
  const KafkaConf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    if (std::optional<std::string> reason = refusal(name, value)) {
      errors.push_back({name, std::move(*reason)});
      continue;
    }
    std::array<char, 512> error{};
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), error.data(), error.size()) != RD_KAFKA_CONF_OK) {
      errors.push_back({name, error.data()});
    }
  }
  return errors;
}

std::string library_version() { return rd_kafka_version_str(); }

Result<KafkaConf> new_conf(ClientKind kind, const ClientSettings& settings, const Pairs& forced,
                           ClientContext& context) {
  log_version_once(context.log);
  KafkaConf conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  rd_kafka_conf_set_opaque(conf.get(), &context);

  Status status = set_all(conf.get(), common_defaults());
  if (status.ok()) status = set(conf.get(), "bootstrap.servers", settings.bootstrap->servers());
  if (status.ok()) status = set(conf.get(), "client.id", settings.client_id);
  // The mock broker has its topics from the start and does not know the question; asking it costs a warning per client.
  if (status.ok() && settings.is_embedded) status = set(conf.get(), "allow.auto.create.topics", "true");
  if (kind == ClientKind::kProducer) {
    if (status.ok()) status = set_all(conf.get(), producer_defaults());
    // zstd's default level costs half as much again as the event's whole way to Kafka.
    if (status.ok() && is_zstd(settings)) status = set(conf.get(), "compression.level", "1");
  }
  if (kind == ClientKind::kConsumer) {
    if (status.ok()) status = set_all(conf.get(), consumer_defaults());
    // The mock broker answers an empty fetch only when its wait is over, whatever arrives meanwhile.
    if (status.ok() && settings.is_embedded) status = set(conf.get(), "fetch.wait.max.ms", "10");
  }
  if (status.ok()) status = set_user_properties(conf.get(), kind, settings);
  if (status.ok()) status = set_all(conf.get(), forced);
  if (!status.ok()) return status;
  return conf;
}

Result<KafkaClient> new_client(ClientKind kind, KafkaConf conf) {
  std::array<char, 512> error{};
  const rd_kafka_type_t type = kind == ClientKind::kConsumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
  rd_kafka_t* client = rd_kafka_new(type, conf.get(), error.data(), error.size());
  if (client == nullptr) return Status(Code::kInvalid, error.data()).with_context("kafka client");
  (void)conf.release();  // the client owns it now
  return KafkaClient(client);
}

bool is_known_property(const char* name, const char* value) {
  const KafkaConf conf(rd_kafka_conf_new());
  std::array<char, 128> error{};
  return rd_kafka_conf_set(conf.get(), name, value, error.data(), error.size()) == RD_KAFKA_CONF_OK;
}

}  // namespace sluice::kafka
