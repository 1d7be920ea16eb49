// expects: derive the plugin from sluice::Source or from sluice::Consumer<Events...>
#include <sluice/plugin.hpp>
struct Plugin {
  explicit Plugin(const sluice::Context&) {}
};
SLUICE_PLUGIN(Plugin, sluice::Description{.version = "1", .description = "d"});
