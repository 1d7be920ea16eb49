#pragma once

/// The most librdkafka gives on this machine, measured in the same run as our own road: produce_batch with an explicit
/// partition, and consume_batch_queue that only counts. Both verify their counts; a mismatch throws.

#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

constexpr std::chrono::minutes kConsumeCeiling{5};

struct Ceiling {
  std::uint64_t events = 0;
  double cpu_ns_per_event = 0;  ///< user + system of the whole process
  double wall_seconds = 0;
};

using Properties = std::map<std::string, std::string>;

/// Measures the process between its construction and stop().
class CpuMeter {
 public:
  CpuMeter() : cpu_s_(cpu()), wall_(std::chrono::steady_clock::now()) {}
  [[nodiscard]] Ceiling stop(std::uint64_t events) const {
    return {events, (cpu() - cpu_s_) * 1e9 / static_cast<double>(events),
            std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_).count()};
  }

 private:
  static double cpu() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  double cpu_s_;
  std::chrono::steady_clock::time_point wall_;
};

namespace detail {

inline rd_kafka_conf_t* conf_of(const Properties& properties) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size()) != RD_KAFKA_CONF_OK) {
      throw std::runtime_error(error.data());
    }
  }
  return conf;
}

inline rd_kafka_t* client_of(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
  std::array<char, 512> error{};
  rd_kafka_t* client = rd_kafka_new(type, conf, error.data(), error.size());
  if (client == nullptr) throw std::runtime_error(error.data());
  return client;
}

struct Reported {
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;
};

}  // namespace detail

/// Sends `count` records with the payloads in turn, without key, 256 to a partition in turn. The default properties are
/// the gateway's own.
inline Ceiling raw_produce(const std::string& bootstrap, const std::string& topic, int partitions,
                           std::span<const std::string_view> payloads, std::uint64_t count,
                           Properties properties = {}) {
  for (const auto& [name, value] : Properties{{"bootstrap.servers", bootstrap},
                                              {"enable.idempotence", "true"},
                                              {"acks", "all"},
                                              {"linger.ms", "20"},
                                              {"socket.nagle.disable", "true"},
                                              {"queue.buffering.max.messages", "10000"},
                                              {"queue.buffering.max.kbytes", "16384"}}) {
    properties.try_emplace(name, value);
  }
  constexpr std::size_t kBatch = 256;
  detail::Reported reported;
  rd_kafka_conf_t* conf = detail::conf_of(properties);
  rd_kafka_conf_set_opaque(conf, &reported);
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto& counts = *static_cast<detail::Reported*>(opaque);
    ++(message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? counts.delivered : counts.failed);
  });
  rd_kafka_t* client = detail::client_of(RD_KAFKA_PRODUCER, conf);
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  std::array<rd_kafka_message_t, kBatch> batch{};

  const CpuMeter meter;
  std::uint64_t sent = 0;
  std::size_t payload = 0;
  int partition = 0;
  while (sent < count) {
    const std::size_t size = std::min<std::uint64_t>(kBatch, count - sent);
    for (std::size_t i = 0; i < size; ++i) {
      batch[i].payload = const_cast<char*>(payloads[payload].data());
      batch[i].len = payloads[payload].size();
      if (++payload == payloads.size()) payload = 0;
    }
    for (std::size_t taken = 0; taken < size;) {
      taken += static_cast<std::size_t>(
          rd_kafka_produce_batch(handle, partition, 0, batch.data() + taken, static_cast<int>(size - taken)));
      rd_kafka_poll(client, taken < size ? 1 : 0);
    }
    sent += size;
    partition = (partition + 1) % partitions;
  }
  while (reported.delivered + reported.failed < count) rd_kafka_poll(client, 10);
  const Ceiling result = meter.stop(count);
  rd_kafka_topic_destroy(handle);
  rd_kafka_destroy(client);
  if (reported.delivered != count) throw std::runtime_error("raw_produce: records failed");
  return result;
}

/// Reads partitions 0..partitions-1 of the topic from the beginning and counts until `count` (or a batch more) came;
/// `bytes` is added up so that every value is touched at least by its length. The prefetch limit is lifted, as a bare
/// loop would have it.
inline Ceiling raw_consume(const std::string& bootstrap, const std::string& topic, int partitions, std::uint64_t count,
                           Properties properties = {}) {
  properties.try_emplace("bootstrap.servers", bootstrap);
  properties.try_emplace("enable.auto.offset.store", "false");
  properties.try_emplace("queued.min.messages", "1000000");
  properties.try_emplace("queued.max.messages.kbytes", "1000000");
  rd_kafka_t* client = detail::client_of(RD_KAFKA_CONSUMER, detail::conf_of(properties));
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  std::vector<rd_kafka_message_t*> batch(2'000);

  const CpuMeter meter;
  for (int partition = 0; partition < partitions; ++partition) {
    rd_kafka_consume_start_queue(handle, partition, RD_KAFKA_OFFSET_BEGINNING, queue);
  }
  std::uint64_t read = 0;
  std::uint64_t bytes = 0;
  const auto deadline = std::chrono::steady_clock::now() + kConsumeCeiling;
  while (read < count && std::chrono::steady_clock::now() < deadline) {
    const ssize_t got = rd_kafka_consume_batch_queue(queue, 10, batch.data(), batch.size());
    for (ssize_t i = 0; i < got; ++i) {
      if (batch[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++read;
        bytes += batch[i]->len;
      }
      rd_kafka_message_destroy(batch[i]);
    }
  }
  const Ceiling result = meter.stop(read);
  for (int partition = 0; partition < partitions; ++partition) rd_kafka_consume_stop(handle, partition);
  rd_kafka_topic_destroy(handle);
  rd_kafka_queue_destroy(queue);
  rd_kafka_destroy(client);
  if (read < count || bytes == 0) throw std::runtime_error("raw_consume: records are missing");
  return result;
}

}  // namespace sluice::bench
