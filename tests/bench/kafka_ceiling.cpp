// What librdkafka alone does, as a process of its own, so that it is measured like every other program.
//   kafka_ceiling produce BOOTSTRAP TOPIC PARTITIONS COUNT PAYLOADS   payloads: a file of one per line
//   kafka_ceiling consume BOOTSTRAP TOPIC PARTITIONS COUNT
#include "kafka_ceiling.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>

namespace {

int run(const std::vector<std::string>& arguments) {
  using namespace sluice::bench;
  if (arguments.size() == 6 && arguments[0] == "produce") {
    std::vector<std::string> lines;
    std::ifstream file(arguments[5]);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    if (lines.empty()) throw std::runtime_error("no payloads");
    const std::vector<std::string_view> payloads(lines.begin(), lines.end());
    raw_produce(arguments[1], arguments[2], std::stoi(arguments[3]), payloads, std::stoull(arguments[4]));
    return 0;
  }
  if (arguments.size() == 5 && arguments[0] == "consume") {
    raw_consume(arguments[1], arguments[2], std::stoi(arguments[3]), std::stoull(arguments[4]));
    return 0;
  }
  std::fputs("usage: kafka_ceiling produce|consume BOOTSTRAP TOPIC PARTITIONS COUNT [PAYLOADS]\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "kafka_ceiling: %s\n", e.what());
    return 1;
  }
}
