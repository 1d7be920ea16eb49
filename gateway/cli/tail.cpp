#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/manifest.hpp"
#include "app/plugin_set.hpp"
#include "cli/command.hpp"
#include "cli/kafka_options.hpp"
#include "cli/loaded_config.hpp"
#include "cli/stop_signals.hpp"
#include "cli/terminal.hpp"
#include "codec/codec.hpp"
#include "kafka/subscription.hpp"
#include "runtime/log.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kBatch = 256;
constexpr std::chrono::milliseconds kPollWait{100};
constexpr std::array<const char*, 6> kColours = {"\x1b[36m", "\x1b[33m", "\x1b[35m",
                                                 "\x1b[32m", "\x1b[34m", "\x1b[31m"};
constexpr const char* kReset = "\x1b[0m";

struct TailOptions {
  KafkaOptions kafka;
  std::vector<std::string> topics;
  std::string config;
  std::uint64_t max = 0;
  bool from_beginning = false;
  bool is_json = false;
};

/// Turns the records of one topic into JSON text. What is not JSON needs a schema: that of the configuration's stream
/// of this topic, or of the plugin here that writes to it by default; looked up at the first such record.
class TopicText {
 public:
  TopicText(std::string topic, const app::Binding* binding) : topic_(std::move(topic)), binding_(binding) {}

  std::string text_of(std::string_view value) {
    // White space before it could be Protobuf as well: the decoder finds out.
    if (value.starts_with('{')) return std::string(value);
    if (!decoder_) decoder_ = make_decoder();
    buffer_.clear();
    const Status status = decoder_->decode(value, buffer_, facts_);
    if (status.ok()) return std::string(buffer_.view());
    return Json{{"undecodable", status.text()}, {"bytes", value.size()}}.dump();
  }

 private:
  std::unique_ptr<RecordDecoder> make_decoder() const {
    codec::DecoderSpec spec;
    spec.wants_json = true;
    if (binding_ != nullptr) {
      for (const Stream& stream : binding_->streams) {
        if (stream.topic == topic_) spec.schema = stream.schema;
      }
    } else {
      for (const app::ManifestEntry& entry : app::manifest(app::plugin_folders({}))) {
        for (const StreamDeclaration& stream : entry.info.streams) {
          if (stream.topic != topic_ || stream.message.empty()) continue;
          spec.schema = std::make_shared<const SchemaSource>(SchemaSource{entry.info.descriptor_set, stream.message});
        }
      }
    }
    auto decoder = codec::make_record_decoder(spec);
    if (decoder) return std::move(*decoder);
    codec::DecoderSpec raw;
    raw.wants_json = true;
    return std::move(*codec::make_record_decoder(raw));
  }

  const std::string topic_;
  const app::Binding* binding_;
  std::unique_ptr<RecordDecoder> decoder_;
  Buffer buffer_;
  EventFacts facts_;
};

void print_record(const TailOptions& options, const TopicRecord& record, const std::string& text) {
  const std::string& topic = options.topics[record.topic];
  if (options.is_json) {
    Json value = Json::parse(text, nullptr, false);
    if (value.is_discarded()) value = text;
    const Json line = {{"topic", topic},
                       {"partition", record.partition},
                       {"offset", record.offset},
                       {"timestamp_us", record.timestamp_us},
                       {"key", std::string(record.key)},
                       {"value", record.is_tombstone ? Json(nullptr) : std::move(value)}};
    std::printf("%s\n", line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    return;
  }
  const bool is_coloured = has_colours(stdout);
  std::printf("%s%s%s %d:%lld %.*s %s\n", is_coloured ? kColours[record.topic % kColours.size()] : "", topic.c_str(),
              is_coloured ? kReset : "", record.partition, static_cast<long long>(record.offset),
              static_cast<int>(record.key.size()), record.key.data(), record.is_tombstone ? "(deleted)" : text.c_str());
}

int run_tail(const TailOptions& options) {
  std::unique_ptr<LoadedConfig> loaded;
  if (!options.config.empty()) {
    loaded = load_config(options.config, {});
    if (!loaded) return kUsage;
  }
  Result<kafka::ClientSettings> client = client_settings(options.kafka);
  if (!client) return report_error(client.status());
  StopSignals signals;
  const std::unique_ptr<Log> log = runtime::make_log(LogLevel::kWarning);
  kafka::SubscriptionSettings settings;
  settings.client = std::move(*client);
  settings.topics = options.topics;
  settings.start = options.from_beginning ? kafka::StartOffset::kEarliest : kafka::StartOffset::kLatest;
  auto subscription = kafka::open_subscription(settings, *log);
  if (!subscription) return report_error(subscription.status());

  std::deque<TopicText> texts;
  for (const std::string& topic : options.topics) texts.emplace_back(topic, loaded ? &loaded->binding : nullptr);
  std::vector<TopicRecord> records(kBatch);
  std::uint64_t printed = 0;
  while (!signals.wait_for(std::chrono::milliseconds(0))) {
    Result<std::size_t> count = (*subscription)->poll(records, kPollWait);
    if (!count && count.status().code() != Code::kUnavailable) return report_error(count.status());
    for (std::size_t i = 0; count && i < *count; ++i) {
      const TopicRecord& record = records[i];
      print_record(options, record, record.is_tombstone ? "" : texts[record.topic].text_of(record.value));
      if (++printed == options.max) return kDone;
    }
    std::fflush(stdout);
  }
  return kDone;
}

}  // namespace

void add_tail(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("tail", "Follow topics");
  auto options = std::make_shared<TailOptions>();
  command->add_option("TOPIC", options->topics, "Topics to follow")->required();
  command->add_flag("--from-beginning", options->from_beginning, "Begin at the first record kept");
  command->add_option("--max", options->max, "End after N records");
  command->add_flag("--json", options->is_json,
                    "One JSON object per record, with topic, partition, offset, key and value");
  command->add_option("--config", options->config, "Configuration whose streams say what the topics carry");
  add_kafka_options(*command, options->kafka);
  command->callback([options, &exit_code] { exit_code = run_tail(*options); });
}

}  // namespace sluice::cli
