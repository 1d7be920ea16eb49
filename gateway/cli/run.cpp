#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "admin/admin_server.hpp"
#include "app/gateway.hpp"
#include "cli/command.hpp"
#include "cli/kafka_options.hpp"
#include "cli/loaded_config.hpp"
#include "cli/terminal.hpp"
#include "core/version.hpp"
#include "runtime/log.hpp"
#include "runtime/runtime.hpp"
#include "runtime/service.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kDoneCheckInterval{20};
constexpr std::chrono::seconds kSummaryInterval{5};

struct RunOptions {
  std::string config;
  std::vector<std::string> sets;
  std::string report;
  double duration_s = 0;
  bool is_until_done = false;
};

/// What ends a run: a signal, the time, or sources that have nothing more to give.
class StopRequest {
 public:
  void ask() {
    {
      const std::lock_guard lock(mutex_);
      is_asked_ = true;
    }
    changed_.notify_all();
  }
  /// True once asked; false when the limit passed first.
  bool wait_for(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return is_asked_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_asked_ = false;  // guarded by mutex_
};

void wait_for_end(const RunOptions& options, StopRequest& stop, const app::Gateway& gateway) {
  using Clock = std::chrono::steady_clock;
  const bool is_timed = options.duration_s > 0;
  const auto end = Clock::now() + std::chrono::microseconds(static_cast<std::int64_t>(options.duration_s * 1e6));
  while (true) {
    std::chrono::milliseconds wait = options.is_until_done ? kDoneCheckInterval : std::chrono::milliseconds(3'600'000);
    if (is_timed) wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()));
    if (stop.wait_for(wait)) return;
    if (is_timed && Clock::now() >= end) return;
    if (options.is_until_done && gateway.is_done()) return;
  }
}

std::string count_text(const Json& count) { return with_thousands(count.get<std::uint64_t>()); }

/// The closing account, for a person.
void print_account(const Json& report) {
  const Json& events = report.at("events");
  std::string dropped;
  std::uint64_t dropped_events = 0;
  for (const auto& [reason, count] : events.at("dropped").items()) {
    dropped += " " + reason + "=" + count.dump();
    dropped_events += count.get<std::uint64_t>();
  }
  std::printf("\nclosing account\n");
  std::printf("  accepted %s + recovered %s = delivered %s + pending %s + dropped %s%s; unaccounted %s\n\n",
              count_text(events.at("accepted")).c_str(), count_text(events.at("recovered")).c_str(),
              count_text(events.at("delivered")).c_str(), count_text(events.at("pending")).c_str(),
              with_thousands(dropped_events).c_str(), dropped.c_str(), events.at("unaccounted").dump().c_str());
  TextTable streams({"  stream", "topic", "accepted", "delivered"});
  for (const auto& [name, stream] : report.at("streams").items()) {
    if (stream.at("accepted") == 0) continue;
    streams.add({"  " + name, stream.at("topic").get<std::string>(), count_text(stream.at("accepted")),
                 count_text(stream.at("delivered"))});
  }
  if (!streams.empty()) streams.print(stdout);
  TextTable consumers({"  consumer", "consumed", "published", "lag"});
  for (const auto& [name, consumer] : report.at("consumers").items()) {
    consumers.add({"  " + name, count_text(consumer.at("consumed")), count_text(consumer.at("published")),
                   count_text(consumer.at("lag"))});
  }
  if (!consumers.empty()) {
    std::printf("\n");
    consumers.print(stdout);
  }
  std::fflush(stdout);
}

int write_report(const std::string& path, const std::string& report) {
  if (path.empty()) return kDone;
  std::ofstream file(path, std::ios::trunc);
  file << report << '\n';
  file.flush();
  if (file) return kDone;
  std::fprintf(stderr, "error: report %s could not be written\n", path.c_str());
  return kFailed;
}

void print_addresses(const config::Config& config, const app::Gateway& gateway, const admin::AdminServer* admin) {
  const std::string servers = gateway.bootstrap_servers();
  if (config.kafka.is_embedded) {
    std::printf("broker  %s  (embedded, volatile; look inside with: kcat -b %s -L)\n", servers.c_str(),
                servers.c_str());
  } else {
    std::printf("broker  %s\n", servers.c_str());
  }
  if (admin != nullptr) {
    const bool is_ipv6 = config.admin.host.find(':') != std::string::npos;
    const std::string address =
        (is_ipv6 ? "[" + config.admin.host + "]" : config.admin.host) + ":" + std::to_string(admin->port());
    std::printf("status  http://%s  (or: sluice status --address %s)\n", address.c_str(), address.c_str());
  }
  std::fflush(stdout);
}

Result<std::unique_ptr<admin::AdminServer>> open_admin_server(const config::Config& config, runtime::Runtime& runtime,
                                                              app::Gateway& gateway, Log& log) {
  admin::AdminAddress address;
  address.host = config.admin.host;
  address.port = config.admin.port;
  address.extra_hosts = config.admin.hosts;
  auto server = admin::AdminServer::open(runtime, address, gateway, log);
  if (!server) {
    return server.status().with_context("admin.listen " + address.host + ":" + std::to_string(address.port));
  }
  return server;
}

/// Everything between "ready" and the closing account.
int run_gateway(const RunOptions& options, const LoadedConfig& loaded) {
  const SystemClock clock;
  const std::unique_ptr<Log> log = runtime::make_log(loaded.config.log.level);
  const runtime::ServiceManager service;
  runtime::Runtime runtime;
  StopRequest stop;

  auto opened = app::Gateway::open({loaded.config, loaded.plugins, loaded.binding, *log, clock});
  if (!opened) return report_error(opened.status());
  std::unique_ptr<app::Gateway> gateway = std::move(*opened);

  std::unique_ptr<admin::AdminServer> admin;
  if (loaded.config.admin.is_enabled) {
    auto server = open_admin_server(loaded.config, runtime, *gateway, *log);
    if (!server) return report_error(server.status());
    admin = std::move(*server);
  }
  Status status = runtime.watch_signals([&stop] { stop.ask(); }, [] { std::_Exit(kFailed); });
  if (status.ok()) status = runtime.start();
  if (status.ok()) status = gateway->start();
  if (!status.ok()) {
    (void)report_error(status);
    gateway->stop();
    return kFailed;
  }
  if (!gateway->is_durable()) log->info("journal", "mode memory: events live as long as this process, durable: false");
  print_addresses(loaded.config, *gateway, admin.get());
  service.ready();
  runtime.every(kSummaryInterval, [&] { service.status(gateway->summary()); });
  service.keep_watchdog_fed(runtime, [&] { return gateway->has_progress(); });

  wait_for_end(options, stop, *gateway);

  service.stopping();
  const app::GatewayStop stopped = gateway->stop();
  const std::string report = gateway->status_json();
  print_account(Json::parse(report));
  const int exit_code = write_report(options.report, report);
  if (!stopped.unstopped.empty()) {
    for (const std::string& name : stopped.unstopped)
      std::fprintf(stderr, "error: instance '%s' ignored its stop and was left behind\n", name.c_str());
    std::fflush(nullptr);
    std::_Exit(kFailed);  // its thread still runs; nothing it may touch can be destroyed
  }
  if (admin) admin->close();
  runtime.stop();
  return exit_code;
}

int run_command(const RunOptions& options) {
  const auto loaded = load_config(options.config, options.sets);
  return loaded ? run_gateway(options, *loaded) : kUsage;
}

}  // namespace

void add_run(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("run", "Run a gateway until SIGINT, SIGTERM or --duration");
  auto options = std::make_shared<RunOptions>();
  command->add_option("CONFIG", options->config, "Configuration file")->required();
  command->add_option("--duration", options->duration_s, "End after so many seconds; 0: never")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--until-done", options->is_until_done,
                    "End when every source has given all it has and all of it is delivered");
  command->add_option("--set", options->sets, "KEY=VALUE over the file's value, may be repeated")
      ->allow_extra_args(false);
  command->add_option("--report", options->report, "Write the closing account to this file, as JSON");
  command->callback([options, &exit_code] { exit_code = run_command(*options); });
}

}  // namespace sluice::cli
