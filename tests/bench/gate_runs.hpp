#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/child_process.hpp"

namespace sluice::bench {

/// What one run of a program cost.
struct Cost {
  double cpu_s = 0;  ///< user + system of the whole process and of those it waited for
  double wall_s = 0;
  long peak_rss_kib = 0;
};

/// Where the programs under measurement lie.
struct Programs {
  std::filesystem::path build;

  [[nodiscard]] std::string sluice() const { return (build / "bin/sluice").string(); }
  [[nodiscard]] std::string ceiling() const { return (build / "bin/kafka_ceiling").string(); }
  [[nodiscard]] std::string codec_bench() const { return (build / "bin/codec_bench").string(); }
  [[nodiscard]] std::filesystem::path plugins() const { return build / "plugins"; }
  [[nodiscard]] std::filesystem::path bench_plugins() const { return build / "bench_plugins"; }
};

/// Runs a program to its end. Throws with its last words unless it exits with 0.
Cost run(const test::TempFolder& folder, const std::vector<std::string>& arguments);

/// The cost of a program that has ended.
Cost cost_of(const test::ChildProcess::Exit& exit, double wall_s);

/// A file of that configuration, with gateway, broker and journal filled in; `instances` is the rest of it.
std::filesystem::path write_config(const test::TempFolder& folder, const Programs& programs,
                                   const std::string& bootstrap, const std::string& instances);

/// A number of events the closing account of a gateway names, such as {"events", "delivered"}.
std::uint64_t account_of(const std::filesystem::path& report, const std::vector<std::string>& path);

/// Bytes of the file without symbols.
std::uintmax_t stripped_bytes(const test::TempFolder& folder, const std::filesystem::path& file);

double median(std::vector<double> values);

}  // namespace sluice::bench
