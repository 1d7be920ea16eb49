// expects: save and load come together
#include <sluice/plugin.hpp>
struct Plugin final : sluice::Consumer<> {
  using Consumer::Consumer;
  void on_batch(const sluice::InputBatch&) override {}
  void save(sluice::StateWriter&) override {}
};
SLUICE_PLUGIN(Plugin, sluice::Description{.version = "1", .description = "d"});
