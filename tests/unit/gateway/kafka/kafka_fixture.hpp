#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/ports.hpp"
#include "kafka/client_settings.hpp"
#include "kafka/producer.hpp"
#include "kafka/subscription.hpp"
#include "support/mock_cluster.hpp"
#include "support/recording_log.hpp"
#include "support/wait_until.hpp"

namespace sluice::kafka {

using std::chrono::milliseconds;
using testing::MockCluster;
using testing::RecordingLog;
using testing::wait_until;

inline ClientSettings settings_for(const std::string& bootstrap_servers) {
  ClientSettings settings;
  settings.bootstrap = std::make_shared<Bootstrap>(bootstrap_servers);
  settings.is_embedded = true;
  return settings;
}

struct Reports final : DeliverySink {
  std::vector<std::uint32_t> delivered;
  std::map<std::uint32_t, std::string> failed;
  std::map<std::uint32_t, bool> is_permanent;

  void on_delivered(std::uint32_t tag) override { delivered.push_back(tag); }
  void on_failed(std::uint32_t tag, std::string_view reason, bool permanent) override {
    failed[tag] = reason;
    is_permanent[tag] = permanent;
  }
  [[nodiscard]] std::size_t count() const { return delivered.size() + failed.size(); }
};

inline std::unique_ptr<Producer> producer_for(const ClientSettings& settings, Reports& reports, Log& log) {
  Result<std::unique_ptr<Producer>> producer = make_producer(settings, log);
  EXPECT_TRUE(producer.ok()) << producer.status().text();
  (*producer)->set_sink(&reports);
  return std::move(*producer);
}

inline bool poll_until_reported(Producer& producer, const Reports& reports, std::size_t count) {
  return wait_until([&] {
    producer.poll(milliseconds(10));
    return reports.count() >= count;
  });
}

struct ReadRecord {
  std::uint32_t topic = 0;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string value;
  bool is_tombstone = false;
};

/// Polls until `count` records came (or the ceiling).
inline std::vector<ReadRecord> read_records(Subscription& subscription, std::size_t count,
                                            milliseconds ceiling = std::chrono::seconds(30)) {
  std::vector<ReadRecord> read;
  std::vector<TopicRecord> batch(1'000);
  wait_until(
      [&] {
        const Result<std::size_t> got = subscription.poll(batch, milliseconds(20));
        for (std::size_t i = 0; got.ok() && i < *got; ++i) {
          const TopicRecord& r = batch[i];
          read.push_back({r.topic, r.partition, r.offset, std::string(r.key), std::string(r.value), r.is_tombstone});
        }
        return read.size() >= count;
      },
      ceiling);
  return read;
}

inline std::unique_ptr<Subscription> subscription_for(const SubscriptionSettings& settings, Log& log) {
  Result<std::unique_ptr<Subscription>> subscription = open_subscription(settings, log);
  EXPECT_TRUE(subscription.ok()) << subscription.status().text();
  return std::move(*subscription);
}

}  // namespace sluice::kafka
