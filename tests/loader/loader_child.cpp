/// A process that may die for a test:
///   loader_child plugin-probe PLUGIN           what `sluice plugin-probe` does
///   loader_child run PLUGIN STATE_DIR          a gateway with one source, "fragile", from start to orderly stop
///   loader_child kill-itself PLUGIN STATE_DIR  the same, killed from outside while the source runs
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include "core/clock.hpp"
#include "loader/loader_fixture.hpp"
#include "plugin/breadcrumb.hpp"
#include "plugin/probe.hpp"
#include "plugin/quarantine.hpp"
#include "support/wait_until.hpp"

namespace {

using namespace sluice;

int fail(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return 3;
}

int run_gateway(const std::filesystem::path& path, const std::filesystem::path& state_dir, bool is_killed) {
  const SystemClock clock;
  auto quarantine = plugin::Quarantine::open(state_dir, clock);
  if (!quarantine) return fail(quarantine.status().text());
  plugin::breadcrumb::install_crash_handler();
  const auto loaded = sluice::testing::load_plugin(path);
  if (!loaded) return fail(loaded.status().text());
  if (const auto reason = (*quarantine)->is_quarantined("fragile", path)) return fail(*reason);
  sluice::testing::FakeHost host;
  {
    auto source = loaded->create_source(sluice::testing::args_for(loaded->info(), "fragile"), host);
    if (!source) return fail(source.status().text());
    if (is_killed) {
      std::thread runs([&] { (void)(*source)->run(); });
      if (!sluice::testing::wait_until([&] { return host.waits() > 0; })) return fail("the source does not run");
      (void)std::raise(SIGKILL);
      runs.join();
    }
    if (const Status ran = (*source)->run(); !ran.ok()) std::fprintf(stderr, "%s\n", ran.text().c_str());
  }
  const Status marked = (*quarantine)->mark_clean_exit();
  return marked.ok() ? 0 : fail(marked.text());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "plugin-probe" && argc == 3) {
    plugin::run_probe(argv[2], *codec::make_schema_checker(), config::check_option_table);
  }
  if ((command == "run" || command == "kill-itself") && argc == 4) {
    return run_gateway(argv[2], argv[3], command == "kill-itself");
  }
  return fail("loader_child: wrong arguments");
}
