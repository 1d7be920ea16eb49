#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::bench {

/// The broker's side of a bench: topics that exist, what lies in them. Errors throw std::runtime_error. Thread: one.
class Topics {
 public:
  explicit Topics(const std::string& bootstrap);

  /// A new topic whose files go soon after its deletion.
  void create(const std::string& name, int partitions);
  void remove(const std::string& name);
  /// Records in all partitions, by their watermarks.
  [[nodiscard]] std::uint64_t count(const std::string& name, int partitions);
  /// The first values of partition 0.
  [[nodiscard]] std::vector<std::string> first_values(const std::string& name, std::size_t limit);

 private:
  struct Close {
    void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  };
  std::unique_ptr<rd_kafka_t, Close> client_;
};

/// Sees the next record of a topic's partition 0 arrive: the fetch waits at the broker before anything is measured.
class Arrival {
 public:
  Arrival(const std::string& bootstrap, const std::string& topic);
  ~Arrival();
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;
  /// Returns when it has come; throws after 30 s.
  void wait();

 private:
  rd_kafka_t* client_;
  rd_kafka_topic_t* topic_;
};

}  // namespace sluice::bench
