// expects: name the in stream's event in Consumer<Events...>
#include <sluice/plugin.hpp>

#include "everything.sluice.hpp"
struct Plugin final : sluice::Consumer<sdk_test::Empty> {
  using Consumer::Consumer;
  void on(const sdk_test::Empty&, const sluice::Meta&) override {}
};
constexpr auto kStream = sluice::in<sdk_test::Scalars>({.name = "a", .topic = "a"});
SLUICE_PLUGIN(Plugin, sluice::Description{.version = "1", .description = "d"}, kStream);
