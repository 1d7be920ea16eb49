#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.hpp"
#include "core/status.hpp"

namespace sluice::kafka {

struct BrokerTopic {
  std::string name;
  std::uint32_t partitions = 1;
};

/// "NAME:PARTITIONS", or "NAME" with one partition. kInvalid says what is wrong.
Result<BrokerTopic> parse_broker_topic(std::string_view text);

struct BrokerOptions {
  std::vector<BrokerTopic> topics;
  std::filesystem::path address_file{};  ///< empty: none
};

/// What the embedded broker keeps per partition; beyond it the oldest records go without a word.
inline constexpr std::uint64_t kBrokerRetentionBytes = 5ULL << 20U;

/// librdkafka's mock cluster in this process: one broker on a free loopback port, volatile, not for production. It may
/// abort the process when a socket fails, which is why the gateway runs it in a child. Thread: any.
class MockBroker {
 public:
  virtual ~MockBroker() = default;
  static Result<std::unique_ptr<MockBroker>> start(const std::vector<BrokerTopic>& topics, Log& log);
  [[nodiscard]] virtual std::string bootstrap_servers() const = 0;
};

/// `sluice broker`: starts a MockBroker, writes its address to the address file (complete or not at all) and gives it
/// to `on_ready`, then runs until `wait_for_stop` returns. The file is removed at the end.
Status run_broker(const BrokerOptions& options, Log& log, const std::function<void(const std::string&)>& on_ready,
                  const std::function<void()>& wait_for_stop);

}  // namespace sluice::kafka
