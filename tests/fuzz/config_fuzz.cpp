// Any bytes as a configuration: they are read or refused with a position, never a crash, a hang or deep recursion.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  sluice::config::LoadOptions options;
  options.environment = [](const char* name) -> const char* { return *name == 'A' ? "value" : nullptr; };
  // A first line "--set …" is applied as an override, so that its path parser is reached too.
  const std::size_t end = text.find('\n');
  if (text.starts_with("--set ") && end != std::string_view::npos) {
    options.sets.emplace_back(text.substr(6, end - 6));
  }
  sluice::config::Diagnostics diagnostics;
  const sluice::config::Config config =
      sluice::config::load_text(options.sets.empty() ? text : text.substr(end + 1), "fuzz.toml", options, diagnostics);
  for (const sluice::config::Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.message.empty() || diagnostic.to_string().empty()) std::abort();
  }
  for (const sluice::config::SourceSettings& source : config.sources) {
    (void)sluice::config::bind_options({}, source.options, source.where, source.name, diagnostics);
  }
  return 0;
}
