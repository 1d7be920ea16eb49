#include "app/gateway.hpp"

#include <sys/stat.h>

#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "app/account_json.hpp"
#include "app/instance_specs.hpp"
#include "app/manifest.hpp"
#include "app/topic_gate.hpp"
#include "codec/codec.hpp"
#include "journal/memory_journal.hpp"
#include "kafka/admin.hpp"
#include "kafka/embedded_broker.hpp"
#include "kafka/producer.hpp"
#include "kafka/retention_guard.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/breadcrumb.hpp"
#include "plugin/quarantine.hpp"

namespace sluice::app {
namespace {

// How memory_limit is divided; the process itself needs about a quarter at 64 MiB.
constexpr std::uint64_t kJournalShare = 8;   // 1/8: what is admitted and not delivered
constexpr std::uint64_t kTableShare = 16;    // 1/16: rows of tables
constexpr std::uint64_t kPrefetchShare = 8;  // 1/8: fetched ahead for all consumers
constexpr std::uint64_t kFlightShare = 4;    // 1/4: encoded and handed to the Kafka client

constexpr std::chrono::milliseconds kTopicTimeout{3'000};

}  // namespace

struct Gateway::Impl {
  explicit Impl(const GatewayParts& the_parts) : parts(the_parts) {}

  Status open();
  Status open_state();
  Status open_broker();
  Status open_codecs();
  Status open_journal();
  Status open_pipeline();
  Result<std::vector<std::string>> ensure_topics();
  GatewayPicture picture() const;

  const GatewayParts parts;
  std::unique_ptr<plugin::Quarantine> quarantine;
  std::unique_ptr<kafka::EmbeddedBroker> broker;
  std::shared_ptr<kafka::RetentionGuard> retention_guard;
  kafka::ClientSettings client;
  std::vector<std::unique_ptr<StreamCodec>> codecs;  // by StreamId
  std::unique_ptr<journal::MemoryJournal> journal;
  std::unique_ptr<GatedProducer> producer;
  InstanceDecoders decoders;
  std::unique_ptr<pipeline::Pipeline> pipeline;
  std::unique_ptr<TopicSetup> topics;

  std::atomic<bool> is_stopping{false};
  std::mutex progress_mutex;
  std::map<std::string, pipeline::Progress> last_progress;  // guarded by progress_mutex
};

Status Gateway::Impl::open() {
  using Step = Status (Impl::*)();
  for (const Step step :
       {&Impl::open_state, &Impl::open_broker, &Impl::open_codecs, &Impl::open_journal, &Impl::open_pipeline}) {
    if (Status status = (this->*step)(); !status.ok()) return status;
  }
  return {};
}

Status Gateway::Impl::open_state() {
  const std::filesystem::path& folder = parts.config.gateway.state_dir;
  std::error_code error;
  std::filesystem::create_directories(folder / "state", error);
  if (error) {
    return {Code::kIo,
            "state_dir " + folder.string() + ": " + error.message() + ", expected a folder this user may write to"};
  }
  ::chmod((folder / "state").c_str(), 0700);
  auto opened = plugin::Quarantine::open(folder, parts.clock);
  if (!opened) return opened.status().with_context("state_dir " + folder.string());
  quarantine = std::move(*opened);
  for (const plugin::breadcrumb::Crumb& crumb : quarantine->last_crash()) {
    parts.log.warning("plugin", "the last run ended badly: instance '" + crumb.instance + "' was " + crumb.to_string());
  }
  plugin::breadcrumb::install_crash_handler();
  return {};
}

Status Gateway::Impl::open_broker() {
  client.client_id = "sluice-" + parts.config.gateway.name;
  client.properties = parts.config.kafka.properties;
  client.is_embedded = parts.config.kafka.is_embedded;
  if (!client.is_embedded) {
    client.bootstrap = std::make_shared<const kafka::Bootstrap>(parts.config.kafka.bootstrap_servers);
    return {};
  }
  kafka::EmbeddedBrokerSettings settings;
  settings.executable = own_executable();
  settings.address_file = parts.config.gateway.state_dir / "embedded.bootstrap";
  for (const TopicNeed& need : parts.binding.topics) settings.topics.push_back({need.name, need.partitions});
  auto started = kafka::EmbeddedBroker::start(settings, parts.log);
  if (!started) return started.status().with_context("embedded broker");
  broker = std::move(*started);
  client.bootstrap = broker->bootstrap();
  retention_guard = std::make_shared<kafka::RetentionGuard>();
  client.retention_guard = retention_guard;
  return {};
}

Status Gateway::Impl::open_codecs() {
  for (const Stream& stream : parts.binding.streams) {
    auto codec = codec::make_stream_codec(stream);
    if (!codec) return codec.status().with_context("stream '" + stream.name + "' of '" + stream.owner + "'");
    codecs.push_back(std::move(*codec));
  }
  return {};
}

Status Gateway::Impl::open_journal() {
  journal::MemoryJournal::Options options;
  const std::uint64_t configured = parts.config.journal.max_bytes;
  options.budget_bytes = configured != 0 ? configured : parts.config.gateway.memory_limit_bytes / kJournalShare;
  std::map<std::string, std::uint32_t> owners = {{"sluice", 0}};
  for (const Stream& stream : parts.binding.streams) {
    options.owner_of_stream.push_back(
        owners.try_emplace(stream.owner, static_cast<std::uint32_t>(owners.size())).first->second);
  }
  journal = std::make_unique<journal::MemoryJournal>(std::move(options), parts.clock);
  return {};
}

Status Gateway::Impl::open_pipeline() {
  auto made = kafka::make_producer(client, parts.log);
  if (!made) return made.status().with_context("kafka producer");
  producer = std::make_unique<GatedProducer>(std::move(*made));

  SpecParts spec_parts{parts.config, parts.plugins, parts.binding, parts.log, client, *quarantine, codecs, decoders};
  spec_parts.prefetch_max_bytes = parts.config.gateway.memory_limit_bytes / kPrefetchShare /
                                  std::max<std::size_t>(1, parts.binding.consumers.size());
  spec_parts.cluster = [this] { return broker ? broker->incarnation() : client.bootstrap->servers(); };
  auto specs = make_instance_specs(spec_parts);
  if (!specs) return specs.status();

  pipeline::PipelineParts pipeline_parts{
      *journal, *producer, parts.binding.streams, {}, parts.binding.dead_letters, parts.clock, parts.log, 0, {}};
  for (const auto& codec : codecs) pipeline_parts.codecs.push_back(codec.get());
  pipeline_parts.table_budget_bytes = parts.config.gateway.memory_limit_bytes / kTableShare;
  pipeline_parts.forwarder.max_in_flight_bytes = parts.config.gateway.memory_limit_bytes / kFlightShare;
  pipeline = std::make_unique<pipeline::Pipeline>(std::move(pipeline_parts), std::move(specs->sources),
                                                  std::move(specs->consumers));
  return {};
}

Result<std::vector<std::string>> Gateway::Impl::ensure_topics() {
  auto admin = kafka::Admin::open(client, parts.log);
  if (!admin) return admin.status();
  std::vector<kafka::TopicSpec> specs;
  for (const TopicNeed& need : parts.binding.topics)
    specs.push_back({need.name, need.partitions, need.retention_ms, need.cleanup});
  return (*admin)->ensure_topics(specs, kTopicTimeout);
}

GatewayPicture Gateway::Impl::picture() const {
  GatewayPicture picture;
  picture.name = parts.config.gateway.name;
  picture.broker = {client.bootstrap->servers(), client.is_embedded};
  picture.is_durable = journal->is_durable();
  picture.wall_us = parts.clock.wall_us();
  picture.streams = &parts.binding.streams;
  picture.pipeline = pipeline->status();
  const auto tables = pipeline->tables().all();
  for (std::size_t i = 0; i < tables.size(); ++i) {
    picture.pipeline.tables[i].name = display_name(parts.binding.streams, tables[i]->stream());
  }
  picture.quarantine = quarantine->list();
  return picture;
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::open(const GatewayParts& parts) {
  auto impl = std::make_unique<Impl>(parts);
  if (Status status = impl->open(); !status.ok()) return status;
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Status Gateway::start() {
  if (impl_->broker) {
    impl_->producer->open();  // its topics were made with it
  } else {
    impl_->topics = std::make_unique<TopicSetup>([impl = impl_.get()] { return impl->ensure_topics(); },
                                                 [impl = impl_.get()] { impl->producer->open(); }, impl_->parts.log);
  }
  return impl_->pipeline->start();
}

GatewayStop Gateway::stop() {
  impl_->is_stopping = true;
  if (impl_->topics) impl_->topics->request_stop();  // its last try ends while the sources do
  const pipeline::StopReport report = impl_->pipeline->stop({});
  impl_->topics.reset();
  if (report.unstopped.empty()) {
    if (Status status = impl_->quarantine->mark_clean_exit(); !status.ok())
      impl_->parts.log.warning("plugin", status.text());
  }
  return {report.unstopped, report.not_delivered};
}

void Gateway::hurry() { impl_->pipeline->hurry(); }

std::string Gateway::bootstrap_servers() const { return impl_->client.bootstrap->servers(); }

bool Gateway::is_done() const {
  const pipeline::PipelineStatus status = impl_->pipeline->status();
  for (const auto& source : status.sources) {
    if (source.state != pipeline::RunState::kFinished) return false;
  }
  return status.account.total.pending == 0;
}

std::uint64_t Gateway::delivered() const { return impl_->pipeline->status().account.total.delivered; }

std::string Gateway::summary() const {
  const pipeline::EventAccount account = impl_->pipeline->status().account.total;
  return "accepted " + std::to_string(account.accepted) + ", delivered " + std::to_string(account.delivered) +
         ", pending " + std::to_string(account.pending) + ", to " + bootstrap_servers();
}

bool Gateway::has_progress() {
  const std::lock_guard lock(impl_->progress_mutex);
  bool has_all = true;
  for (const pipeline::Progress& now : impl_->pipeline->progress()) {
    pipeline::Progress& before = impl_->last_progress[now.name];
    if (now.must_advance && before.must_advance && now.advances == before.advances) has_all = false;
    before = now;
  }
  return has_all;
}

std::string Gateway::status_json() { return app::status_json(impl_->picture()); }
std::string Gateway::tables_json() { return app::tables_json(impl_->picture()); }
Result<std::string> Gateway::table_json(std::string_view name) {
  for (const auto& table : impl_->pipeline->tables().all()) {
    if (display_name(impl_->parts.binding.streams, table->stream()) == name) return table->to_json();
  }
  return Status(Code::kNotFound, "no table '" + std::string(name) + "'");
}
std::string Gateway::plugins_json() { return manifest_json(impl_->parts.plugins.infos()); }
Status Gateway::readiness() {
  if (impl_->is_stopping) return {Code::kClosed, "the gateway is stopping"};
  return impl_->pipeline->readiness();
}
bool Gateway::is_durable() const { return impl_->journal->is_durable(); }
std::vector<Metric> Gateway::metrics() { return app::metrics(impl_->picture()); }

}  // namespace sluice::app
