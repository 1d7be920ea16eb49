#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/log.hpp"
#include "core/status.hpp"
#include "kafka/bootstrap.hpp"
#include "kafka/mock_broker.hpp"

namespace sluice::kafka {

struct EmbeddedBrokerSettings {
  /// Run as `executable broker --address-file FILE --topic NAME:PARTITIONS ...`.
  std::filesystem::path executable;
  std::filesystem::path address_file;
  std::vector<BrokerTopic> topics;
  std::chrono::milliseconds start_timeout{10'000};
};

/// The mock broker as a child of this process. It cannot outlive us; when it dies, a new one, empty and on another
/// port, is started after 100 ms, 200 ms, ... 10 s, and Bootstrap::move_to tells the clients. Volatile: it keeps
/// kBrokerRetentionBytes per partition and nothing over a restart.
/// Thread: any. A thread of its own starts and watches the child (the kernel kills the child when that thread ends).
class EmbeddedBroker {
 public:
  /// Returns once the first child listens. kTimeout, kIo: it did not start; the text says why.
  static Result<std::unique_ptr<EmbeddedBroker>> start(const EmbeddedBrokerSettings& settings, Log& log);
  /// Kills the child and waits for it.
  virtual ~EmbeddedBroker() = default;

  /// Moves with each restart.
  [[nodiscard]] virtual std::shared_ptr<const Bootstrap> bootstrap() const = 0;
  /// A uuid drawn at each start of the child: a position is only good with the incarnation it was taken from.
  [[nodiscard]] virtual std::string incarnation() const = 0;
  [[nodiscard]] virtual std::uint64_t restarts() const = 0;
  [[nodiscard]] virtual bool is_running() const = 0;
  /// The child's process id, 0 while there is none.
  [[nodiscard]] virtual int pid() const = 0;
};

}  // namespace sluice::kafka
