#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kafka/bootstrap.hpp"

namespace sluice::kafka {

class RetentionGuard;

/// What every Kafka client of the process is made from. Immutable once shared; the objects pointed to are thread-safe.
struct ClientSettings {
  std::shared_ptr<const Bootstrap> bootstrap;  ///< required
  std::string client_id = "sluice";
  std::map<std::string, std::string> properties;    ///< of [kafka.properties]; check_properties() found them good
  bool is_embedded = false;                         ///< the cluster is our own mock broker: short fetch waits
  std::shared_ptr<RetentionGuard> retention_guard;  ///< with the embedded broker; else null
};

struct PropertyError {
  std::string name;  ///< the property at fault
  std::string text;  ///< what is wrong, what was expected; never a secret's value
};

/// Checks names and values of [kafka.properties] by librdkafka's own answer, and refuses what would break a promise of
/// the gateway (weaker acknowledgement, properties it sets itself). Empty: all good. Thread: any.
[[nodiscard]] std::vector<PropertyError> check_properties(const std::map<std::string, std::string>& properties);

/// The version of the librdkafka that runs, such as "2.0.2".
[[nodiscard]] std::string library_version();

}  // namespace sluice::kafka
