// expects: a source has no in streams
#include <sluice/plugin.hpp>

#include "everything.sluice.hpp"
struct Plugin final : sluice::Source {
  using Source::Source;
  void run() override {}
};
constexpr auto kStream = sluice::in<sdk_test::Scalars>({.name = "a", .topic = "a"});
SLUICE_PLUGIN(Plugin, sluice::Description{.version = "1", .description = "d"}, kStream);
