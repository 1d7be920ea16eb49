#include "support/kafka_cluster.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include "support/wait_until.hpp"

namespace sluice::testing {
namespace {

constexpr std::chrono::seconds kStartCeiling{60};
constexpr std::size_t kLogTailBytes = 4'000;

std::string script() { return std::string(SLUICE_TEST_SUPPORT_DIR) + "/kafka.sh"; }

std::filesystem::path libs() {
  if (const char* given = std::getenv("SLUICE_KAFKA_LIBS"); given != nullptr) return given;
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr ? "/" : home) / ".cache/sluice/kafka-4.1.1/libs";
}

std::filesystem::path new_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "sluice-kafka-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  return name;
}

std::string tail(const std::string& text) {
  return text.size() <= kLogTailBytes ? text : text.substr(text.size() - kLogTailBytes);
}

}  // namespace

std::string KafkaCluster::why_missing() {
  if (std::system("command -v java >/dev/null 2>&1") != 0) {
    return "java is missing (apt install openjdk-17-jre-headless)";
  }
  if (!std::filesystem::exists(libs() / ".complete")) {
    return "no jars in " + libs().string() + " (tests/support/kafka.sh fetch)";
  }
  return "";
}

KafkaCluster& KafkaCluster::start(int nodes) {
  static std::unique_ptr<KafkaCluster> cluster;
  if (cluster == nullptr || static_cast<int>(cluster->nodes_.size()) != nodes) {
    cluster.reset();  // two clusters at once would be too much for a small machine
    cluster = std::make_unique<KafkaCluster>(nodes);
  }
  return *cluster;
}

KafkaCluster::KafkaCluster(int nodes)
    : folder_(new_folder()), starts_(static_cast<std::size_t>(nodes)), nodes_(static_cast<std::size_t>(nodes)) {
  test::ChildProcess format({.arguments = {script(), "format", folder_.string(), std::to_string(nodes)},
                             .output_dir = folder_,
                             .name = "format",
                             .environment = {},
                             .input = {}});
  const auto exit = format.wait(kStartCeiling);
  if (!exit || exit->code != 0) throw std::runtime_error("kafka.sh format: " + tail(format.standard_error()));
  bootstrap_servers_ = test::read_file(folder_ / "bootstrap");
  bootstrap_servers_.resize(bootstrap_servers_.find_last_not_of('\n') + 1);
  for (int node = 1; node <= nodes; ++node) spawn(node);
  for (int node = 1; node <= nodes; ++node) await(node);
}

KafkaCluster::~KafkaCluster() {
  for (auto& node : nodes_) node.reset();  // killed: nothing in it is of use any more
  if (::testing::UnitTest::GetInstance()->Failed()) {
    std::cerr << "logs of Kafka: " << folder_ << '\n';
    return;
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void KafkaCluster::spawn(int node) {
  const auto index = static_cast<std::size_t>(node - 1);
  const std::string name = "node" + std::to_string(node) + "-start" + std::to_string(++starts_[index]);
  nodes_[index] = std::make_unique<test::ChildProcess>(
      test::ChildProcess::Options{.arguments = {script(), "run", folder_.string(), std::to_string(node)},
                                  .output_dir = folder_,
                                  .name = name,
                                  .environment = {},
                                  .input = {}});
}

std::string KafkaCluster::log_of(int node) const {
  return nodes_[static_cast<std::size_t>(node - 1)]->standard_error();
}

void KafkaCluster::await(int node) {
  auto& process = *nodes_[static_cast<std::size_t>(node - 1)];
  wait_until([&] { return !process.is_running() || log_of(node).find("Kafka Server started") != std::string::npos; },
             kStartCeiling);
  if (log_of(node).find("Kafka Server started") == std::string::npos) {
    throw std::runtime_error("Kafka node " + std::to_string(node) + " does not start: " + tail(log_of(node)));
  }
}

void KafkaCluster::kill_node(int node) {
  auto& process = *nodes_[static_cast<std::size_t>(node - 1)];
  process.signal(SIGKILL);
  (void)process.wait();
}

void KafkaCluster::start_node(int node) {
  spawn(node);
  await(node);
}

void KafkaCluster::pause_node(int node) { nodes_[static_cast<std::size_t>(node - 1)]->signal(SIGSTOP); }
void KafkaCluster::resume_node(int node) { nodes_[static_cast<std::size_t>(node - 1)]->signal(SIGCONT); }

}  // namespace sluice::testing
