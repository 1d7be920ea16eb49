#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>

#include "app/binding.hpp"
#include "app/gateway.hpp"
#include "app/plugin_set.hpp"
#include "cli/command.hpp"
#include "cli/kafka_options.hpp"
#include "cli/printing_host.hpp"
#include "cli/stop_signals.hpp"
#include "cli/terminal.hpp"
#include "codec/codec.hpp"
#include "runtime/log.hpp"

namespace sluice::cli {
namespace {

constexpr std::chrono::milliseconds kDoneCheckInterval{20};

struct SimulateOptions {
  std::string plugin;
  std::vector<std::filesystem::path> plugin_path;
  std::optional<std::string> mode;
  std::optional<std::string> rate;
  std::optional<std::string> events;
  std::optional<std::string> duration;
  std::optional<std::string> seed;
  std::optional<std::string> profile;
  std::vector<std::string> options;
  std::string format = "json";
  std::string bootstrap;
  std::string topic;
};

/// A folder for the state of one run, removed with everything in it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-simulate-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

config::RawValue untyped(const std::string& text) {
  config::RawValue value;
  value.value = text;
  value.is_untyped = true;
  return value;
}

/// "5" is five seconds, as for `sluice run`; "5s" or "2m" say it themselves.
std::string with_unit(const std::string& duration) {
  return duration.find_first_not_of("0123456789.") == std::string::npos ? duration + "s" : duration;
}

/// One source, as a configuration. Options the plugin has not are errors of bind_config, as in a file.
Result<config::Config> make_config(const SimulateOptions& options, const PluginInfo& plugin) {
  config::Config config;
  config.gateway.name = "simulate";
  config.admin.is_enabled = false;
  config.kafka.bootstrap_servers = options.bootstrap;
  config.kafka.is_embedded = false;
  config::SourceSettings source;
  source.name = "simulate";
  source.plugin = options.plugin;
  source.is_required = true;
  const std::pair<const char*, const std::optional<std::string>*> named[] = {{"mode", &options.mode},
                                                                             {"rate", &options.rate},
                                                                             {"events", &options.events},
                                                                             {"seed", &options.seed},
                                                                             {"profile", &options.profile}};
  for (const auto& [name, value] : named) {
    if (*value) source.options[name] = untyped(**value);
  }
  if (options.duration) source.options["duration"] = untyped(with_unit(*options.duration));
  for (const std::string& option : options.options) {
    const std::size_t equals = option.find('=');
    if (equals == std::string::npos || equals == 0)
      return Status(Code::kInvalid, "option '" + option + "', expected key=value");
    source.options[option.substr(0, equals)] = untyped(option.substr(equals + 1));
  }
  for (const StreamDeclaration& stream : plugin.streams) {
    config::StreamSettings& settings = source.streams[stream.name];
    settings.format = options.format == "protobuf" ? Format::kProtobuf : Format::kJson;
    if (!options.topic.empty()) settings.topic = options.topic;
  }
  config.sources.push_back(std::move(source));
  return config;
}

std::uint64_t total_events(const app::Binding& binding) {
  const app::BoundInstance& source = binding.sources.front();
  for (std::size_t i = 0; i < source.options.size(); ++i) {
    if (source.plugin.options[i].name == "events" && source.options[i].is_set)
      return static_cast<std::uint64_t>(source.options[i].integer);
  }
  return 0;
}

int print_events(const SimulateOptions& options, const app::PluginSet& plugins, const app::Binding& binding, Log& log) {
  const app::BoundInstance& bound = binding.sources.front();
  std::vector<std::unique_ptr<StreamCodec>> codecs;
  PrintingHost::Options host_options;
  for (const auto& id : bound.out_ids) {
    if (!id) {
      host_options.codecs.push_back(nullptr);
      continue;
    }
    auto codec = codec::make_stream_codec(binding.streams[*id]);
    if (!codec) return report_error(codec.status());
    codecs.push_back(std::move(*codec));
    host_options.codecs.push_back(codecs.back().get());
  }
  host_options.is_json = options.format == "json";

  StopSignals signals;
  SimulatedClock simulated_clock;
  const SystemClock system_clock;
  const bool is_repeatable = options.seed && *options.seed != "0";
  host_options.wait = [&](std::int64_t duration_us) {
    if (is_repeatable) simulated_clock.advance(duration_us);
    return signals.wait_for(std::chrono::ceil<std::chrono::milliseconds>(std::chrono::microseconds(duration_us)));
  };
  const bool shows_progress = ::isatty(STDOUT_FILENO) == 0;  // on a terminal the events themselves are the progress
  ProgressBar progress("simulate", total_events(binding));
  host_options.on_progress = [&](std::uint64_t printed) {
    if (shows_progress) progress.update(printed, system_clock.monotonic_us());
  };
  const Clock& clock = is_repeatable ? static_cast<const Clock&>(simulated_clock) : system_clock;
  PrintingHost host(std::move(host_options), clock, log);

  auto loaded = plugins.find(options.plugin);
  plugin::CreateArgs args;
  args.instance = "simulate";
  args.values = bound.options;
  args.streams = bound.streams;
  auto instance = loaded->create_source(std::move(args), host);
  if (!instance) return report_error(instance.status());
  const Status status = (*instance)->run();
  std::fflush(stdout);
  return status.ok() ? kDone : report_error(status);
}

int send_events(const SimulateOptions& options, const app::PluginSet& plugins, config::Config& config,
                const app::Binding& binding, Log& log) {
  const ScratchFolder scratch;
  config.gateway.state_dir = scratch.path();
  const SystemClock clock;
  StopSignals signals;
  auto gateway = app::Gateway::open({config, plugins, binding, log, clock});
  if (!gateway) return report_error(gateway.status());
  if (Status status = (*gateway)->start(); !status.ok()) {
    (*gateway)->stop();
    return report_error(status);
  }
  ProgressBar progress("simulate", total_events(binding));
  while (!signals.wait_for(kDoneCheckInterval) && !(*gateway)->is_done()) {
    progress.update((*gateway)->delivered(), clock.monotonic_us());
  }
  const app::GatewayStop stopped = (*gateway)->stop();
  std::fprintf(stderr, "%s events delivered to %s, %s not delivered\n", with_thousands((*gateway)->delivered()).c_str(),
               options.bootstrap.c_str(), with_thousands(stopped.not_delivered).c_str());
  return stopped.not_delivered == 0 ? kDone : kFailed;
}

int run_simulate(const SimulateOptions& options) {
  const std::unique_ptr<Log> log = runtime::make_log(options.bootstrap.empty() ? LogLevel::kWarning : LogLevel::kInfo);
  config::Config folders;
  folders.gateway.plugin_path = options.plugin_path;
  const app::PluginSet plugins = app::PluginSet::load({options.plugin}, app::plugin_folders(folders));
  auto loaded = plugins.find(options.plugin);
  if (!loaded) return report_error(Status(Code::kInvalid, loaded.status().text()));
  Result<config::Config> config = make_config(options, loaded->info());
  if (!config) return report_error(config.status());
  config::Diagnostics diagnostics;
  const app::Binding binding = app::bind_config(*config, plugins, diagnostics);
  for (const config::Diagnostic& diagnostic : diagnostics.all())
    std::fprintf(stderr, "%s\n", diagnostic.to_string().c_str());
  if (diagnostics.has_errors()) return kUsage;
  if (options.bootstrap.empty()) return print_events(options, plugins, binding, *log);
  return send_events(options, plugins, *config, binding, *log);
}

}  // namespace

void add_simulate(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("simulate", "Run one source plugin: print its events, or send them to Kafka");
  auto options = std::make_shared<SimulateOptions>();
  command->add_option("PLUGIN", options->plugin, "Name of the source plugin")->required();
  command->add_option("--mode", options->mode, "continuous or burst");
  command->add_option("--rate", options->rate, "Events per second (continuous)");
  command->add_option("--events", options->events, "How many (burst), or after how many to end (continuous)");
  command->add_option("--duration", options->duration, "End after this time: seconds, or with a unit such as 2m");
  command->add_option("--seed", options->seed, "Same seed, same bytes; the clock then begins at 2025-01-01T00:00:00Z");
  command->add_option("--profile", options->profile, "compat or realistic");
  command->add_option("-o,--option", options->options, "An option of the plugin, key=value; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--format", options->format, "json, or protobuf (printed as base64)")
      ->check(CLI::IsMember({"json", "protobuf"}))
      ->capture_default_str();
  command->add_option("--bootstrap", options->bootstrap, "Send to this cluster instead of printing");
  command->add_option("--topic", options->topic, "Topic to send to, instead of the plugin's own")->needs("--bootstrap");
  command->add_option("--plugin-path", options->plugin_path, "Folder with plugins");
  command->callback([options, &exit_code] { exit_code = run_simulate(*options); });
}

}  // namespace sluice::cli
