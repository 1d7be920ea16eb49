#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/child_process.hpp"

namespace sluice::e2e {

/// Everything that lies in a topic, read by a client that is not ours: kcat.
class Topic {
 public:
  struct Record {
    std::string_view key;
    int partition = 0;
    std::int64_t offset = 0;
    std::string_view value;
  };

  /// Reads to the end of each partition. Keys and values must be lines without tabs. Throws std::runtime_error with
  /// kcat's words when it fails.
  Topic(const test::TempFolder& folder, const std::string& bootstrap_servers, const std::string& name);

  /// Of each partition in the order of its offsets. Valid as long as this object.
  [[nodiscard]] const std::vector<Record>& records() const& { return records_; }
  const std::vector<Record>& records() && = delete;

 private:
  std::string text_;
  std::vector<Record> records_;
};

/// A configuration for the program's Kafka, without sources or consumers.
[[nodiscard]] std::string head(const test::TempFolder& folder, const std::string& bootstrap_servers,
                               const std::string& journal_max_bytes = "8MiB");

/// "{"id":ID,"key":"kKEY","value":ID.5,"text":"…"}", as the codec writes it too. Keys repeat every 1000.
[[nodiscard]] std::string order_line(std::int64_t id);
/// A file of order lines 0 … count - 1, and the schema beside it.
std::filesystem::path write_orders(const test::TempFolder& folder, std::int64_t count);
/// An ndjson source of that file, read once.
[[nodiscard]] std::string orders_source(const std::filesystem::path& file, const std::string& topic);

/// What is wrong with a topic that should hold the orders 0 … count - 1: lines changed, missing, out of their key's
/// order or in two partitions; `repeats` counts ids seen more than once. Empty: nothing.
std::string fault_of_orders(const Topic& topic, std::int64_t count, std::int64_t& repeats);

}  // namespace sluice::e2e
