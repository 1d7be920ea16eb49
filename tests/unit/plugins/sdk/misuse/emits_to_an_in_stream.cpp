// expects: no matching function
#include <sluice/plugin.hpp>

#include "everything.sluice.hpp"
constexpr auto kStream = sluice::in<sdk_test::Scalars>({.name = "a", .topic = "a"});
void misuse(sluice::Source& source) { source.emit(kStream, sdk_test::Scalars{}); }
