// expects: no matching function
#include <sluice/plugin.hpp>

#include "everything.sluice.hpp"
constexpr auto kTable = sluice::table<sdk_test::Scalars>({.name = "a", .topic = "a"});
void misuse(sluice::Source& source) { source.emit(kTable, sdk_test::Scalars{}); }
