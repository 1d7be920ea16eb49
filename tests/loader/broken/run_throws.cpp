/* Lets an exception out of run. */
#include <stdexcept>

#include "../sound.h"

namespace {

sluice_status run(void*, sluice_error*) { throw std::out_of_range("reading 12 of 10"); }

}  // namespace

const sluice_plugin_v1* sluice_plugin_entry_v1() {
  sound_source();
  source.run = run;
  return &plugin;
}
