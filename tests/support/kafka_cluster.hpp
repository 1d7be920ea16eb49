#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/child_process.hpp"

namespace sluice::testing {

/// A real Apache Kafka of one or three nodes on 127.0.0.1, made by kafka.sh. It dies with the test program; its folder
/// is kept (and named on standard error) when a test failed. Thread: the program's main thread (the kernel ties the
/// nodes to it).
class KafkaCluster {
 public:
  /// Why a real Kafka cannot run here ("java is missing ..."); empty when it can.
  static std::string why_missing();

  /// The program's cluster, started at the first call and shared by its tests: topic and group names are the test's
  /// own. Throws std::runtime_error with the node's last log lines when it does not start.
  static KafkaCluster& start(int nodes);

  explicit KafkaCluster(int nodes);
  ~KafkaCluster();
  KafkaCluster(const KafkaCluster&) = delete;
  KafkaCluster& operator=(const KafkaCluster&) = delete;

  [[nodiscard]] const std::string& bootstrap_servers() const { return bootstrap_servers_; }

  /// Nodes count from 1, as in Kafka's own broker ids.
  void kill_node(int node);   ///< kill -9, and waits for its end
  void start_node(int node);  ///< after kill_node; returns once it serves
  void pause_node(int node);  ///< SIGSTOP
  void resume_node(int node);

 private:
  void spawn(int node);
  void await(int node);
  [[nodiscard]] std::string log_of(int node) const;

  std::filesystem::path folder_;
  std::string bootstrap_servers_;
  std::vector<int> starts_;  ///< per node, for the names of its logs
  std::vector<std::unique_ptr<test::ChildProcess>> nodes_;
};

}  // namespace sluice::testing

/// In a test's body: skips it with the reason where no real Kafka can run; with CI=true that is a failure.
#define SLUICE_REQUIRE_KAFKA()                                                                \
  if (const std::string why = ::sluice::testing::KafkaCluster::why_missing(); !why.empty()) { \
    if (const char* ci = std::getenv("CI"); ci != nullptr && std::string(ci) == "true") {     \
      FAIL() << "real Kafka is required in CI: " << why;                                      \
    }                                                                                         \
    GTEST_SKIP() << "NO REAL KAFKA: " << why;                                                 \
  }                                                                                           \
  static_assert(true)
