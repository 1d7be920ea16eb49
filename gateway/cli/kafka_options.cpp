#include "cli/kafka_options.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/command.hpp"

namespace sluice::cli {

void add_kafka_options(CLI::App& command, KafkaOptions& options) {
  command.add_option("-b,--bootstrap", options.bootstrap, "HOST:PORT[,HOST:PORT] of the cluster")
      ->envname("KAFKA_BOOTSTRAP_SERVERS")
      ->capture_default_str();
  command.add_option("-X,--property", options.properties, "A librdkafka property, NAME=VALUE; may be repeated")
      ->allow_extra_args(false);
}

Result<kafka::ClientSettings> client_settings(const KafkaOptions& options) {
  kafka::ClientSettings settings;
  settings.bootstrap = std::make_shared<const kafka::Bootstrap>(options.bootstrap);
  for (const std::string& property : options.properties) {
    const std::size_t equals = property.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Status(Code::kInvalid, "property '" + property + "', expected NAME=VALUE");
    }
    settings.properties[property.substr(0, equals)] = property.substr(equals + 1);
  }
  const auto errors = kafka::check_properties(settings.properties);
  if (!errors.empty()) return Status(Code::kInvalid, "property '" + errors.front().name + "': " + errors.front().text);
  return settings;
}

Result<std::unique_ptr<kafka::Admin>> open_admin(const KafkaOptions& options, Log& log) {
  Result<kafka::ClientSettings> settings = client_settings(options);
  if (!settings) return settings.status();
  return kafka::Admin::open(*settings, log);
}

int report_error(const Status& status) {
  std::fprintf(stderr, "error: %s\n", status.text().c_str());
  return status.code() == Code::kInvalid ? kUsage : kFailed;
}

}  // namespace sluice::cli
