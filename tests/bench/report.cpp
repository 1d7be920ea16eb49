#include "report.hpp"

#include <librdkafka/rdkafka.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

namespace sluice::bench {
namespace {

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
  return text;
}

std::string with_unit(double value, const std::string& unit) {
  return unit.empty() ? number_text(value) : number_text(value) + " " + unit;
}

std::string gate_text(const Line& line) {
  if (line.bound == Bound::kNone) return "";
  return (line.bound == Bound::kAtLeast ? ">= " : "<= ") + with_unit(line.gate, line.unit);
}

const char* verdict_of(const Line& line) { return line.bound == Bound::kNone ? "" : line.is_met() ? "pass" : "short"; }

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace

void Report::add(Line line) {
  std::printf("%-3s %-58s %11s  %-11s %-5s %s\n", line.id.c_str(), line.what.c_str(),
              with_unit(line.figure, line.unit).c_str(), gate_text(line).c_str(), verdict_of(line),
              line.detail.c_str());
  std::fflush(stdout);
  lines_.push_back(std::move(line));
}

void Report::add_failure(const std::string& id, const std::string& reason) {
  add({.id = id,
       .what = "not measured",
       .figure = 0,
       .unit = "",
       .bound = Bound::kAtLeast,
       .gate = 1,
       .detail = reason});
}

void Report::write(const std::filesystem::path& folder) const {
  nlohmann::ordered_json root;
  for (const auto& [name, value] : facts_) root["facts"][name] = value;
  for (const Line& line : lines_) {
    nlohmann::ordered_json entry{{"id", line.id}, {"what", line.what}, {"figure", line.figure}, {"unit", line.unit}};
    if (line.bound != Bound::kNone) {
      entry["gate"] = line.gate;
      entry["is_met"] = line.is_met();
    }
    entry["detail"] = line.detail;
    root["results"].push_back(std::move(entry));
  }
  std::ofstream(folder / "bench.json") << root.dump(2) << '\n';

  std::ofstream table(folder / "bench.md");
  for (const auto& [name, value] : facts_) table << "- " << name << ": " << value << '\n';
  table << "\n| id | what | figure | gate | | made of |\n|---|---|---|---|---|---|\n";
  for (const Line& line : lines_) {
    table << "| " << line.id << " | " << line.what << " | " << with_unit(line.figure, line.unit) << " | "
          << gate_text(line) << " | " << verdict_of(line) << " | " << line.detail << " |\n";
  }
}

void add_machine_facts(Report& report) {
  utsname system{};
  uname(&system);
  report.set_fact("kernel", std::string(system.sysname) + " " + system.release + " " + system.machine);
  report.set_fact("processor", processor() + ", " + std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) + " cores");
  report.set_fact("librdkafka", rd_kafka_version_str());
  report.set_fact("compiler", std::string("GCC/Clang ") + __VERSION__ + ", " + SLUICE_BENCH_FLAGS);
}

}  // namespace sluice::bench
