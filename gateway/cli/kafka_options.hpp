#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kafka/admin.hpp"
#include "kafka/client_settings.hpp"

namespace CLI {
class App;
}

namespace sluice::cli {

/// --bootstrap and -X: how the broker commands reach a cluster.
struct KafkaOptions {
  std::string bootstrap = "localhost:9092";
  std::vector<std::string> properties;  ///< "name=value"
  std::chrono::milliseconds timeout{10'000};
};

void add_kafka_options(CLI::App& command, KafkaOptions& options);

/// kInvalid names the property that is wrong.
Result<kafka::ClientSettings> client_settings(const KafkaOptions& options);
Result<std::unique_ptr<kafka::Admin>> open_admin(const KafkaOptions& options, Log& log);

/// Prints "error: TEXT" and gives the exit code that fits.
int report_error(const Status& status);

}  // namespace sluice::cli
