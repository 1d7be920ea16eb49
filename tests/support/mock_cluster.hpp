#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::testing {

/// librdkafka's mock cluster inside the test program, with its fault switches. Codes are those of rd_kafka_resp_err_t.
/// Thread: any.
class MockCluster {
 public:
  static constexpr std::int16_t kProduce = 0;
  static constexpr std::int16_t kFetch = 1;
  static constexpr std::int16_t kMetadata = 3;
  static constexpr int kAllBrokers = -1;

  explicit MockCluster(int brokers = 1);
  ~MockCluster();
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  [[nodiscard]] std::string bootstrap_servers() const;
  void create_topic(const std::string& name, int partitions);
  void set_down(int broker = kAllBrokers);
  void set_up(int broker = kAllBrokers);
  void set_round_trip_ms(int round_trip_ms, int broker = kAllBrokers);
  void set_leader(const std::string& topic, int partition, int broker);
  /// The next `count` requests of this API are answered with `error`.
  void push_errors(std::int16_t api, int error, int count);
  void set_topic_error(const std::string& topic, int error);

 private:
  struct Handles;
  std::unique_ptr<Handles> handles_;
};

}  // namespace sluice::testing
