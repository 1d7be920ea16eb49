#include "app/account_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sluice::app {
namespace {

using Json = nlohmann::ordered_json;

Json reasons_json(const pipeline::Reasons& reasons) {
  Json json = Json::object();
  for (const auto& [reason, count] : reasons) json[reason] = count;
  return json;
}

double seconds_since(std::int64_t then_us, std::int64_t now_us) {
  return then_us == 0 ? 0.0 : static_cast<double>(std::max<std::int64_t>(0, now_us - then_us)) / 1e6;
}

Json source_json(const pipeline::SourceStatus& source) {
  Json json = {{"state", to_string(source.state)},
               {"accepted", source.accepted},
               {"rejected", reasons_json(source.rejected)},
               {"busy", source.busy},
               {"restarts", source.restarts}};
  if (!source.last_error.empty()) json["last_error"] = source.last_error;
  return json;
}

Json consumer_json(const pipeline::ConsumerStatus& consumer) {
  Json json = {{"state", to_string(consumer.state)},
               {"consumed", consumer.consumed},
               {"refused", reasons_json(consumer.refused)},
               {"rejected", reasons_json(consumer.rejected)},
               {"published", consumer.published},
               {"rows", consumer.rows},
               {"lag", consumer.lag_records},
               {"gap_events", consumer.gap_events},
               {"restarts", consumer.restarts},
               {"snapshots", consumer.snapshots}};
  if (!consumer.last_error.empty()) json["last_error"] = consumer.last_error;
  return json;
}

Json table_json(const pipeline::TableStatus& table) {
  return {{"name", table.name},
          {"topic", table.topic},
          {"rows", table.stats.rows},
          {"bytes", table.stats.bytes},
          {"published", table.stats.published},
          {"evicted", table.stats.evicted},
          {"dropped", reasons_json(table.stats.dropped)}};
}

}  // namespace

std::string display_name(const StreamSet& streams, const Stream& stream) {
  const auto same =
      std::count_if(streams.begin(), streams.end(), [&](const Stream& other) { return other.name == stream.name; });
  return same == 1 ? stream.name : stream.owner + "." + stream.name;
}

std::string status_json(const GatewayPicture& picture) {
  const pipeline::Account& account = picture.pipeline.account;
  Json json = {{"name", picture.name},
               {"durable", picture.is_durable},
               {"broker",
                {{"bootstrap", picture.broker.bootstrap},
                 {"embedded", picture.broker.is_embedded},
                 {"volatile", picture.broker.is_embedded}}},
               {"events",
                {{"accepted", account.total.accepted},
                 {"recovered", account.total.recovered},
                 {"delivered", account.total.delivered},
                 {"pending", account.total.pending},
                 {"dropped", reasons_json(account.total.dropped)},
                 {"unaccounted", account.total.unaccounted}}},
               {"sources", Json::object()},
               {"streams", Json::object()},
               {"consumers", Json::object()}};
  for (const auto& source : picture.pipeline.sources) json["sources"][source.name] = source_json(source);
  for (const pipeline::StreamAccount& stream : account.streams) {
    const Stream& of = (*picture.streams)[stream.stream];
    json["streams"][display_name(*picture.streams, of)] = {{"topic", of.topic},
                                                           {"accepted", stream.events.accepted},
                                                           {"delivered", stream.events.delivered},
                                                           {"pending", stream.events.pending},
                                                           {"dropped", reasons_json(stream.events.dropped)}};
  }
  for (const auto& consumer : picture.pipeline.consumers) json["consumers"][consumer.name] = consumer_json(consumer);
  json["tables"] = Json::array();
  for (const auto& table : picture.pipeline.tables) json["tables"].push_back(table_json(table));
  json["journal"] = {{"bytes", account.journal.bytes},
                     {"capacity_bytes", account.journal.capacity_bytes},
                     {"segments", account.journal.segments},
                     {"full_refusals", account.journal.full_refusals},
                     {"oldest_pending_seconds", seconds_since(account.journal.oldest_received_us, picture.wall_us)}};
  json["kafka"] = {{"producer_restarts", account.producer_restarts}};
  json["dead_letters"] = {{"written", picture.pipeline.dead_letters_written},
                          {"lost", picture.pipeline.dead_letters_lost}};
  json["plugins"] = Json::object();
  for (const auto& entry : picture.quarantine) {
    json["plugins"][entry.instance] = {
        {"crashes", entry.crashes}, {"quarantined", entry.is_quarantined}, {"last_crash", entry.last_crash}};
  }
  return json.dump();
}

std::string tables_json(const GatewayPicture& picture) {
  Json tables = Json::array();
  for (const auto& table : picture.pipeline.tables) tables.push_back(table_json(table));
  return Json{{"tables", std::move(tables)}}.dump();
}

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Collects metrics under one name with different labels.
class Metrics {
 public:
  void counter(const char* name, const char* help, double value, Labels labels = {}) {
    all_.push_back({name, help, MetricType::kCounter, std::move(labels), value});
  }
  void gauge(const char* name, const char* help, double value, Labels labels = {}) {
    all_.push_back({name, help, MetricType::kGauge, std::move(labels), value});
  }
  std::vector<Metric> take() { return std::move(all_); }

 private:
  std::vector<Metric> all_;
};

double number(std::uint64_t count) { return static_cast<double>(count); }

void add_streams(Metrics& metrics, const GatewayPicture& picture) {
  for (const pipeline::StreamAccount& account : picture.pipeline.account.streams) {
    const Stream& stream = (*picture.streams)[account.stream];
    const Labels labels = {{"source", stream.owner}, {"stream", stream.name}};
    metrics.counter("sluice_events_accepted_total", "Events the journal took", number(account.events.accepted), labels);
    metrics.counter("sluice_events_delivered_total", "Events Kafka acknowledged", number(account.events.delivered),
                    labels);
    metrics.gauge("sluice_events_pending", "Events accepted and not yet delivered or dropped",
                  number(account.events.pending), labels);
    for (const auto& [reason, count] : account.events.dropped) {
      Labels with_reason = labels;
      with_reason.emplace_back("reason", reason);
      metrics.counter("sluice_events_dropped_total", "Events given up, by reason", number(count),
                      std::move(with_reason));
    }
  }
  metrics.gauge("sluice_events_unaccounted",
                "accepted + recovered - delivered - pending - dropped; anything but 0 is a bug",
                static_cast<double>(picture.pipeline.account.total.unaccounted));
}

void add_instances(Metrics& metrics, const GatewayPicture& picture) {
  for (const auto& source : picture.pipeline.sources) {
    const Labels labels = {{"source", source.name}};
    metrics.gauge("sluice_plugin_running", "1 while the instance runs",
                  source.state == pipeline::RunState::kRunning ? 1 : 0, {{"instance", source.name}});
    metrics.counter("sluice_plugin_restarts_total", "Times the instance was made again after a failure",
                    number(source.restarts), {{"instance", source.name}});
    metrics.counter("sluice_source_busy_total", "emit calls that found no room", number(source.busy), labels);
    for (const auto& [reason, count] : source.rejected) {
      metrics.counter("sluice_source_rejected_total", "Events refused at admission, by reason", number(count),
                      {{"source", source.name}, {"reason", reason}});
    }
  }
  for (const auto& consumer : picture.pipeline.consumers) {
    const Labels labels = {{"consumer", consumer.name}};
    metrics.gauge("sluice_plugin_running", "1 while the instance runs",
                  consumer.state == pipeline::RunState::kRunning ? 1 : 0, {{"instance", consumer.name}});
    metrics.counter("sluice_plugin_restarts_total", "Times the instance was made again after a failure",
                    number(consumer.restarts), {{"instance", consumer.name}});
    metrics.counter("sluice_consumer_events_total", "Events handed to the consumer and used", number(consumer.consumed),
                    labels);
    metrics.counter("sluice_consumer_published_total", "Events and rows the consumer gave out",
                    number(consumer.published), labels);
    metrics.counter("sluice_consumer_gap_events_total", "Input events known to be missing", number(consumer.gap_events),
                    labels);
    metrics.gauge("sluice_consumer_lag_records", "Records the consumer is behind", number(consumer.lag_records),
                  labels);
    for (const auto& [reason, count] : consumer.refused) {
      metrics.counter("sluice_consumer_refused_total", "Input refused, by reason", number(count),
                      {{"consumer", consumer.name}, {"reason", reason}});
    }
  }
}

}  // namespace

std::vector<Metric> metrics(const GatewayPicture& picture) {
  Metrics metrics;
  const JournalStats& journal = picture.pipeline.account.journal;
  add_streams(metrics, picture);
  add_instances(metrics, picture);
  metrics.gauge("sluice_journal_bytes", "Bytes the journal holds", number(journal.bytes));
  metrics.gauge("sluice_journal_capacity_bytes", "Bytes the journal may hold", number(journal.capacity_bytes));
  metrics.gauge("sluice_journal_segments", "Segments of the journal", number(journal.segments));
  metrics.counter("sluice_journal_full_total", "Appends that found no room", number(journal.full_refusals));
  metrics.gauge("sluice_journal_oldest_pending_seconds", "Age of the oldest event not yet delivered",
                seconds_since(journal.oldest_received_us, picture.wall_us));
  metrics.counter("sluice_kafka_producer_restarts_total", "Producers made anew after a fatal error",
                  number(picture.pipeline.account.producer_restarts));
  metrics.counter("sluice_dead_letters_total", "Dead letters written", number(picture.pipeline.dead_letters_written));
  metrics.counter("sluice_dead_letters_lost_total", "Dead letters that found no room",
                  number(picture.pipeline.dead_letters_lost));
  for (const auto& table : picture.pipeline.tables) {
    const Labels labels = {{"table", table.name}};
    metrics.gauge("sluice_table_rows", "Rows of the table", number(table.stats.rows), labels);
    metrics.gauge("sluice_table_bytes", "Bytes of the table's rows", number(table.stats.bytes), labels);
    metrics.counter("sluice_table_published_total", "Rows Kafka acknowledged", number(table.stats.published), labels);
    metrics.counter("sluice_table_evicted_total", "Rows given up for lack of room", number(table.stats.evicted),
                    labels);
  }
  metrics.gauge("sluice_build_info", "1; the labels say what runs", 1, {{"version", SLUICE_VERSION}});
  return metrics.take();
}

}  // namespace sluice::app
