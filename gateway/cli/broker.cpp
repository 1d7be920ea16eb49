#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/command.hpp"
#include "cli/kafka_options.hpp"
#include "cli/stop_signals.hpp"
#include "kafka/mock_broker.hpp"
#include "runtime/log.hpp"

namespace sluice::cli {
namespace {

struct BrokerCommand {
  std::vector<std::string> topics;
  std::filesystem::path address_file;
};

int run_command(const BrokerCommand& command) {
  kafka::BrokerOptions options;
  options.address_file = command.address_file;
  for (const std::string& text : command.topics) {
    Result<kafka::BrokerTopic> topic = kafka::parse_broker_topic(text);
    if (!topic) return report_error(topic.status());
    options.topics.push_back(std::move(*topic));
  }
  StopSignals signals;
  const std::unique_ptr<Log> log = runtime::make_log(LogLevel::kWarning);
  const Status status = kafka::run_broker(
      options, *log,
      [](const std::string& address) {
        std::printf("%s\n", address.c_str());
        std::fflush(stdout);
      },
      [&signals] { signals.wait(); });
  return status.ok() ? kDone : report_error(status);
}

}  // namespace

void add_broker(CLI::App& root, int& exit_code) {
  CLI::App* command =
      root.add_subcommand("broker", "The embedded broker alone: volatile, loopback only, for demos and tests");
  auto options = std::make_shared<BrokerCommand>();
  command->add_option("--topic", options->topics, "NAME:PARTITIONS, may be repeated")->allow_extra_args(false);
  command->add_option("--address-file", options->address_file, "Also write HOST:PORT to this file once it listens");
  command->callback([options, &exit_code] { exit_code = run_command(*options); });
}

}  // namespace sluice::cli
