#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/ports.hpp"
#include "kafka/admin.hpp"
#include "kafka/producer.hpp"
#include "kafka/subscription.hpp"
#include "support/kafka_cluster.hpp"
#include "support/recording_log.hpp"
#include "support/wait_until.hpp"

namespace sluice::kafka {

using std::chrono::milliseconds;
using testing::KafkaCluster;
using testing::RecordingLog;
using testing::wait_until;

constexpr milliseconds kTimeout{20'000};

inline ClientSettings settings_for(const KafkaCluster& cluster) {
  ClientSettings settings;
  settings.bootstrap = std::make_shared<Bootstrap>(cluster.bootstrap_servers());
  return settings;
}

inline std::unique_ptr<Admin> admin_for(const KafkaCluster& cluster, Log& log) {
  Result<std::unique_ptr<Admin>> admin = Admin::open(settings_for(cluster), log);
  EXPECT_TRUE(admin.ok()) << admin.status().text();
  return std::move(*admin);
}

inline std::unique_ptr<Subscription> subscription_for(const SubscriptionSettings& settings, Log& log) {
  Result<std::unique_ptr<Subscription>> subscription = open_subscription(settings, log);
  EXPECT_TRUE(subscription.ok()) << subscription.status().text();
  return std::move(*subscription);
}

/// Sends numbered records "KEY|NUMBER" with keys "key0".."key9" in turn to the keys' partitions, and collects reports.
class NumberedLoad final : public DeliverySink {
 public:
  static constexpr std::uint32_t kKeys = 10;

  NumberedLoad(const KafkaCluster& cluster, const std::string& topic, std::uint32_t partitions, std::uint32_t count,
               Log& log)
      : status_(count, kPending) {
    Result<std::unique_ptr<Producer>> producer = make_producer(settings_for(cluster), log);
    EXPECT_TRUE(producer.ok()) << producer.status().text();
    producer_ = std::move(*producer);
    producer_->set_sink(this);
    topic_ = *producer_->open_topic(topic, partitions);
    for (std::uint32_t i = 0; i < kKeys; ++i) keys_.push_back("key" + std::to_string(i));
    for (std::uint32_t i = 0; i < count; ++i) values_.push_back(keys_[i % kKeys] + "|" + std::to_string(i));
  }

  /// Hands over what there is room for and serves reports.
  void step() {
    for (int i = 0; i < 200 && next_ < values_.size(); ++i) {
      const std::string& key = keys_[next_ % kKeys];
      const ProduceRecord record{.key = key, .value = values_[next_], .tag = next_};
      const std::int32_t partition = partition_of_key(key, producer_->partition_count(topic_));
      if (producer_->produce(topic_, partition, {&record, 1}).taken == 0) break;
      ++next_;
    }
    producer_->poll(milliseconds(next_ == values_.size() ? 5 : 0));
  }
  [[nodiscard]] bool is_done() const { return delivered_ + failed_ == values_.size(); }
  [[nodiscard]] std::size_t delivered() const { return delivered_; }
  [[nodiscard]] std::size_t failed() const { return failed_; }
  [[nodiscard]] Producer& producer() { return *producer_; }

  void on_delivered(std::uint32_t tag) override {
    EXPECT_EQ(status_[tag], kPending);
    status_[tag] = kDelivered;
    ++delivered_;
  }
  void on_failed(std::uint32_t tag, std::string_view reason, bool) override {
    ADD_FAILURE() << tag << " failed: " << reason;
    ++failed_;
  }

 private:
  enum : char { kPending, kDelivered };
  std::vector<std::string> keys_;
  std::vector<std::string> values_;
  std::vector<char> status_;
  std::size_t delivered_ = 0;
  std::size_t failed_ = 0;
  std::uint32_t next_ = 0;
  TopicId topic_ = 0;
  std::unique_ptr<Producer> producer_;
};

/// What came out of the topics: each number once, and per key in rising order.
struct NumberedResult {
  std::map<std::string, std::vector<std::uint32_t>> by_key;
  std::size_t records = 0;

  void read_from(Subscription& subscription, std::size_t count) {
    std::vector<TopicRecord> batch(2'000);
    wait_until([&] {
      const Result<std::size_t> got = subscription.poll(batch, milliseconds(50));
      for (std::size_t i = 0; got.ok() && i < *got; ++i) {
        const std::string value(batch[i].value);
        by_key[std::string(batch[i].key)].push_back(
            static_cast<std::uint32_t>(std::stoul(value.substr(value.find('|') + 1))));
        ++records;
      }
      return records >= count;
    });
  }
  void expect_each_once_in_order(std::uint32_t count) const {
    EXPECT_EQ(records, count);
    for (std::uint32_t key = 0; key < NumberedLoad::kKeys; ++key) {
      const auto found = by_key.find("key" + std::to_string(key));
      ASSERT_NE(found, by_key.end());
      ASSERT_EQ(found->second.size(), count / NumberedLoad::kKeys);
      for (std::uint32_t i = 0; i < found->second.size(); ++i) {
        ASSERT_EQ(found->second[i], i * NumberedLoad::kKeys + key);
      }
    }
  }
};

}  // namespace sluice::kafka
