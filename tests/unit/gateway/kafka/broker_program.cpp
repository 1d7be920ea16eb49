// `test_broker broker --address-file F --topic NAME:PARTITIONS ...`: what EmbeddedBroker starts in its unit tests.
// A topic named "refuse" makes it exit with status 3.

#include <csignal>
#include <cstdio>
#include <string_view>

#include "kafka/mock_broker.hpp"

namespace {

class NoLog final : public sluice::Log {
 public:
  void write(sluice::LogLevel, std::string_view, std::string_view) override {}
};

}  // namespace

int main(int argc, char** argv) {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  sluice::kafka::BrokerOptions options;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::string_view(argv[i]) == "--address-file") options.address_file = argv[i + 1];
    if (std::string_view(argv[i]) != "--topic") continue;
    if (std::string_view(argv[i + 1]).starts_with("refuse")) return 3;
    sluice::Result<sluice::kafka::BrokerTopic> topic = sluice::kafka::parse_broker_topic(argv[i + 1]);
    if (!topic) return 2;
    options.topics.push_back(*topic);
  }
  NoLog log;
  const auto print = [](const std::string& address) { std::printf("%s\n", address.c_str()); };
  const auto wait = [&stop] {
    int signal = 0;
    sigwait(&stop, &signal);
  };
  return sluice::kafka::run_broker(options, log, print, wait).ok() ? 0 : 1;
}
