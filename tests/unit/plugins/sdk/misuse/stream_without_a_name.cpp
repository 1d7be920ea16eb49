// expects: a stream needs a name
#include <sluice/plugin.hpp>

#include "everything.sluice.hpp"
constexpr auto kStream = sluice::out<sdk_test::Scalars>({.name = "", .topic = "a"});
