// The driver of `make bench`: one line per gate of docs/performance.md.
//   gates BUILD_DIR [--only S1,A1,...] [--rounds N]
// Both sides of a ratio run in turn, as processes of their own, on one broker; the figure is the median of the rounds'
// ratios. CPU is user + system of the whole process with its start and end. Counts are verified by the topics'
// watermarks and by the gateway's closing account: with one event missing the gate is void. Exits with 1 when one is
// short.

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "gate_runs.hpp"
#include "report.hpp"
#include "support/kafka_cluster.hpp"
#include "topics.hpp"

namespace sluice::bench {
namespace {

using std::to_string;
using SteadyClock = std::chrono::steady_clock;

constexpr int kPartitions = 3;
constexpr std::uint64_t kSourceEvents = 2'000'000;
constexpr std::uint64_t kLines = 1'000'000;
constexpr std::uint64_t kKeyedEvents = 2'000'000;
constexpr std::uint64_t kKeys = 1'000;
// An event a millisecond, windows of five minutes, stragglers of ten.
constexpr std::uint64_t kClosedWindows = (kKeyedEvents / 1'000 - 600) / 300;
constexpr std::uint64_t kPreparedEvents = 512;
constexpr int kStarts = 11;
constexpr const char* kStartTopic = "bench-start";
constexpr std::chrono::seconds kIdleTime{10};
constexpr std::uintmax_t kMegabyte = 1'000'000;

struct Options {
  Programs programs;
  std::set<std::string> only;
  int rounds = 5;
};

/// Costs of both sides, round by round.
struct Rounds {
  std::vector<double> ratios;  ///< ours over theirs, in CPU
  std::vector<double> ours_ns;
  std::vector<double> theirs_ns;
  std::vector<double> ours_rate;
  long peak_rss_kib = 0;

  void add(const Cost& ours, const Cost& theirs, std::uint64_t events) {
    const auto count = static_cast<double>(events);
    ratios.push_back(ours.cpu_s / theirs.cpu_s);
    ours_ns.push_back(ours.cpu_s * 1e9 / count);
    theirs_ns.push_back(theirs.cpu_s * 1e9 / count);
    ours_rate.push_back(count / ours.wall_s / 1e3);
    peak_rss_kib = std::max(peak_rss_kib, ours.peak_rss_kib);
  }
  [[nodiscard]] std::string detail(const char* theirs) const {
    std::ostringstream text;
    text.precision(0);
    text << std::fixed << "CPU per event: ours " << median(ours_ns) << " ns, " << theirs << " " << median(theirs_ns)
         << " ns; ours " << median(ours_rate) << " k/s";
    return text.str();
  }
};

class Bench {
 public:
  explicit Bench(Options options)
      : options_(std::move(options)), kafka_(1), bootstrap_(kafka_.bootstrap_servers()), topics_(bootstrap_) {
    add_machine_facts(report_);
    report_.set_fact("broker", "Apache Kafka 4.1.1, one node on the same machine, " + to_string(kPartitions) +
                                   " partitions, no compression, acks=all");
    report_.set_fact("rounds", to_string(options_.rounds) + ", interleaved, median of the ratios");
  }

  int run_all() {
    measure("S1", [this] { source_to_kafka(); });
    measure("S2", [this] { lines_to_kafka(); });
    measure("S5", [this] { codecs(); });
    measure("A1", [this] { windows(); });
    measure("M1", [this] { idle_memory(); });
    measure("T1", [this] { first_event(); });
    measure("T1", [this] { sizes(); });
    report_.write(options_.programs.build);
    return is_short_ ? 1 : 0;
  }

 private:
  void measure(const std::string& id, const std::function<void()>& body) {
    if (!options_.only.empty() && !options_.only.contains(id)) return;
    try {
      body();
    } catch (const std::exception& e) {
      is_short_ = true;
      report_.add_failure(id, e.what());
    }
  }

  void add(const Line& line) {
    is_short_ = is_short_ || !line.is_met();
    report_.add(line);
  }

  void check_count(const std::string& topic, std::uint64_t wanted) {
    const std::uint64_t there = topics_.count(topic, kPartitions);
    if (there != wanted) throw std::runtime_error("void: " + to_string(there) + " of " + to_string(wanted) + " events");
  }

  std::string new_topic() {
    const std::string topic = "bench-" + to_string(++topic_number_);
    topics_.create(topic, kPartitions);
    return topic;
  }

  static std::string out_stream(const std::string& topic, int partitions = kPartitions) {
    return "[source.streams.events]\ntopic = \"" + topic + "\"\npartitions = " + to_string(partitions) +
           "\nformat = \"json\"\n";
  }

  static std::string blast(const std::string& options, const std::string& topic, int partitions = kPartitions) {
    return "[[source]]\nname = \"blast\"\nplugin = \"bench_blast\"\noptions = { " + options + " }\n" +
           out_stream(topic, partitions);
  }

  static std::string windows_of(const std::string& topic, const std::string& group, std::uint64_t expected) {
    return "[[consumer]]\nname = \"windows\"\nplugin = \"bench_windows\"\ntopics = [\"" + topic + "\"]\ngroup = \"" +
           group + "\"\noptions = { expected = " + to_string(expected) + " }\n";
  }

  Cost run_gateway(const std::string& instances) {
    const auto config = write_config(folder_, options_.programs, bootstrap_, instances);
    return run(folder_, {options_.programs.sluice(), "run", config.string(), "--until-done", "--report",
                         (folder_ / "report").string()});
  }

  /// One run of the gateway into a topic of its own.
  Cost forward(const std::string& instances, const std::string& topic, std::uint64_t events) {
    const Cost cost = run_gateway(instances);
    check_count(topic, events);
    if (account_of(folder_ / "report", {"events", "delivered"}) != events)
      throw std::runtime_error("void: not delivered");
    return cost;
  }

  /// One run of librdkafka alone into a topic of its own.
  Cost produce(const std::string& topic, std::uint64_t events) {
    const Cost cost = run(folder_, {options_.programs.ceiling(), "produce", bootstrap_, topic, to_string(kPartitions),
                                    to_string(events), payloads().string()});
    check_count(topic, events);
    return cost;
  }

  /// The values that the gateway makes of the prepared events, one a line.
  std::filesystem::path payloads() {
    if (payloads_.empty()) {
      const std::string topic = "bench-payloads";
      topics_.create(topic, 1);
      run_gateway(blast("count = " + to_string(kPreparedEvents), topic, 1));
      std::string lines;
      for (const std::string& value : topics_.first_values(topic, kPreparedEvents)) lines += value + "\n";
      payload_bytes_ = lines.size() / kPreparedEvents - 1;
      payloads_ = folder_.write("payloads.ndjson", lines);
    }
    return payloads_;
  }

  void source_to_kafka() {
    payloads();
    Rounds rounds;
    for (int round = 0; round < options_.rounds; ++round) {
      const std::string ours = new_topic();
      const std::string theirs = new_topic();
      const Cost our_cost = forward(blast("count = " + to_string(kSourceEvents), ours), ours, kSourceEvents);
      rounds.add(our_cost, produce(theirs, kSourceEvents), kSourceEvents);
      topics_.remove(ours);
      topics_.remove(theirs);
    }
    add({.id = "S1",
         .what = "source to Kafka, JSON of " + to_string(payload_bytes_) + " B: raw produce / ours",
         .figure = 1 / median(rounds.ratios),
         .unit = "",
         .bound = Bound::kAtLeast,
         .gate = 0.55,
         .detail = rounds.detail("raw produce_batch")});
    add({.id = "M1",
         .what = "peak RSS of S1",
         .figure = static_cast<double>(rounds.peak_rss_kib) / 1024,
         .unit = "MiB",
         .bound = Bound::kAtMost,
         .gate = 64,
         .detail = "memory_limit's default"});
  }

  void lines_to_kafka() {
    const std::string block = test::read_file(payloads());
    const auto file = folder_ / "lines.ndjson";
    {
      std::ofstream out(file, std::ios::binary);
      std::uint64_t lines = 0;
      for (; lines + kPreparedEvents <= kLines; lines += kPreparedEvents) out << block;
      std::istringstream rest(block);
      for (std::string line; lines < kLines && std::getline(rest, line); ++lines) out << line << '\n';
    }
    Rounds rounds;
    for (int round = 0; round < options_.rounds; ++round) {
      const std::string ours = new_topic();
      const std::string theirs = new_topic();
      const Cost our_cost =
          forward("[[source]]\nname = \"lines\"\nplugin = \"ndjson\"\noptions = { path = [\"" + file.string() +
                      "\"], follow = false }\n" + out_stream(ours) + "schema = \"" + SLUICE_BENCH_SOURCE_DIR +
                      "/plugins/codec_bench.proto\"\nmessage = \"codec_bench.Event\"\ntime = \"timestamp\"\n",
                  ours, kLines);
      const Cost their_cost = run(folder_, {"kcat", "-P", "-b", bootstrap_, "-t", theirs, "-l", file.string()});
      check_count(theirs, kLines);
      rounds.add(our_cost, their_cost, kLines);
      topics_.remove(ours);
      topics_.remove(theirs);
    }
    std::filesystem::remove(file);
    add({.id = "S2",
         .what = "NDJSON file, parsed and checked, to Kafka: ours / kcat",
         .figure = median(rounds.ratios),
         .unit = "",
         .bound = Bound::kAtMost,
         .gate = 2,
         .detail = rounds.detail("kcat -P -l")});
  }

  void codecs() {
    test::ChildProcess process({.arguments = {options_.programs.codec_bench()},
                                .output_dir = folder_.path(),
                                .name = "codecs",
                                .environment = {},
                                .input = {}});
    if (!process.wait(std::chrono::minutes(2))) throw std::runtime_error("codec_bench does not end");
    static const std::regex kLine(R"(S5 (.*\S)\s+ours +(\S+) ns, theirs +(\S+) ns; ratio (\S+), gate ([0-9.]+):.*)");
    std::istringstream lines(process.standard_output());
    bool is_any = false;
    for (std::string line; std::getline(lines, line);) {
      std::smatch found;
      if (!std::regex_match(line, found, kLine)) continue;
      is_any = true;
      add({.id = "S5",
           .what = found[1],
           .figure = std::stod(found[2]) / std::stod(found[3]),
           .unit = "",
           .bound = Bound::kAtMost,
           .gate = std::stod(found[5]),
           .detail = "ours " + found[2].str() + " ns, theirs " + found[3].str() + " ns"});
    }
    if (!is_any) throw std::runtime_error("codec_bench: " + process.standard_error());
  }

  void windows() {
    const std::string topic = new_topic();
    forward(blast("count = " + to_string(kKeyedEvents) + ", users = " + to_string(kKeys) + ", keyed = true", topic),
            topic, kKeyedEvents);
    topics_.create("bench-windows", kPartitions);
    Rounds rounds;
    for (int round = 0; round < options_.rounds; ++round) {
      const auto config = write_config(folder_, options_.programs, bootstrap_,
                                       windows_of(topic, "bench-" + to_string(round), kKeyedEvents));
      const Cost ours =
          run(folder_, {options_.programs.sluice(), "run", config.string(), "--report", (folder_ / "report").string()});
      const std::uint64_t consumed = account_of(folder_ / "report", {"consumers", "windows", "consumed"});
      const std::uint64_t published = account_of(folder_ / "report", {"consumers", "windows", "published"});
      // Anything beyond the rows would be dead letters.
      const std::uint64_t delivered = account_of(folder_ / "report", {"events", "delivered"});
      if (consumed != kKeyedEvents || published != kClosedWindows * kKeys || delivered != published) {
        throw std::runtime_error("void: " + to_string(consumed) + " consumed, " + to_string(published) + " rows, " +
                                 to_string(delivered) + " delivered");
      }
      const Cost theirs = run(folder_, {options_.programs.ceiling(), "consume", bootstrap_, topic,
                                        to_string(kPartitions), to_string(kKeyedEvents)});
      rounds.add(ours, theirs, kKeyedEvents);
    }
    topics_.remove(topic);
    add({.id = "A1",
         .what = "Kafka to windows of 5 min, 1000 keys: consume and count / ours",
         .figure = 1 / median(rounds.ratios),
         .unit = "",
         .bound = Bound::kAtLeast,
         .gate = 0.55,
         .detail = rounds.detail("raw consume_batch_queue")});
    add({.id = "M1",
         .what = "peak RSS of A1",
         .figure = static_cast<double>(rounds.peak_rss_kib) / 1024,
         .unit = "MiB",
         .bound = Bound::kAtMost,
         .gate = 64,
         .detail = "with librdkafka's fetch queue"});
  }

  void idle_memory() {
    const std::string topic = new_topic();
    const auto config =
        write_config(folder_, options_.programs, bootstrap_,
                     blast("count = 0, users = 1, interval = \"1s\"", topic) + windows_of(topic, "bench-idle", 0));
    test::ChildProcess gateway({.arguments = {options_.programs.sluice(), "run", config.string()},
                                .output_dir = folder_.path(),
                                .name = "idle",
                                .environment = {},
                                .input = {}});
    std::this_thread::sleep_for(kIdleTime);
    const double idle_mib = static_cast<double>(gateway.rss_kib()) / 1024;
    gateway.signal(SIGTERM);
    const auto exit = gateway.wait();
    if (!exit || exit->code != 0 || idle_mib == 0)
      throw std::runtime_error("the gateway ended: " + gateway.standard_error());
    add({.id = "M1",
         .what = "idle RSS: one source, one consumer, real broker",
         .figure = idle_mib,
         .unit = "MiB",
         .bound = Bound::kAtMost,
         .gate = 16,
         .detail = "after " + to_string(kIdleTime.count()) + " s at one event a second"});
  }

  double seconds_to_first_event(const std::function<std::vector<std::string>(const std::string&)>& arguments) {
    Arrival arrival(bootstrap_, kStartTopic);
    const std::vector<std::string> command = arguments(kStartTopic);
    const auto begin = SteadyClock::now();
    test::ChildProcess process(
        {.arguments = command, .output_dir = folder_.path(), .name = "first", .environment = {}, .input = {}});
    arrival.wait();
    const double seconds = std::chrono::duration<double>(SteadyClock::now() - begin).count();
    process.signal(SIGTERM);
    (void)process.wait();
    return seconds;
  }

  void first_event() {
    payloads();
    // A first record makes the topic's log, so that neither side pays for that.
    topics_.create(kStartTopic, 1);
    run(folder_, {options_.programs.ceiling(), "produce", bootstrap_, kStartTopic, "1", "1", payloads_.string()});
    std::vector<double> ours;
    std::vector<double> theirs;
    std::vector<double> ratios;
    for (int round = 0; round < kStarts; ++round) {
      ours.push_back(1e3 * seconds_to_first_event([this](const std::string& topic) -> std::vector<std::string> {
                       const auto config =
                           write_config(folder_, options_.programs, bootstrap_, blast("count = 1", topic, 1));
                       return {options_.programs.sluice(), "run", config.string()};
                     }));
      theirs.push_back(1e3 * seconds_to_first_event([this](const std::string& topic) -> std::vector<std::string> {
                         return {options_.programs.ceiling(), "produce", bootstrap_, topic, "1", "1",
                                 payloads_.string()};
                       }));
      ratios.push_back(ours.back() / theirs.back());
    }
    std::ostringstream detail;
    detail.precision(1);
    detail << std::fixed << "ours " << median(ours) << " ms, bare producer " << median(theirs) << " ms, wall clock";
    add({.id = "T1",
         .what = "start to first acknowledged event: ours / bare producer",
         .figure = median(ratios),
         .unit = "",
         .bound = Bound::kAtMost,
         .gate = 8,
         .detail = detail.str()});
  }

  void sizes() {
    add({.id = "T1",
         .what = "sluice, stripped",
         .figure = static_cast<double>(stripped_bytes(folder_, options_.programs.sluice())) / double{kMegabyte},
         .unit = "MB",
         .bound = Bound::kAtMost,
         .gate = 3});
    std::uintmax_t largest = 0;
    std::string name;
    for (const auto& entry : std::filesystem::directory_iterator(options_.programs.plugins())) {
      if (entry.path().extension() != ".so") continue;
      const std::uintmax_t bytes = stripped_bytes(folder_, entry.path());
      if (bytes > largest) name = entry.path().filename();
      largest = std::max(largest, bytes);
    }
    add({.id = "T1",
         .what = "largest plugin, stripped",
         .figure = static_cast<double>(largest) / 1e3,
         .unit = "kB",
         .bound = Bound::kAtMost,
         .gate = 300,
         .detail = name});
  }

  const Options options_;
  test::TempFolder folder_;
  testing::KafkaCluster kafka_;
  const std::string bootstrap_;
  Topics topics_;
  Report report_;
  int topic_number_ = 0;
  bool is_short_ = false;
  std::filesystem::path payloads_;
  std::size_t payload_bytes_ = 0;
};

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool has_value = i + 1 < arguments.size();
    if (arguments[i] == "--only" && has_value) {
      std::istringstream ids(arguments[++i]);
      for (std::string id; std::getline(ids, id, ',');) options.only.insert(id);
    } else if (arguments[i] == "--rounds" && has_value) {
      options.rounds = std::max(1, std::atoi(arguments[++i].c_str()));
    } else if (options.programs.build.empty()) {
      options.programs.build = std::filesystem::absolute(arguments[i]);
    } else {
      throw std::runtime_error("usage: gates BUILD_DIR [--only S1,A1,...] [--rounds N]");
    }
  }
  if (!std::filesystem::exists(options.programs.sluice()))
    throw std::runtime_error("no bin/sluice in the build folder");
  return options;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  try {
    const std::string why = sluice::testing::KafkaCluster::why_missing();
    if (!why.empty()) throw std::runtime_error("real Kafka is needed: " + why);
    return sluice::bench::Bench(sluice::bench::parse({argv + 1, argv + argc})).run_all();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "gates: %s\n", e.what());
    return 2;
  }
}
