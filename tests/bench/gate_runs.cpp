#include "gate_runs.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace sluice::bench {
namespace {

constexpr std::chrono::minutes kRunLimit{5};
constexpr std::size_t kLastWords = 2'000;

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

Cost cost_of(const test::ChildProcess::Exit& exit, double wall_s) {
  return {seconds_of(exit.usage.ru_utime) + seconds_of(exit.usage.ru_stime), wall_s, exit.usage.ru_maxrss};
}

Cost run(const test::TempFolder& folder, const std::vector<std::string>& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  test::ChildProcess process(
      {.arguments = arguments, .output_dir = folder.path(), .name = "run", .environment = {}, .input = {}});
  const auto exit = process.wait(kRunLimit);
  const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!exit || exit->code != 0) {
    std::string words = process.standard_output() + process.standard_error();
    if (words.size() > kLastWords) words.erase(0, words.size() - kLastWords);
    throw std::runtime_error(arguments[0] + (exit ? " failed: " : " did not end: ") + words);
  }
  return cost_of(*exit, wall_s);
}

std::filesystem::path write_config(const test::TempFolder& folder, const Programs& programs,
                                   const std::string& bootstrap, const std::string& instances) {
  std::string text = "[gateway]\nname = \"bench\"\nstate_dir = \"" + (folder / "state").string() +
                     "\"\nplugin_path = [\"" + programs.bench_plugins().string() + "\", \"" +
                     programs.plugins().string() + "\"]\n[log]\nlevel = \"warning\"\n[admin]\nlisten = \"\"\n" +
                     "[kafka]\nbootstrap_servers = \"" + bootstrap + "\"\n" +
                     "[journal]\nmode = \"memory\"\nmax_bytes = \"16MiB\"\n" + instances;
  std::filesystem::remove_all(folder / "state");
  return folder.write("bench.toml", text);
}

std::uint64_t account_of(const std::filesystem::path& report, const std::vector<std::string>& path) {
  nlohmann::json at = nlohmann::json::parse(test::read_file(report));
  for (const std::string& key : path) at = nlohmann::json(at.at(key));
  return at.get<std::uint64_t>();
}

std::uintmax_t stripped_bytes(const test::TempFolder& folder, const std::filesystem::path& file) {
  run(folder, {"strip", "-o", (folder / "stripped").string(), file.string()});
  return std::filesystem::file_size(folder / "stripped");
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace sluice::bench
