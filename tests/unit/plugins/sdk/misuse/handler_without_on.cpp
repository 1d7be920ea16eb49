// expects: pure within
#include <sluice/plugin.hpp>

#include "everything.sluice.hpp"
struct Plugin final : sluice::Consumer<sdk_test::Scalars> {
  using Consumer::Consumer;
};
constexpr auto kStream = sluice::in<sdk_test::Scalars>({.name = "a", .topic = "a"});
Plugin make(const sluice::Context& context) { return Plugin(context); }
